// The thread that trains the model of sequences. It is told pieces as they are read, keeps a random part of them, and gives back
// the model.
import { serialize } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import { Random } from '../../models/random.ts';
import { FAMILIES } from '../sequences/families.ts';
import { type SequencesBody, trainFamily } from '../sequences/sequence-scorer.ts';
import type { TrainReply } from './in-thread.ts';

/** Pieces kept of each family while reading: more than are trained from (TRAINING_TOKENS_MAX) unless they are short. */
const RESERVOIR_PIECES = 50_000;
/** Fewer pieces than this are no habit. */
const PIECES_LEAST = 100;

export interface SequencesData {
  seed: number;
}

export interface SequencesRequest {
  family: number;
  pieces: string[][];
}

const { seed } = workerData as SequencesData;
const random = new Random(seed);
const reservoirs = FAMILIES.map(() => ({ pieces: [] as string[][], seen: 0 }));
/** One string for each text, however many pieces have it. */
const texts = new Map<string, string>();

/** Vitter, "Random sampling with a reservoir", 1985, algorithm R. */
function take({ family, pieces }: SequencesRequest): void {
  const reservoir = reservoirs[family]!;
  for (const piece of pieces) {
    reservoir.seen++;
    const place = reservoir.pieces.length < RESERVOIR_PIECES ? reservoir.pieces.length : random.integer(reservoir.seen);
    if (place < RESERVOIR_PIECES) reservoir.pieces[place] = piece.map(shared);
  }
}

function shared(text: string): string {
  const known = texts.get(text);
  if (known !== undefined) return known;
  texts.set(text, text);
  return text;
}

function reply(message: TrainReply): void {
  parentPort!.postMessage(message);
}

function trainAll(): void {
  const body: SequencesBody = {};
  const rows: Record<string, number> = {};
  const enough = FAMILIES.filter((_, at) => reservoirs[at]!.pieces.length >= PIECES_LEAST);
  for (const [at, family] of enough.entries()) {
    const { pieces, seen } = reservoirs[FAMILIES.indexOf(family)]!;
    body[family] = trainFamily(pieces, seed);
    rows[`${family} sequence`] = seen;
    reply({ trained: at + 1, kinds: enough.length });
  }
  reply({ body: serialize(body), rows });
}

parentPort!.on('message', (request: SequencesRequest | 'train') => {
  if (request === 'train') return trainAll();
  take(request);
  reply({ taken: request.pieces.length });
});
