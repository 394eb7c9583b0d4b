// What each kind of model is trained from: hours or sequences of the store, block by block.
import type { BehaviourStore } from '../../../store/behaviour-store.ts';
import { selectHours, unpackHours } from '../hour-rows.ts';
import { ENTITY_KINDS } from '../profile.ts';
import { FAMILIES } from '../sequences/families.ts';
import { unpackSequences } from '../sequences/gathering.ts';
import { type Trained, type TrainProgress, trainInThread } from './in-thread.ts';
import type { HourModelName } from './scorers.ts';
import type { SequencesData, SequencesRequest } from './train-sequences-thread.ts';
import type { HoursRequest, TrainData } from './train-thread.ts';

const HOURS_THREAD = new URL('./train-thread.ts', import.meta.url);
export const SEQUENCES_THREAD = new URL('./train-sequences-thread.ts', import.meta.url);

export interface TrainParts {
  seed: number;
  store: Pick<BehaviourStore, 'hours' | 'hoursStored' | 'sequences' | 'sequencesStored'>;
  /** What begins before is trained from. */
  untilUs: number;
  progress: (progress: TrainProgress) => void;
  signal: AbortSignal;
}

/** Rejects with ModelError `too_little` or `cancelled`. The same hours and seed give the same body. */
export function trainHourModel(name: HourModelName, parts: TrainParts): Promise<Trained> {
  const { seed, store, untilUs, progress, signal } = parts;
  const workerData: TrainData = { name, seed };
  return trainInThread<HoursRequest>({
    thread: HOURS_THREAD,
    workerData,
    from: 'hours',
    progress,
    signal,
    async feed(give) {
      const total = await store.hoursStored();
      let read = 0;
      for (const [place, kind] of ENTITY_KINDS.entries()) {
        for await (const block of store.hours(place, 0)) {
          if (block.firstAtUs >= untilUs) continue;
          const { features } = selectHours(await unpackHours(block), { fromUs: 0, untilUs });
          await give({ kind, features });
          read += block.hours;
          progress({ phase: 'reading', done: read, total });
        }
      }
    },
  });
}

/** The same of sequences. */
export function trainSequenceModel(parts: TrainParts): Promise<Trained> {
  const { seed, store, untilUs, progress, signal } = parts;
  const workerData: SequencesData = { seed };
  return trainInThread<SequencesRequest>({
    thread: SEQUENCES_THREAD,
    workerData,
    from: 'sequences',
    progress,
    signal,
    async feed(give) {
      const total = await store.sequencesStored();
      let read = 0;
      for (const family of FAMILIES.keys()) {
        for await (const block of store.sequences(family, 0)) {
          if (block.firstAtUs >= untilUs) continue;
          const pieces = await unpackSequences(block, { fromUs: 0, untilUs });
          await give({ family, pieces: pieces.map(({ tokens }) => tokens) });
          read += block.sequences;
          progress({ phase: 'reading', done: read, total });
        }
      }
    },
  });
}
