import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { BinnedTable } from './binned-table.ts';
import {
  countParts,
  ForestJoiner,
  type ForestOptions,
  type ForestPart,
  growForest,
  type RandomForest,
} from './random-forest.ts';

/** More threads would each have a copy of the table for less and less time won. */
const THREADS_MAX = 4;
/** Values looked at (rows, parts and the root of the columns) below which a thread costs more than it wins. */
const WORTH_THREADS = 1e6;

/** What a thread is given when it starts; then it is sent numbers of parts, and answers each with the part. */
export interface ForestThreadData {
  table: BinnedTable;
  labels: Uint16Array;
  options: ForestOptions;
}

/**
 * As `growForest`, and the same forest, by several threads where that pays: as many as the machine has cores, unless `threads` says
 * otherwise. Rejects where a thread ends by an error.
 */
export async function growForestInThreads(
  table: BinnedTable,
  labels: Uint16Array,
  options: ForestOptions & { threads?: number },
): Promise<RandomForest> {
  const { threads, ...forest } = options;
  const parts = countParts(table.rows, forest);
  const worth = table.rows * parts * Math.sqrt(table.columns.length) >= WORTH_THREADS;
  const count = Math.min(threads ?? (worth ? Math.min(availableParallelism(), THREADS_MAX) : 1), parts);
  if (count <= 1) return growForest(table, labels, forest);
  const joiner = new ForestJoiner(labels, forest.classes);
  const data: ForestThreadData = { table, labels, options: forest };
  const early = new Map<number, ForestPart>();
  let asked = 0;
  let joined = 0;
  await Promise.all(
    Array.from({ length: count }, () =>
      runThread(data, {
        next: () => (asked < parts ? asked++ : undefined),
        take(part, grown) {
          early.set(part, grown);
          for (let ready = early.get(joined); ready; ready = early.get(joined)) {
            joiner.add(ready);
            early.delete(joined++);
          }
        },
      }),
    ),
  );
  return joiner.finish();
}

async function runThread(
  data: ForestThreadData,
  { next, take }: { next: () => number | undefined; take: (part: number, grown: ForestPart) => void },
): Promise<void> {
  const worker = new Worker(new URL('./forest-thread.ts', import.meta.url), { name: 'forest', workerData: data });
  try {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const ask = () => {
      const part = next();
      if (part === undefined) resolve();
      else worker.postMessage(part);
    };
    worker.on('message', ({ part, grown }: { part: number; grown: ForestPart }) => {
      take(part, grown);
      ask();
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`a thread that grows trees ended with ${code}`)));
    ask();
    await promise;
  } finally {
    await worker.terminate();
  }
}
