import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Database } from './database.ts';
import { StoreError } from './store-error.ts';

/** Two collectors that start at once migrate one after the other; the number only has to be ours. */
export const SCHEMA_LOCK = 7_443_001;
const DIRECTORY = new URL('./migrations/', import.meta.url);

interface Migration {
  version: number;
  name: string;
  sql: string;
  digest: string;
}

/** `migrations/NNNN-name.sql` in order. */
export function readMigrations(directory: URL = DIRECTORY): Migration[] {
  return readdirSync(directory)
    .filter((name) => /^\d{4}-.+\.sql$/.test(name))
    .sort()
    .map((name) => {
      const sql = readFileSync(new URL(name, directory), 'utf8');
      return { version: Number(name.slice(0, 4)), name, sql, digest: createHash('sha256').update(sql).digest('hex') };
    });
}

/**
 * Brings the schema to the newest version, forward only, each step in a transaction of its own. Throws StoreError
 * `rejected` where the store is newer than this code or a step that was applied has changed since.
 */
export async function migrate(database: Database, migrations: readonly Migration[] = readMigrations()): Promise<void> {
  for (let applied = -1; applied < migrations.length; ) {
    applied = await database.transaction(async (session) => {
      await session.query('select pg_advisory_xact_lock($1)', [SCHEMA_LOCK]);
      // A step over a large store takes as long as it takes.
      await session.query("select set_config('statement_timeout', '0', true)");
      await session.script(
        `create table if not exists schema_migrations (
           version integer primary key, name text not null, digest text not null, applied_at timestamptz not null)`,
      );
      const rows = await session.query('select version, digest from schema_migrations order by version');
      refuseForeign(rows as { version: number; digest: string }[], migrations);
      const next = migrations[rows.length];
      if (!next) return rows.length;
      await session.script(next.sql);
      await session.query('insert into schema_migrations values ($1, $2, $3, now())', [
        next.version,
        next.name,
        next.digest,
      ]);
      return rows.length + 1;
    });
  }
}

function refuseForeign(applied: { version: number; digest: string }[], migrations: readonly Migration[]): void {
  for (const [index, { version, digest }] of applied.entries()) {
    const known = migrations[index];
    if (!known || known.version !== version) {
      const newest = migrations.at(-1)?.version ?? 0;
      const text = `the store has schema version ${version}, this collector knows up to ${newest}: use a newer collector`;
      throw new StoreError('rejected', text);
    }
    if (known.digest !== digest) {
      throw new StoreError(
        'rejected',
        `${known.name} is not what was applied to this store: install the release again`,
      );
    }
  }
}
