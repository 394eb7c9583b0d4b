// A thread that grows parts of a random forest: `forest-threads.ts` starts it.
import { parentPort, workerData } from 'node:worker_threads';
import type { ForestThreadData } from './forest-threads.ts';
import { growPart } from './random-forest.ts';

const { table, labels, options } = workerData as ForestThreadData;

parentPort?.on('message', (part: number) => {
  const grown = growPart(table, labels, options, part);
  parentPort?.postMessage({ part, grown }, [grown.unseen.buffer as ArrayBuffer]);
});
