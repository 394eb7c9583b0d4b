// The thread that PGlite runs in: its statements are synchronous WebAssembly and would hold up ingest for their length.
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { commitGroup } from './commit.ts';
import type { CommitGroup } from './commit-group.ts';
import { type CommitWays, type Parameter, type Row, type Session, toStoreError } from './database.ts';
import { PARSERS } from './values.ts';

export type WorkerRequest =
  | { id: number; kind: 'query'; sql: string; parameters: readonly Parameter[] }
  | { id: number; kind: 'copy'; table: string; columns: readonly string[]; data: Uint8Array }
  | { id: number; kind: 'script'; sql: string }
  | { id: number; kind: 'commit'; group: CommitGroup; ways: CommitWays }
  | { id: number; kind: 'close' };

export interface WorkerReply {
  id: number;
  rows?: Row[];
  /** `code` is the SQLSTATE; empty where the engine itself failed and must be started anew. */
  error?: { message: string; code: string };
  /** Our own code failed between two statements, and the engine is well. */
  fault?: string;
}

/** What the engine threw. */
class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: string;

  constructor(cause: unknown) {
    const { message = String(cause), code = '' } = cause as { message?: string; code?: string };
    super(message, { cause });
    this.code = String(code);
  }
}

const asIs = (value: unknown) => String(value);
const engine = new PGlite({
  dataDir: (workerData as { directory: string }).directory,
  parsers: PARSERS,
  // int8, timestamptz, json: texts and numbers already in the form PostgreSQL reads.
  serializers: { 20: asIs, 114: asIs, 1184: asIs },
});

async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new EngineError(error);
  }
}

const session: Session = {
  query: async (sql, parameters = []) => (await asked(engine.query<Row>(sql, parameters as Parameter[]))).rows,
  copyIn: async (table, columns, data) => {
    const pieces = data instanceof Uint8Array ? [data] : data;
    const sql = `copy ${table}(${columns.join(',')}) from '/dev/blob' with (format binary)`;
    await asked(engine.query(sql, [], { blob: new Blob(pieces as Uint8Array<ArrayBuffer>[]) }));
  },
  script: async (sql) => {
    await asked(engine.exec(sql));
  },
};

async function transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
  await session.query('begin');
  try {
    const result = await work(session);
    await session.query('commit');
    return result;
  } catch (error) {
    // An engine that failed takes the transaction with it.
    if (!(error instanceof EngineError && error.code === '')) await session.query('rollback');
    throw error;
  }
}

async function answer(request: WorkerRequest): Promise<Row[]> {
  switch (request.kind) {
    case 'query':
      return session.query(request.sql, request.parameters);
    case 'copy':
      await session.copyIn(request.table, request.columns, request.data);
      return [];
    case 'script':
      await session.script(request.sql);
      return [];
    case 'commit':
      await commitGroup({ transaction }, request.group, request.ways);
      return [];
    case 'close':
      await asked(engine.close());
      return [];
  }
}

function failed(id: number, error: unknown): WorkerReply {
  if (error instanceof EngineError) return { id, error: { message: error.message, code: error.code } };
  return { id, fault: toStoreError(error, 'the embedded store').message };
}

parentPort!.on('message', async (request: WorkerRequest) => {
  const reply = await answer(request).then(
    (rows): WorkerReply => ({ id: request.id, rows }),
    (error: unknown) => failed(request.id, error),
  );
  parentPort!.postMessage(reply);
  if (request.kind === 'close') parentPort!.close();
});
