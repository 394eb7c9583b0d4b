// What TimescaleDB does for the same tables, from 2.9 on, the first that runs on PostgreSQL 15. Each statement is held
// against the SQL files and tests of its releases; where they differ, `TimescaleVersion` says since when:
//
//   2.13  create_hypertable(..., by_range(...)); before, the form with the name of the column
//   2.18  enable_columnstore, add_columnstore_policy; before, compress and add_compression_policy
//   2.22  sparse indexes by name; 2.20 and 2.21 choose them by the indexes of the table
//   2.24  direct-compress COPY into a table that has continuous aggregates (2.21 to 2.23: only into one that has none)
//
// The Apache edition has hypertables and drop_chunks, and none of the rest.
import type { Database, Session } from './database.ts';
import { DAILY_TABLES, dayStart } from './days.ts';
import { SCHEMA_LOCK } from './migrate.ts';
import { StoreError } from './store-error.ts';
import { SERIES_TABLES, seriesState, USER_TABLES, useAggregates } from './timescale-series.ts';
import { timestamp } from './values.ts';

export interface Timescale {
  version: string;
  /** COPY may write the columnstore directly. */
  directCompress: boolean;
  /** The database counts the series by itself: commits do not. */
  aggregates: boolean;
  /** What this edition or version does not have. */
  notices: string[];
}

/** Since when something is to be had. */
const SINCE = {
  byRange: '2.13',
  columnstoreNames: '2.18',
  sparseIndex: '2.22',
  directCompressWithAggregates: '2.24',
} as const;

/** Rows of one agent in a COPY that make a batch of the columnstore worth writing directly; it holds 1,000. */
export const DIRECT_COMPRESS_ROWS_MIN = 1_000;

/**
 * By what consoles ask: always a span of time, and most often one agent's (an alert's events, the share observed,
 * agent.id in a hunt). Users and addresses are too many to segment by: a batch would hold a few rows. Only events have a
 * columnstore:
 *
 *   terms      are bits without order, and looked at as they are
 *   evidence   is zstd and signatures, sealed so that nothing repeats: it would cost time and save no byte
 *   losses     are few
 *   series     are changed by late batches as long as their events are kept, and rows change where they are uncompressed
 */
const COLUMNSTORE = {
  table: 'events',
  segmentBy: 'agent_id',
  orderBy: 'event_at desc',
  // What hunts ask for by equality: a filter per thousand rows says where it cannot be.
  sparse: ['user_name', 'source_ip', 'destination_ip', 'process_executable', 'file_path'],
  after: '1 day',
} as const;

/** Whether the server has the extension; a reason where it has, but not so that it can be used. */
export async function offeredTimescale(database: Database): Promise<boolean | { refused: string }> {
  const [row] = await database.query(
    `select exists (select from pg_available_extensions where name = 'timescaledb') as installed,
       exists (select from pg_settings where name = 'timescaledb.max_background_workers') as loaded,
       (select extnamespace::regnamespace::text from pg_extension
        where extname = 'timescaledb' and extnamespace <> all(current_schemas(true)::regnamespace[])) as elsewhere`,
  );
  if (row?.installed !== true) return false;
  // Only what the server preloads has this setting; without it, CREATE EXTENSION would end the connection.
  if (row.loaded !== true) return { refused: 'it is not in shared_preload_libraries of the server' };
  if (!row.elsewhere) return true;
  return { refused: `it is in the schema ${row.elsewhere}, which is not in the search_path of the collector's user` };
}

/** Whether a relation is kept in chunks: a hypertable or a continuous aggregate. */
export async function isChunked(session: Session, relation: string): Promise<boolean> {
  const [row] = await session.query("select to_regclass('timescaledb_information.hypertables') is not null as known");
  if (!row?.known) return false;
  const sql = `select 1 from timescaledb_information.hypertables
    where hypertable_schema = current_schema() and hypertable_name = $1
    union all select 1 from timescaledb_information.continuous_aggregates
    where view_schema = current_schema() and view_name = $1`;
  return (await session.query(sql, [relation])).length > 0;
}

