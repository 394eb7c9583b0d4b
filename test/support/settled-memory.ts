import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** In bytes. */
export interface Memory {
  /** What is reachable: objects, and what they hold outside of the heap. */
  heap: number;
  /** Of the process; moves in large steps, as the allocator likes. */
  rss: number;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/**
 * The memory of this process once all garbage is gone. Buffers and zstd contexts of objects that died are given back only
 * after the collection that found them, by tasks of their own and the one after (measured: 6 MiB, differing from run to run).
 */
export async function settledMemory(): Promise<Memory> {
  for (let round = 0; round < 3; round++) {
    collectGarbage();
    await setImmediate();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, rss };
}
