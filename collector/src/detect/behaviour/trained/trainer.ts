// Trains one model in a thread of its own, from the hours of the store, block by block: no more than one is on its way.
import { on } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { BehaviourStore } from '../../../store/behaviour-store.ts';
import { selectHours, unpackHours } from '../hour-rows.ts';
import { ENTITY_KINDS } from '../profile.ts';
import { ModelError } from './model-error.ts';
import type { HourModelName } from './scorers.ts';
import type { TrainData, TrainReply, TrainRequest } from './train-thread.ts';

const THREAD = new URL('./train-thread.ts', import.meta.url);
/** Of the thread: reservoirs of four kinds, a model and its training; beyond it the training fails and nothing else. */
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

/** Rejects with ModelError `too_little` or `cancelled`; then nothing of it is left. The same hours and seed give the same body. */
export async function trainModel(parts: {
  name: HourModelName;
  seed: number;
  store: Pick<BehaviourStore, 'hours' | 'hoursStored'>;
  /** Hours that begin before are trained from. */
  untilUs: number;
  progress: (progress: TrainProgress) => void;
  signal: AbortSignal;
}): Promise<Trained> {
  const { name, seed, store, untilUs, progress, signal } = parts;
  const workerData: TrainData = { name, seed };
  const worker = new Worker(THREAD, { workerData, resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB_MAX } });
  const messages = on(worker, 'message', { signal });
  const answer = async (): Promise<TrainReply> => (await messages.next()).value![0];
  const ask = (request: TrainRequest): Promise<TrainReply> => {
    worker.postMessage(request);
    return answer();
  };
  try {
    const total = await store.hoursStored();
    let read = 0;
    for (const [place, kind] of ENTITY_KINDS.entries()) {
      for await (const block of store.hours(place, 0)) {
        if (block.firstAtUs >= untilUs) continue;
        const { features } = selectHours(await unpackHours(block), { fromUs: 0, untilUs });
        await ask({ kind, features });
        read += block.hours;
        progress({ phase: 'reading', done: read, total });
      }
    }
    let reply = await ask('train');
    while (!reply.body) {
      progress({ phase: 'training', done: reply.trained ?? 0, total: reply.kinds ?? 0 });
      reply = await answer();
    }
    if (Object.keys(reply.rows ?? {}).length === 0) {
      throw new ModelError('too_little', 'there are too few hours to train from yet; the models learn as events come');
    }
    return { body: reply.body, rows: reply.rows ?? {} };
  } catch (error) {
    if (signal.aborted) throw new ModelError('cancelled', 'the training was cancelled; nothing of it is kept');
    throw error;
  } finally {
    await worker.terminate();
  }
}
