import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { CommitGroup } from './commit-group.ts';
import { Committer } from './committer.ts';
import {
  type CommitWays,
  type CopyData,
  type Database,
  type Parameter,
  type Row,
  type Session,
  toReadError,
  toStoreError,
} from './database.ts';
import { PARSERS } from './values.ts';

/** Of small items one, of large ones two: while one waits for the disk or for us, the other copies. */
export const COMMITS_AT_ONCE = 3;
/** Of commits in their thread, and of everything else that changes something here. */
const WRITERS_MAX = COMMITS_AT_ONCE + 1;
/** Reads at the same time; more wait for a connection. */
const READERS_MAX = 4;
/** A read that takes longer is cut off by the server: an analyst asks again, narrower. */
const READ_TIMEOUT_MS = 10_000;
/** A commit of a full group takes well below a second; this only ends one that hangs. */
const WRITE_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** Ending a statement is a word to its process. */
const CANCEL_TIMEOUT_MS = 2_000;
const NO_TIMEOUT_MS = 0;
/** For statements nobody will end. */
const NEVER = new AbortController().signal;
// Compiling a plan costs more than all of an analyst's query (measured: 141 of 173 ms). Reading ahead of what an index
// points at, as newer servers do by themselves, is three times as fast where it comes from the disk (711 and 235 ms for
// the count of a day). The others are what values.ts relies on when it reads times and bytes.
const SESSION_OPTIONS =
  '-c jit=off -c effective_io_concurrency=32 -c TimeZone=UTC -c DateStyle=ISO -c bytea_output=hex';

/**
 * PostgreSQL 15 or newer over a socket. A long read never keeps a transaction waiting: each kind has its own connections.
 * Connections are made when needed, so a server that comes back is used again.
 */
export class PostgresDatabase implements Database {
  readonly kind = 'postgresql';
  readonly #writers: pg.Pool;
  readonly #readers: pg.Pool;
  readonly #aside: pg.Pool;
  /** Apart from the others, because it is needed when those are all busy. */
  readonly #canceller: pg.Pool;
  /** Only ever asked whether it answers: what the others wait for does not keep it waiting. */
  readonly #pulse: pg.Pool;
  readonly #committer: Committer;
  readonly #waitingForAnyAnswer = new Set<() => void>();
  readonly #subject: string;

  constructor(url: string) {
    const { hostname, port, pathname } = new URL(url);
    // Never the whole URL: it holds a password, and this goes into logs.
    this.#subject = `PostgreSQL at ${hostname}:${port || 5432}${pathname}`;
    this.#writers = pool(url, WRITERS_MAX, WRITE_TIMEOUT_MS);
    this.#readers = pool(url, READERS_MAX, READ_TIMEOUT_MS);
    this.#aside = pool(url, 1, NO_TIMEOUT_MS);
    this.#canceller = pool(url, 1, CANCEL_TIMEOUT_MS);
    this.#pulse = pool(url, 1, CANCEL_TIMEOUT_MS);
    this.#committer = new Committer(url);
  }

  async query(sql: string, parameters: readonly Parameter[] = [], signal?: AbortSignal): Promise<Row[]> {
    try {
      if (!signal) {
        const { rows } = await this.#readers.query(sql, parameters as Parameter[]);
        this.#wasHeard();
        return rows;
      }
      signal.throwIfAborted();
      const client = await this.#readers.connect();
      let answered = false;
      try {
        const rows = await this.#cancellable(client, sql, parameters, signal);
        answered = true;
        this.#wasHeard();
        return rows;
      } finally {
        // A word to end a statement may still be under way to this connection: no other statement shall have it.
        client.release(!answered || signal.aborted);
      }
    } catch (error) {
      throw toReadError(error, this.#subject, signal);
    }
  }

  async aside<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const client = await this.#attempt(() => this.#aside.connect());
    const plain = session(client);
    try {
      return await work({
        ...plain,
        query: (sql, parameters = [], signal) =>
          this.#cancellable(client, sql, parameters, signal ?? NEVER).catch((error: unknown) => {
            throw signal ? toReadError(error, this.#subject, signal) : toStoreError(error, this.#subject);
          }),
      });
    } finally {
      // What was set for it, and the locks it took, go with the connection.
      client.release(true);
    }
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
        this.#wasHeard();
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

  async commit(group: CommitGroup, ways: CommitWays): Promise<void> {
    await this.#attempt(() => this.#committer.commit(group, ways));
    this.#wasHeard();
  }

  async ping(signal: AbortSignal): Promise<void> {
    const { promise: heard, resolve: hear } = Promise.withResolvers<void>();
    this.#waitingForAnyAnswer.add(hear);
    const beat = this.#beat(signal);
    // Where another answer came first nobody waits for this one.
    beat.catch(() => undefined);
    try {
      await Promise.race([beat, heard]);
    } finally {
      this.#waitingForAnyAnswer.delete(hear);
    }
  }

  #beat(signal: AbortSignal): Promise<void> {
    return this.#attempt(async () => {
      const client = await this.#pulse.connect();
      // What does not answer in time is cut off, so that the next is not asked behind it.
      let released = false;
      const release = (broken: boolean) => {
        if (!released) client.release(broken);
        released = true;
      };
      const cut = () => release(true);
      signal.addEventListener('abort', cut, { once: true });
      const limit = setTimeout(cut, CANCEL_TIMEOUT_MS);
      let answered = false;
      try {
        await client.query('select 1');
        answered = true;
      } finally {
        clearTimeout(limit);
        signal.removeEventListener('abort', cut);
        release(!answered);
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#committer[Symbol.asyncDispose]();
    const open = [this.#writers, this.#readers, this.#aside, this.#canceller, this.#pulse].filter(
      (each) => !each.ending,
    );
    await Promise.all(open.map((each) => each.end()));
  }

  /** Ended at the server when the signal fires. */
  async #cancellable(
    client: pg.PoolClient,
    sql: string,
    parameters: readonly Parameter[],
    signal: AbortSignal,
  ): Promise<Row[]> {
    signal.throwIfAborted();
    const { processID } = client as pg.PoolClient & { processID: number };
    const cancel = () =>
      // Where the server cannot be reached the statement fails by that, or by its own limit of time.
      void this.#canceller.query('select pg_cancel_backend($1)', [processID]).catch(() => undefined);
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return (await client.query(sql, parameters as Parameter[])).rows;
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  #wasHeard(): void {
    for (const hear of this.#waitingForAnyAnswer) hear();
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
