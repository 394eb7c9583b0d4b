import type { Database } from './database.ts';
import { StoreError } from './store.ts';

export interface Timescale {
  /** Empty where the server does not offer the extension or does not let us have it. */
  version: string;
  /** Why not, for the operator; empty where it is used. */
  notice: string;
}

/**
 * Makes `events` a hypertable of one-day chunks where the server offers TimescaleDB 2.13 or newer (by_range). Safe to
 * call at every start.
 */
export async function useTimescale(database: Database): Promise<Timescale> {
  const offered = await database.query("select 1 from pg_available_extensions where name = 'timescaledb'");
  if (offered.length === 0) {
    return { version: '', notice: 'no TimescaleDB: events are kept in one plain table, uncompressed' };
  }
  try {
    return await database.transaction(async (session) => {
      await session.script('create extension if not exists timescaledb');
      await session.query(
        `select create_hypertable('events', by_range('event_at', interval '1 day'),
                                  create_default_indexes => false, if_not_exists => true, migrate_data => true)`,
      );
      const [row] = await session.query("select extversion from pg_extension where extname = 'timescaledb'");
      return { version: String(row?.extversion), notice: '' };
    });
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'rejected') throw error;
    return { version: '', notice: `TimescaleDB is offered but not used: ${error.message}` };
  }
}
