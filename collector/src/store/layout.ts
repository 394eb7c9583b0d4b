import type { Database, Engine } from './database.ts';
import { cutByDay, DAILY_TABLES } from './days.ts';
import { SCHEMA_LOCK } from './migrate.ts';
import { hasTrigrams } from './past-days.ts';
import { dayOf } from './retention.ts';
import { StoreError } from './store-error.ts';
import { isChunked, offeredTimescale, type Timescale, useTimescale } from './timescale.ts';
import { seriesState } from './timescale-series.ts';

export interface Layout {
  engine: Engine;
  timescale: Timescale | undefined;
  /** Commits add to the series; where they do not, the database counts them itself. */
  countsSeries: boolean;
  notices: string[];
}

/**
 * How the tables that grow are cut by day: the one step of the schema that engines do differently, after the migrations
 * that are the same for all. What is already done is read from the catalogue, so it may be interrupted and repeated:
 *
 *   plain table       becomes a hypertable where TimescaleDB is to be had, else partitions by day
 *   hypertable        stays one
 *   partitions        stay partitions, also where the server gains TimescaleDB later, and that is said
 */
export async function layOut(database: Database, nowUs: number): Promise<Layout> {
  if (database.kind === 'pglite') {
    await cutTables(database, nowUs);
    return { engine: 'pglite', timescale: undefined, countsSeries: true, notices: [] };
  }
  const offered = await offeredTimescale(database);
  if (!offered) {
    await cutTables(database, nowUs);
    const notices = ['no TimescaleDB: events are kept uncompressed', ...(await addTrigrams(database))];
    return { engine: 'postgresql', timescale: undefined, countsSeries: true, notices };
  }
  if (await isCut(database)) {
    await cutTables(database, nowUs);
    const text =
      'TimescaleDB is offered, but this store was cut by day before: it stays uncompressed; a new one would use it';
    return {
      engine: 'postgresql',
      timescale: undefined,
      countsSeries: true,
      notices: [text, ...(await addTrigrams(database))],
    };
  }
  const used = offered === true ? await useTimescale(database) : offered;
  if ('refused' in used) {
    if (await isChunked(database, 'events')) {
      // It was used before, and what it counts itself nobody else may add to.
      const countsSeries = (await seriesState(database)) !== 'aggregates';
      const notices = [`TimescaleDB keeps this store, and cannot be asked to change anything: ${used.refused}`];
      return { engine: 'timescaledb', timescale: undefined, countsSeries, notices };
    }
    await cutTables(database, nowUs);
    return {
      engine: 'postgresql',
      timescale: undefined,
      countsSeries: true,
      notices: [`TimescaleDB is offered but not used: ${used.refused}`, ...(await addTrigrams(database))],
    };
  }
  return { engine: 'timescaledb', timescale: used, countsSeries: !used.aggregates, notices: used.notices };
}

/** Why parts of texts are not indexed, where they are not: the extension comes with PostgreSQL, but not to everybody. */
async function addTrigrams(database: Database): Promise<string[]> {
  try {
    await database.transaction(async (session) => {
      await session.query('select pg_advisory_xact_lock($1)', [SCHEMA_LOCK]);
      await session.script('create extension if not exists pg_trgm');
    });
    return [];
  } catch (error) {
    // A missing file is an error of the system to the server (58P01), a refusal one of the statement.
    if (!(error instanceof StoreError) || (await hasTrigrams(database))) throw error;
    return [`no index on parts of texts, so searches with * read more: ${error.message}`];
  }
}

async function isCut(database: Database): Promise<boolean> {
  const rows = await database.query("select 1 from pg_class where oid = to_regclass('events') and relkind = 'p'");
  return rows.length > 0;
}

async function cutTables(database: Database, nowUs: number): Promise<void> {
  for (const daily of DAILY_TABLES) {
    await database.transaction(async (session) => {
      await session.query('select pg_advisory_xact_lock($1)', [SCHEMA_LOCK]);
      const [row] = await session.query('select relkind::text as kind from pg_class where oid = to_regclass($1)', [
        daily.table,
      ]);
      if (row?.kind !== 'r') return;
      // Attaching a large table reads it once; that takes as long as it takes.
      await session.query("select set_config('statement_timeout', '0', true)");
      await cutByDay(session, daily, dayOf(nowUs) + 1);
    });
  }
}