/** Where the oldest and the newest chunk of a table begin and the newest ends, of those that reach into a time; undefined where none does. */
export async function chunkSpan(
  session: Session,
  table: string,
  sinceUs?: number,
  untilUs?: number,
): Promise<{ oldestUs: number; newestUs: number; endUs: number } | undefined> {
  const [row] = await session.query(
    `select min(range_start) as oldest, max(range_start) as newest, max(range_end) as end from timescaledb_information.chunks
     where hypertable_schema = current_schema() and hypertable_name = $1
       and range_end > coalesce($2::timestamptz, '-infinity') and range_start < coalesce($3::timestamptz, 'infinity')`,
    [table, sinceUs ? timestamp(sinceUs) : null, untilUs ? timestamp(untilUs) : null],
  );
  if (typeof row?.oldest !== 'number') return undefined;
  const within = (timeUs: number) => Math.max(timeUs, sinceUs ?? timeUs);
  return { oldestUs: within(row.oldest), newestUs: within(row.newest), endUs: row.end };
}

/**
 * Makes hypertables with chunks of a day, a columnstore of events, and continuous aggregates of the series. Safe to call
 * at every start, and by several collectors at once. `refused` says why the server does not let us have it, and then
 * nothing was changed.
 */
export async function useTimescale(database: Database): Promise<Timescale | { refused: string }> {
  const version = await tried(() => useHypertables(database, ['events', 'batch_terms', 'evidence', 'losses']));
  if (typeof version !== 'string') return version;
  const notices: string[] = [];
  const columnstore = await tried(() => useColumnstore(database, version));
  if (columnstore) notices.push(`no columnstore: ${columnstore.refused}`);
  const aggregates = await useSeries(database, notices);
  const known = "select 1 from pg_settings where name = 'timescaledb.enable_direct_compress_copy'";
  const versionMin = aggregates ? SINCE.directCompressWithAggregates : '0';
  const directCompress = !columnstore && atLeast(version, versionMin) && (await database.query(known)).length > 0;
  if (!directCompress) notices.push('no direct-compress COPY: events of the last day are kept uncompressed');
  return { version, directCompress, aggregates, notices };
}

/** Undefined or the result where it worked; the reason where the server rejected it. */
async function tried<T>(work: () => Promise<T>): Promise<T | { refused: string }> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'rejected') throw error;
    return { refused: error.message };
  }
}

function useHypertables(database: Database, tables: readonly string[]): Promise<string> {
  return database.transaction(async (session) => {
    await session.query('select pg_advisory_xact_lock($1)', [SCHEMA_LOCK]);
    // What stands in the table already is moved into chunks; that takes as long as it takes.
    await session.script("create extension if not exists timescaledb; set local statement_timeout = '0'");
    const [row] = await session.query("select extversion as version from pg_extension where extname = 'timescaledb'");
    const version = String(row?.version);
    const options = 'create_default_indexes => false, if_not_exists => true, migrate_data => true';
    for (const { table, time } of DAILY_TABLES.filter((daily) => tables.includes(daily.table))) {
      await session.query(
        atLeast(version, SINCE.byRange)
          ? `select create_hypertable('${table}', by_range('${time}', interval '1 day'), ${options})`
          : `select create_hypertable('${table}', '${time}', chunk_time_interval => interval '1 day', ${options})`,
      );
    }
    return version;
  });
}

