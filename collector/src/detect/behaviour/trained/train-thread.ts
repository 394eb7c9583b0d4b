// The thread that trains one model. It is told hours as they are read, keeps a random part of them, and gives back the model.
import { serialize } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import { Random } from '../../models/random.ts';
import { FEATURE_COUNT } from '../features.ts';
import type { EntityKind } from '../profile.ts';
import type { TrainReply } from './in-thread.ts';
import { type HourModelName, type TrainedBody, trainKind } from './scorers.ts';

/** Rows kept of each kind while reading: five times what the hungriest model is trained from, some 6 MiB. */
const RESERVOIR_ROWS = 100_000;
/** Fewer hours than this are no habit. */
export const ROWS_LEAST = 100;

export interface TrainData {
  name: HourModelName;
  seed: number;
}

export interface HoursRequest {
  kind: EntityKind;
  features: Float32Array;
}

const { name, seed } = workerData as TrainData;
const random = new Random(seed);
const reservoirs = new Map<EntityKind, { features: Float32Array; kept: number; seen: number }>();

/** Vitter, "Random sampling with a reservoir", 1985, algorithm R. */
function take(kind: EntityKind, features: Float32Array): void {
  const reservoir = reservoirs.get(kind) ?? {
    features: new Float32Array(RESERVOIR_ROWS * FEATURE_COUNT),
    kept: 0,
    seen: 0,
  };
  reservoirs.set(kind, reservoir);
  for (let at = 0; at < features.length; at += FEATURE_COUNT) {
    reservoir.seen++;
    const place = reservoir.kept < RESERVOIR_ROWS ? reservoir.kept++ : random.integer(reservoir.seen);
    if (place < RESERVOIR_ROWS) {
      reservoir.features.set(features.subarray(at, at + FEATURE_COUNT), place * FEATURE_COUNT);
    }
  }
}

function reply(message: TrainReply): void {
  parentPort!.postMessage(message);
}

function trainAll(): void {
  const body: TrainedBody = {};
  const rows: Record<string, number> = {};
  const enough = [...reservoirs].filter(([, { kept }]) => kept >= ROWS_LEAST);
  for (const [at, [kind, { features, kept, seen }]] of enough.entries()) {
    body[kind] = trainKind(name, features.subarray(0, kept * FEATURE_COUNT), seed);
    rows[kind] = seen;
    reply({ trained: at + 1, kinds: enough.length });
  }
  reply({ body: serialize(body), rows });
}

parentPort!.on('message', (request: HoursRequest | 'train') => {
  if (request === 'train') return trainAll();
  take(request.kind, request.features);
  reply({ taken: request.features.length / FEATURE_COUNT });
});
