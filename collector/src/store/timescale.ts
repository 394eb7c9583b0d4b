// What TimescaleDB does for the same tables. Statements by its reference (tigerdata.com/docs/api): create_hypertable and
// by_range (2.13), ALTER TABLE ... SET (timescaledb.compress...) and add_compression_policy, which every version since
// takes, timescaledb.enable_direct_compress_copy (2.21), drop_chunks.
import type { Database, Session } from './database.ts';
import { DAILY_TABLES, dayStart } from './days.ts';
import { StoreError } from './store.ts';

export interface Timescale {
  version: string;
  /** COPY may write the columnstore directly. */
  directCompress: boolean;
  /** What this edition or version does not have. */
  notices: string[];
}

/** Rows of one agent in a COPY that make a batch of the columnstore worth writing directly; it holds 1,000. */
export const DIRECT_COMPRESS_ROWS_MIN = 1_000;

/**
 * Of the columnstore, by what consoles ask: always a span of time, and most often one agent's (an alert's events, the
 * share observed, agent.id in a hunt). Users and addresses are too many to segment by: a batch would hold a few rows.
 * Evidence is compressed already, and losses are few: neither has one.
 */
const COLUMNSTORES = [
  { table: 'events', segmentBy: 'agent_id', orderBy: 'event_at desc', after: '1 day' },
  // Late batches still change their minute; after a week hardly one does.
  { table: 'series_minute', segmentBy: 'agent_id', orderBy: 'bucket desc, class, outcome, user_name', after: '7 days' },
];

export async function offeredTimescale(database: Database): Promise<boolean> {
  return (await database.query("select 1 from pg_available_extensions where name = 'timescaledb'")).length > 0;
}

export async function isHypertable(session: Session, table: string): Promise<boolean> {
  const [row] = await session.query("select to_regclass('timescaledb_information.hypertables') is not null as known");
  if (!row?.known) return false;
  const sql = 'select 1 from timescaledb_information.hypertables where hypertable_name = $1';
  return (await session.query(sql, [table])).length > 0;
}

/**
 * Makes hypertables with chunks of a day and a columnstore of what grows. Safe to call at every start. `refused` says why
 * the server does not let us have it, and then nothing was changed.
 */
export async function useTimescale(database: Database): Promise<Timescale | { refused: string }> {
  try {
    await database.transaction(async (session) => {
      await session.script("create extension if not exists timescaledb; set local statement_timeout = '0'");
      for (const { table, time } of DAILY_TABLES) {
        await session.query(
          `select create_hypertable('${table}', by_range('${time}', interval '1 day'),
                                    create_default_indexes => false, if_not_exists => true, migrate_data => true)`,
        );
      }
    });
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'rejected') throw error;
    return { refused: error.message };
  }
  const notices = await useColumnstores(database);
  const [about] = await database.query(
    `select extversion as version,
       exists (select from pg_settings where name = 'timescaledb.enable_direct_compress_copy') as direct
     from pg_extension where extname = 'timescaledb'`,
  );
  const directCompress = notices.length === 0 && about?.direct === true;
  if (!directCompress) notices.push('no direct-compress COPY: events of the last day are kept uncompressed');
  return { version: String(about?.version), directCompress, notices };
}

/** The Apache edition has none. */
async function useColumnstores(database: Database): Promise<string[]> {
  try {
    for (const { table, segmentBy, orderBy, after } of COLUMNSTORES) {
      await database.transaction(async (session) => {
        const enabled = await session.query(
          'select 1 from timescaledb_information.hypertables where hypertable_name = $1 and compression_enabled',
          [table],
        );
        if (enabled.length > 0) return;
        await session.script(`
          alter table ${table} set (timescaledb.compress, timescaledb.compress_segmentby = '${segmentBy}',
                                    timescaledb.compress_orderby = '${orderBy}');
          select add_compression_policy('${table}', interval '${after}', if_not_exists => true)`);
      });
    }
    return [];
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'rejected') throw error;
    return [`no columnstore: ${error.message}`];
  }
}

/** Lets the COPY of this transaction write the columnstore. */
export async function compressDirectly(session: Session): Promise<void> {
  await session.script('set local timescaledb.enable_direct_compress_copy = on');
}

/**
 * Drops the chunks before a day, and returns their names. Ours rather than a policy of the server's: so the configuration
 * is the only place that says how long, and the Apache edition does it too.
 */
export async function dropChunks(session: Session, table: string, firstDayKept: number): Promise<string[]> {
  const rows = await session.query('select drop_chunks($1::regclass, older_than => $2::timestamptz)::text as name', [
    table,
    dayStart(firstDayKept),
  ]);
  return rows.map(({ name }) => String(name));
}
