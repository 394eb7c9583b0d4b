// The engines a bench runs on: embedded, a PostgreSQL of its own, or a server that a URL names.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '../../collector/src/store/database.ts';
import { openDatabase } from '../../collector/src/store/open.ts';
import { PgliteDatabase } from '../../collector/src/store/pglite.ts';
import { offeredTimescale } from '../../collector/src/store/timescale.ts';
import { postgresAvailable, startPostgres } from '../support/postgres.ts';
import type { Scope } from './scope.ts';

/** Everything stored is read at once in the end. */
const STATEMENT_MS_MAX = 30 * 60 * 1000;

/** A database that only this bench has, empty at first. */
export interface BenchDatabase {
  /** What the collector is given as THREATGUARD_DATABASE_URL; undefined for the embedded one. */
  url: string | undefined;
  /** The embedded one's is given by the collector's home; others have none. */
  open(storeDirectory: string): Database;
}

export interface BenchEngine {
  /** As the store names it, as far as that is known before one is made. */
  name: string;
  /** A new database; it is dropped with the scope. */
  createDatabase(scope: Scope): Promise<BenchDatabase>;
}

/** Names of the engines that are to be had here, a URL standing for itself. */
export function availableEngines(url: string | undefined): string[] {
  return ['pglite', ...(postgresAvailable() ? ['postgresql'] : []), ...(url ? [url] : [])];
}

/** `pglite`, `postgresql`, or a postgres:// URL of a server on which this user may create databases. */
export async function startEngine(name: string, scope: Scope): Promise<BenchEngine> {
  if (name === 'pglite') return { name, createDatabase: async () => EMBEDDED };
  if (name === 'postgresql') {
    const server = await scope.hold(startPostgres());
    return { name, createDatabase: async () => served(server.createDatabase()) };
  }
  return {
    name: await engineOf(name),
    createDatabase: async (scope) => {
      const own = `threatguard_bench_${process.pid}_${Date.now()}`;
      await onServer(name, `create database ${own} template template0 encoding 'UTF8'`);
      scope.defer(() => onServer(name, `drop database ${own} with (force)`));
      const url = new URL(name);
      url.pathname = `/${own}`;
      return served(url.href);
    },
  };
}

const EMBEDDED: BenchDatabase = {
  url: undefined,
  open: (directory) => new PgliteDatabase(directory, { statementMsMax: STATEMENT_MS_MAX }),
};

function served(url: string): BenchDatabase {
  return { url, open: () => openDatabase({ url, directory: '' }) };
}

/** What the collector will make of a server. */
async function engineOf(url: string): Promise<'timescaledb' | 'postgresql'> {
  await using database = openDatabase({ url, directory: '' });
  return (await offeredTimescale(database)) ? 'timescaledb' : 'postgresql';
}

async function onServer(url: string, sql: string): Promise<void> {
  await using database = openDatabase({ url, directory: '' });
  await database.query(sql);
}

/** A temporary directory that goes with the scope. */
export function temporaryDirectory(scope: Scope): string {
  const directory = mkdtempSync(join(tmpdir(), 'threatguard-bench-'));
  scope.defer(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
