import type { Database } from './database.ts';
import { layOut } from './layout.ts';
import { migrate } from './migrate.ts';
import { PgliteDatabase } from './pglite.ts';
import { PostgresDatabase } from './postgres.ts';
import { SqlStore } from './sql-store.ts';
import type { Store } from './store.ts';
import { StoreError } from './store-error.ts';

export interface StoreLocation {
  /** postgres://user:password@host:port/name; empty for the embedded PostgreSQL. */
  url?: string | undefined;
  /** Where the embedded one keeps its files; made when missing. */
  directory: string;
}

const SERVER_VERSION_MIN = 150_000;

/** The database a location names. Opening a directory that another process has open throws StoreError `unavailable`. */
export function openDatabase({ url, directory }: StoreLocation): Database {
  if (!url) return new PgliteDatabase(directory);
  if (!/^postgres(ql)?:\/\//.test(url)) throw new StoreError('rejected', 'a database URL begins with postgres://');
  return new PostgresDatabase(url);
}

/**
 * Opens the store and brings its schema up to date. Throws StoreError: `unavailable` where the server does not answer or
 * the directory is in use, `rejected` where the store cannot be used by this collector.
 */
export async function openStore(location: StoreLocation, nowUs = Date.now() * 1000): Promise<Store> {
  const database = openDatabase(location);
  try {
    return await storeOver(database, nowUs);
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}

/** The store over an open database, its schema brought up to date; disposing of the store closes the database. */
export async function storeOver(database: Database, nowUs = Date.now() * 1000): Promise<Store> {
  const [server] = await database.query(
    `select current_setting('server_version_num')::integer as number, current_setting('server_version') as version,
       current_setting('fsync') as fsync, current_setting('server_encoding') as encoding`,
  );
  const { number, version, fsync, encoding } = server!;
  if (number < SERVER_VERSION_MIN) throw new StoreError('rejected', `PostgreSQL ${version}: 15 or newer is needed`);
  if (encoding !== 'UTF8') throw new StoreError('rejected', `the database is encoded as ${encoding}: make one as UTF8`);
  await migrate(database);
  const layout = await layOut(database, nowUs);
  const notices = fsync === 'on' ? [] : ['commits are not flushed to disk: a power cut may lose the last seconds'];
  notices.push(...layout.notices);
  if (layout.engine === 'pglite') {
    // Nothing cleans up behind the embedded engine while it runs: it has no background processes.
    await database.script('vacuum (analyze) agents, stream_positions, alerts, outbox');
    notices.push('embedded PostgreSQL: one connection, no TimescaleDB; set THREATGUARD_DATABASE_URL for a server');
  }
  const { engine, timescale, countsSeries } = layout;
  return new SqlStore(database, {
    engine,
    version: `PostgreSQL ${version}${timescale ? `, TimescaleDB ${timescale.version}` : ''}`,
    notices,
    directCompress: timescale?.directCompress ?? false,
    countsSeries,
  });
}
