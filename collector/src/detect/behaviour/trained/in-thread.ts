// Trains one model in a thread of its own, which is fed block by block: no more than one is on its way.
import { on } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ModelError } from './model-error.ts';

/** Of the thread: reservoirs, a model and its training; beyond it the training fails and nothing else. */
const HEAP_MIB_MAX = 512;

export interface TrainProgress {
  phase: 'reading' | 'training' | 'evaluating' | 'saved';
  done: number;
  total: number;
}

export interface Trained {
  body: Uint8Array;
  rows: Record<string, number>;
}

export interface TrainReply {
  /** So many rows were taken; the next may come. */
  taken?: number;
  /** So many of all kinds are trained. */
  trained?: number;
  kinds?: number;
  body?: Uint8Array;
  rows?: Record<string, number>;
}

/**
 * `feed` gives the thread what it learns from; then it is told 'train'. Rejects with ModelError `too_little` or `cancelled`; then
 * nothing of it is left.
 */
export async function trainInThread<Request>(parts: {
  thread: URL;
  workerData: unknown;
  feed: (give: (request: Request) => Promise<TrainReply>) => Promise<void>;
  /** Of what there has to be more. */
  from: string;
  progress: (progress: TrainProgress) => void;
  signal: AbortSignal;
}): Promise<Trained> {
  const { thread, workerData, feed, from, progress, signal } = parts;
  const worker = new Worker(thread, { workerData, resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB_MAX } });
  const messages = on(worker, 'message', { signal });
  const answer = async (): Promise<TrainReply> => (await messages.next()).value![0];
  const ask = (request: Request | 'train'): Promise<TrainReply> => {
    worker.postMessage(request);
    return answer();
  };
  try {
    await feed(ask);
    let reply = await ask('train');
    while (!reply.body) {
      progress({ phase: 'training', done: reply.trained ?? 0, total: reply.kinds ?? 0 });
      reply = await answer();
    }
    if (Object.keys(reply.rows ?? {}).length === 0) {
      throw new ModelError(
        'too_little',
        `there are too few ${from} to train from yet; the models learn as events come`,
      );
    }
    return { body: reply.body, rows: reply.rows ?? {} };
  } catch (error) {
    if (signal.aborted) throw new ModelError('cancelled', 'the training was cancelled; nothing of it is kept');
    throw error;
  } finally {
    await worker.terminate();
  }
}
