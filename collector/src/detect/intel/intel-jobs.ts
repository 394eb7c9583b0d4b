// Feeds are read and indexes made in a thread of their own, one job after another, each in a new thread: what a large feed takes of
// memory is gone with it.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { FeedError, type FeedErrorCode } from './feed-report.ts';
import type { IndexBuffers } from './intel-index.ts';
import type { BuildJob, ReadJob, ReadResult } from './intel-work.ts';

export type IntelJob = (ReadJob & { kind: 'read' }) | (BuildJob & { kind: 'build' });

export interface IntelAnswer {
  read?: ReadResult;
  built?: IndexBuffers;
  refused?: { code: FeedErrorCode; message: string };
  failed?: string;
}

/** Of the thread: ten times the largest feed, which is what JSON takes once it is read. */
const MEMORY_MIB_MAX = 1_536;

export class IntelJobs {
  /** Rejects with FeedError where the feed cannot be read, or takes more memory than a feed may. */
  async read(job: ReadJob, signal?: AbortSignal): Promise<ReadResult> {
    return (await run({ kind: 'read', ...job }, signal)).read!;
  }

  async build(job: BuildJob): Promise<IndexBuffers> {
    return (await run({ kind: 'build', ...job })).built!;
  }
}

async function run(job: IntelJob, signal?: AbortSignal): Promise<IntelAnswer> {
  signal?.throwIfAborted();
  const worker = new Worker(new URL('./intel-thread.ts', import.meta.url), {
    name: 'intel',
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MIB_MAX },
  });
  const stop = () => void worker.terminate();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const ended = new AbortController();
    worker.once('exit', () => ended.abort());
    const [answer] = (await once(worker, 'message', { signal: ended.signal }).catch((error: { code?: string }) => {
      signal?.throwIfAborted();
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
        throw new FeedError('too_large', `reading it takes more than ${MEMORY_MIB_MAX} MiB of memory`);
      }
      throw error;
    })) as [IntelAnswer];
    if (answer.refused) throw new FeedError(answer.refused.code, answer.refused.message);
    if (answer.failed) throw new Error(`the thread for indicators failed: ${answer.failed}`);
    return answer;
  } finally {
    signal?.removeEventListener('abort', stop);
    await worker.terminate();
  }
}
