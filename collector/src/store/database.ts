import type { CommitGroup } from './commit-group.ts';
import { StoreError } from './store-error.ts';

/** What a store runs on. */
export type Engine = 'pglite' | 'postgresql' | 'timescaledb';

/** What a parameter may be; lists travel as one JSON text and `json_to_recordset`. */
export type Parameter = string | number | boolean | null | Uint8Array;

/** A whole COPY, header and trailer included, in one piece or several. Pieces are not changed until it is done. */
export type CopyData = Uint8Array | readonly Uint8Array[];

/** int8 and timestamptz (microseconds) are numbers, bytea is Uint8Array, on every engine. */
// biome-ignore lint/suspicious/noExplicitAny: the shape of a row is that of the statement beside it
export type Row = Record<string, any>;

/** Statements one after the other on one connection. */
export interface Session {
  /** A read of its own ends with `cancelled` when the signal fires, or `timed_out` where the signal was a time limit. */
  query(sql: string, parameters?: readonly Parameter[], signal?: AbortSignal): Promise<Row[]>;
  /** COPY FROM in binary format (see CopyWriter). */
  copyIn(table: string, columns: readonly string[], data: CopyData): Promise<void>;
  /** Several statements without parameters. */
  script(sql: string): Promise<void>;
}

/** What differs between stores in how a group is committed. */
export interface CommitWays {
  /** Events are added to the series; where they are not, the database counts them itself. */
  series: boolean;
  /** COPY writes the columnstore directly. */
  compressed: boolean;
}

/**
 * One PostgreSQL, over a socket or embedded. Errors are StoreError: `rejected` where the same statement will always
 * fail, `timed_out` and `cancelled` where a read was ended, `unavailable` otherwise.
 */
export interface Database extends Session, AsyncDisposable {
  readonly kind: Exclude<Engine, 'timescaledb'>;
  /** All or nothing. Some run beside each other on a server; embedded, one at a time in the order they were asked for. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /**
   * A group in one transaction (commit.ts), in the thread that talks to the database: a commit is a dozen statements, and
   * here each would wait for a turn between the frames of all agents. Of the group's bytes that thread has copies.
   */
  commit(group: CommitGroup, ways: CommitWays): Promise<void>;
  /**
   * Resolves where the database answers, on a connection of its own or, where that is slow, anything else that was asked: one
   * that is busy has not died. Embedded, where its engine runs.
   */
  ping(signal: AbortSignal): Promise<void>;
  /**
   * Statements outside any transaction and without a time limit, beside reads and commits. The embedded engine has one
   * connection, so it has none of this.
   */
  aside?<T>(work: (session: Session) => Promise<T>): Promise<T>;
}

/** Of a statement that a time limit or somebody else ended. */
const QUERY_CANCELED = '57014';
// Class 21, 22 and 23: the values. 0A and 42: the statement. 54: a limit of the engine, such as the size of an index entry.
const REJECTED_CLASSES = new Set(['0A', '21', '22', '23', '42', '54']);

/** What only a fault of our own code throws: the same values will always meet it. */
const FAULTS = [TypeError, RangeError, ReferenceError, SyntaxError, URIError];

function isFault(error: unknown): boolean {
  return FAULTS.some((kind) => error instanceof kind);
}

/**
 * What a driver threw, or our own code between two statements, as StoreError. `code` is the SQLSTATE where the server
 * spoke, something else where it did not. A fault is `rejected`: as `unavailable` it would hold up the fleet for ever.
 */
export function toStoreError(error: unknown, subject: string): StoreError {
  if (error instanceof StoreError) return error;
  if (isFault(error)) return new StoreError('rejected', `a fault of the collector: ${error}`, { cause: error });
  const { code = '', message = String(error) } = error as { code?: string; message?: string };
  const spoken = /^[0-9A-Z]{5}$/.test(code);
  const rejected = spoken && REJECTED_CLASSES.has(code.slice(0, 2));
  const text = `${subject}: ${message || code}${spoken ? ` (SQLSTATE ${code})` : ''}`;
  return new StoreError(rejected ? 'rejected' : 'unavailable', text, { cause: error });
}

/** The same of a read that the caller or a limit of time may have ended: that is not the store's failure. */
export function toReadError(error: unknown, subject: string, signal?: AbortSignal): StoreError {
  if (signal?.aborted && !isTimeLimit(signal))
    return new StoreError('cancelled', 'nobody waits for this read any more');
  const { code } = error as { code?: unknown };
  if (code !== QUERY_CANCELED && !signal?.aborted) return toStoreError(error, subject);
  const text =
    'this takes longer than a read may: ask for a shorter time (--since, --until), or name a user, an address or a host';
  return new StoreError('timed_out', text, { cause: error });
}

/** AbortSignal.timeout gives this reason, also through AbortSignal.any. */
function isTimeLimit(signal: AbortSignal): boolean {
  return signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError';
}
