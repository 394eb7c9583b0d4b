import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Turns } from '../turns.ts';
import type { CommitGroup } from './commit-group.ts';
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
import { lockDirectory } from './directory-lock.ts';
import type { WorkerReply, WorkerRequest } from './pglite-worker.ts';
import { StoreError } from './store-error.ts';
import { copyForThread } from './thread-copy.ts';

/** Statements asked for and not answered; the callers are few and wait for theirs, so more than this is a bug. */
const WAITING_MAX = 1024;
/** A clean shutdown writes a checkpoint; beyond this the thread is ended and the next open replays the log. */
const CLOSE_TIMEOUT_MS = 10_000;
/**
 * Committing a full group takes a second, a search looks at a part at a time. What takes longer hangs: PGlite does where
 * PostgreSQL would end itself, such as on a full disk while it writes its log.
 */
const STATEMENT_MS_MAX = 30_000;
/** The first statement waits for the engine to start: to make its files, or to replay its log after a crash. */
const START_MS_MAX = 120_000;

type Statement = WorkerRequest extends infer R ? (R extends { id: number } ? Omit<R, 'id'> : never) : never;

/**
 * PostgreSQL embedded: PGlite on a directory, in a thread of its own. One connection, so everything stands in one queue
 * and a transaction holds it from begin to commit. When the engine itself fails (out of memory, an assertion) it is
 * started anew by the next statement; PostgreSQL's log makes that the same as a restart after a crash.
 */
export class PgliteDatabase implements Database {
  readonly kind = 'pglite';
  readonly #directory: string;
  readonly #unlock: () => void;
  readonly #waiting = new Map<number, { resolve: (rows: Row[]) => void; reject: (error: unknown) => void }>();
  #worker: Worker | undefined;
  readonly #turns = new Turns();
  #nextId = 1;
  #closing: Promise<void> | undefined;

  readonly #limits: { statementMsMax: number; startMsMax: number };
  #started = false;

  /** Takes the directory, made when missing. Throws StoreError `unavailable` where another process has it. */
  constructor(directory: string, limits: { statementMsMax?: number; startMsMax?: number } = {}) {
    this.#limits = { statementMsMax: STATEMENT_MS_MAX, startMsMax: START_MS_MAX, ...limits };
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#directory = join(directory, 'pgdata');
    this.#unlock = lockDirectory(directory);
  }

  /** A statement that has begun goes on to its end; one that waits its turn does not begin any more. */
  query(sql: string, parameters: readonly Parameter[] = [], signal?: AbortSignal): Promise<Row[]> {
    return this.#inTurn(async () => {
      if (signal?.aborted) throw toReadError(signal.reason, this.#directory, signal);
      return this.#session.query(sql, parameters);
    });
  }

  copyIn(table: string, columns: readonly string[], data: CopyData): Promise<void> {
    return this.#inTurn(() => this.#session.copyIn(table, columns, data));
  }

  script(sql: string): Promise<void> {
    return this.#inTurn(() => this.#session.script(sql));
  }

  transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      await this.#session.query('begin');
      const worker = this.#worker;
      try {
        const result = await work(this.#session);
        await this.#session.query('commit');
        return result;
      } catch (error) {
        // An engine that failed took the transaction with it.
        if (worker === this.#worker) await this.#session.query('rollback');
        throw error;
      }
    });
  }

  commit(group: CommitGroup, ways: CommitWays): Promise<void> {
    return this.#inTurn(async () => {
      const { group: copied, transfer } = copyForThread(group);
      await this.#ask({ kind: 'commit', group: copied, ways }, transfer);
    });
  }

  async ping(): Promise<void> {
    if (this.#closing) throw new StoreError('unavailable', 'the embedded store is closed');
    // It is in this process: where its thread runs it is there, and what it fails at its callers say.
    if (!this.#worker) await this.query('select 1');
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  readonly #session: Session = {
    query: (sql, parameters = []) => this.#ask({ kind: 'query', sql, parameters }),
    copyIn: async (table, columns, data) => {
      // Pieces may be asked for again after a failure, so it is a copy of them that goes to the thread, and goes for good.
      const whole = joinPieces(data instanceof Uint8Array ? [data] : data);
      await this.#ask({ kind: 'copy', table, columns, data: whole }, [whole.buffer]);
    },
    script: async (sql) => {
      await this.#ask({ kind: 'script', sql });
    },
  };

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closing) return Promise.reject(new StoreError('unavailable', 'the embedded store is closed'));
    return this.#turns.next(work).catch((error: unknown) => {
      throw toStoreError(error, `the embedded store in ${this.#directory}`);
    });
  }

  #ask(statement: Statement, transfer: ArrayBuffer[] = []): Promise<Row[]> {
    if (this.#waiting.size >= WAITING_MAX)
      throw new StoreError('unavailable', `${WAITING_MAX} statements wait already`);
    this.#worker ??= this.#startWorker();
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<Row[]>();
    this.#waiting.set(id, { resolve, reject });
    const worker = this.#worker;
    try {
      worker.postMessage({ ...statement, id } as WorkerRequest, transfer);
    } catch (error) {
      // A value that no thread can be given: nobody would ever answer, and the same value fails again.
      this.#waiting.delete(id);
      return Promise.reject(new StoreError('rejected', `a fault of the collector: ${error}`, { cause: error }));
    }
    // Scripts change the schema, and that may take its time.
    if (statement.kind === 'script') return promise;
    const limitMs = this.#started ? this.#limits.statementMsMax : this.#limits.startMsMax;
    const hangs = () => this.#abandon(worker, { message: `no answer within ${limitMs} ms; is the disk full?` });
    const timer = setTimeout(hangs, limitMs);
    return promise.finally(() => clearTimeout(timer));
  }

  #startWorker(): Worker {
    const worker = new Worker(new URL('./pglite-worker.ts', import.meta.url), {
      workerData: { directory: this.#directory },
    });
    worker.on('message', (reply: WorkerReply) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      this.#started = true;
      if (reply.fault !== undefined) return waiting?.reject(new StoreError('rejected', reply.fault));
      if (!reply.error) return waiting?.resolve(reply.rows ?? []);
      if (reply.error.code === '') this.#abandon(worker, reply.error);
      waiting?.reject(reply.error);
    });
    worker.on('error', (error) => this.#abandon(worker, error));
    worker.on('exit', () => this.#abandon(worker, { message: 'the thread of the embedded store ended' }));
    return worker;
  }

  #abandon(worker: Worker, error: unknown): void {
    if (worker !== this.#worker) return;
    this.#worker = undefined;
    this.#started = false;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    void worker.terminate();
  }

  async #close(): Promise<void> {
    await this.#turns.ended();
    const worker = this.#worker;
    if (worker) {
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      const timer = setTimeout(() => void worker.terminate(), CLOSE_TIMEOUT_MS);
      // A close that fails ends the thread, and that is all it is for.
      await this.#ask({ kind: 'close' }).catch(() => worker.terminate());
      await ended;
      clearTimeout(timer);
    }
    this.#unlock();
  }
}

/** In memory of its own: what Buffer allocates may be part of a pool, which no thread can give away. */
function joinPieces(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