function useColumnstore(database: Database, version: string): Promise<undefined> {
  const { table, segmentBy, orderBy, sparse, after } = COLUMNSTORE;
  return database.transaction(async (session) => {
    await session.query('select pg_advisory_xact_lock($1)', [SCHEMA_LOCK]);
    const enabled = await session.query(
      `select 1 from timescaledb_information.hypertables
       where hypertable_schema = current_schema() and hypertable_name = $1 and compression_enabled`,
      [table],
    );
    if (enabled.length > 0) return undefined;
    const newer = atLeast(version, SINCE.columnstoreNames);
    const prefix = newer ? 'timescaledb.' : 'timescaledb.compress_';
    const settings = [
      newer ? 'timescaledb.enable_columnstore' : 'timescaledb.compress',
      `${prefix}segmentby = '${segmentBy}'`,
      `${prefix}orderby = '${orderBy}'`,
    ];
    const filters = sparse.map((column) => `bloom(${column})`);
    if (atLeast(version, SINCE.sparseIndex)) settings.push(`timescaledb.sparse_index = '${filters.join(', ')}'`);
    await session.script(`
      alter table ${table} set (${settings.join(', ')});
      ${newer ? 'call add_columnstore_policy' : 'select add_compression_policy'}
        ('${table}', interval '${after}', if_not_exists => true)`);
    return undefined;
  });
}

/** True where the database counts the series; else they are tables, of which the one by minute is cut by day. */
async function useSeries(database: Database, notices: string[]): Promise<boolean> {
  const state = await seriesState(database);
  if (state === 'aggregates') return true;
  if (state === 'counted') notices.push('series stay tables that commits add to: they have counted already');
  else {
    const made = await tried(() => useAggregates(database));
    if (!made) return true;
    notices.push(`no continuous aggregates: commits count the series: ${made.refused}`);
  }
  await useHypertables(database, [SERIES_TABLES.minute, USER_TABLES.minute]);
  return false;
}

/** Whether `version`, such as 2.24.0 or 2.25.0-dev, is `since` or newer. */
export function atLeast(version: string, since: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  const [sinceMajor = 0, sinceMinor = 0] = since.split('.').map(Number);
  return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
}

/**
 * Lets the COPY of this transaction write the columnstore. It asks for a table without unique index and without trigger,
 * which `events` is; what a COPY writes is sorted within itself, and the columnstore policy merges what overlaps. The
 * indexes on the chunk hold nothing of it: the columnstore has its own on agent and time.
 */
export async function compressDirectly(session: Session): Promise<void> {
  await session.script('set local timescaledb.enable_direct_compress_copy = on');
}

/** Rows of a table that are under a hold: the condition, and the column its chunks are cut by. */
export interface HeldRows {
  condition: string;
  time: string;
}

/** Drops the chunks before a day where no retention policy does (the Apache edition, holds), and returns their names. */
export async function dropChunks(
  session: Session,
  { table, firstDayKept, held }: { table: string; firstDayKept: number; held: HeldRows | undefined },
): Promise<string[]> {
  if (held) return dropFreeChunks(session, { table, firstDayKept, held });
  const rows = await session.query('select drop_chunks($1::regclass, older_than => $2::timestamptz)::text as name', [
    table,
    dayStart(firstDayKept),
  ]);
  return rows.map(({ name }) => String(name));
}

/** Those chunks that have nothing in them that is held; the others stay whole. */
async function dropFreeChunks(
  session: Session,
  { table, firstDayKept, held }: { table: string; firstDayKept: number; held: HeldRows },
): Promise<string[]> {
  const chunks = await session.query(
    `select range_start, range_end from timescaledb_information.chunks
     where hypertable_schema = current_schema() and hypertable_name = $1 and range_end <= $2::timestamptz order by range_start`,
    [table, dayStart(firstDayKept)],
  );
  const names: string[] = [];
  for (const { range_start, range_end } of chunks) {
    const span = [timestamp(range_start), timestamp(range_end)];
    const within = `${held.time} >= $1 and ${held.time} < $2`;
    const kept = await session.query(`select 1 from ${table} where ${within} and ${held.condition} limit 1`, span);
    if (kept.length > 0) continue;
    const rows = await session.query(
      'select drop_chunks($3::regclass, newer_than => $1::timestamptz, older_than => $2::timestamptz)::text as name',
      [...span, table],
    );
    names.push(...rows.map(({ name }) => String(name)));
  }
  return names;
}
