import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { type CopyData, type Database, type Parameter, type Row, type Session, toStoreError } from './database.ts';
import { PARSERS } from './values.ts';

/** The two lanes of commits, and everything else that changes something. */
const WRITERS_MAX = 3;
/** Reads at the same time; more wait for a connection. */
const READERS_MAX = 4;
/** A read that takes longer is cut off by the server: an analyst asks again, narrower. */
const READ_TIMEOUT_MS = 10_000;
/** A commit of a full group takes well below a second; this only ends one that hangs. */
const WRITE_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** What values.ts relies on when it reads times and bytes. */
// Compiling a plan costs more than all of an analyst's query (measured: 141 of 173 ms).
const SESSION_OPTIONS = '-c jit=off -c TimeZone=UTC -c DateStyle=ISO -c bytea_output=hex';

/**
 * PostgreSQL 15 or newer over a socket. A long read never keeps a transaction waiting: each kind has its own connections.
 * Connections are made when needed, so a server that comes back is used again.
 */
export class PostgresDatabase implements Database {
  readonly kind = 'postgresql';
  readonly #writers: pg.Pool;
  readonly #readers: pg.Pool;
  readonly #subject: string;

  constructor(url: string) {
    const { hostname, port, pathname } = new URL(url);
    // Never the whole URL: it holds a password, and this goes into logs.
    this.#subject = `PostgreSQL at ${hostname}:${port || 5432}${pathname}`;
    this.#writers = pool(url, WRITERS_MAX, WRITE_TIMEOUT_MS);
    this.#readers = pool(url, READERS_MAX, READ_TIMEOUT_MS);
  }

  query(sql: string, parameters: readonly Parameter[] = []): Promise<Row[]> {
    return this.#attempt(async () => (await this.#readers.query(sql, parameters as Parameter[])).rows);
  }

  copyIn(table: string, columns: readonly string[], data: CopyData): Promise<void> {
    return this.transaction((session) => session.copyIn(table, columns, data));
  }

  script(sql: string): Promise<void> {
    return this.transaction((session) => session.script(sql));
  }

  transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#attempt(async () => {
      const client = await this.#writers.connect();
      let healthy = false;
      try {
        await client.query('begin');
        const result = await work(session(client));
        await client.query('commit');
        healthy = true;
        return result;
      } catch (error) {
        healthy = await client.query('rollback').then(
          () => true,
          () => false, // the connection is gone, and the transaction with it
        );
        throw error;
      } finally {
        client.release(!healthy);
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = [this.#writers, this.#readers].filter((each) => !each.ending);
    await Promise.all(open.map((each) => each.end()));
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toStoreError(error, this.#subject);
    }
  }
}

function pool(url: string, max: number, statementTimeoutMs: number): pg.Pool {
  const made = new pg.Pool({
    connectionString: url,
    max,
    options: SESSION_OPTIONS,
    application_name: 'threatguard-collector',
    statement_timeout: statementTimeoutMs,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    types: { getTypeParser: (oid: number) => PARSERS[oid] ?? pg.types.getTypeParser(oid) } as pg.CustomTypesConfig,
  });
  made.on('connect', (client) => {
    // A connection that dies between two statements: the next one fails with it and is answered there.
    client.on('error', () => undefined);
  });
  // An idle connection that died was removed from the pool already; the next statement makes another.
  made.on('error', () => undefined);
  return made;
}

function session(client: pg.PoolClient): Session {
  return {
    query: async (sql, parameters = []) => (await client.query(sql, parameters as Parameter[])).rows,
    copyIn: (table, columns, data) =>
      new Promise((resolve, reject) => {
        const stream = client.query(copyFrom(`copy ${table}(${columns.join(',')}) from stdin with (format binary)`));
        stream.on('error', reject);
        stream.on('finish', resolve);
        // In one piece: after each, this thread would have to come round before the next is sent.
        stream.end(data instanceof Uint8Array ? data : Buffer.concat(data));
      }),
    script: async (sql) => {
      await client.query(sql);
    },
  };
}
