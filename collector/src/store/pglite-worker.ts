// The thread that PGlite runs in: its statements are synchronous WebAssembly and would hold up ingest for their length.
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import type { Parameter, Row } from './database.ts';
import { PARSERS } from './values.ts';

export type WorkerRequest =
  | { id: number; kind: 'query'; sql: string; parameters: readonly Parameter[] }
  | { id: number; kind: 'copy'; sql: string; data: Uint8Array }
  | { id: number; kind: 'script'; sql: string }
  | { id: number; kind: 'close' };

export interface WorkerReply {
  id: number;
  rows?: Row[];
  /** `code` is the SQLSTATE; empty where the engine itself failed and must be started anew. */
  error?: { message: string; code: string };
}

const asIs = (value: unknown) => String(value);
const database = new PGlite({
  dataDir: (workerData as { directory: string }).directory,
  parsers: PARSERS,
  // int8, timestamptz, json: texts and numbers already in the form PostgreSQL reads.
  serializers: { 20: asIs, 114: asIs, 1184: asIs },
});

async function answer(request: WorkerRequest): Promise<Row[]> {
  switch (request.kind) {
    case 'query':
      return (await database.query<Row>(request.sql, request.parameters as Parameter[])).rows;
    case 'copy':
      await database.query(request.sql, [], { blob: new Blob([request.data as Uint8Array<ArrayBuffer>]) });
      return [];
    case 'script':
      await database.exec(request.sql);
      return [];
    case 'close':
      await database.close();
      return [];
  }
}

parentPort!.on('message', async (request: WorkerRequest) => {
  try {
    parentPort!.postMessage({ id: request.id, rows: await answer(request) } satisfies WorkerReply);
  } catch (error) {
    const { message = String(error), code = '' } = error as { message?: string; code?: string };
    parentPort!.postMessage({ id: request.id, error: { message, code: String(code) } } satisfies WorkerReply);
  }
  if (request.kind === 'close') parentPort!.close();
});
