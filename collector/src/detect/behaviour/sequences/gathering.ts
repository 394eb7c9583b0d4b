// Pieces of sequences that are over, gathered until the next checkpoint takes them into the store, as what the sequence model is
// trained from.
//
// Form of a block: zstd of v8.serialize of `Block`. It is written and read by the collector alone, from its own store. Words stand
// once for a block; place 0 is for those whose text nobody knows any more.

import { promisify } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import type { SequencesBlock } from '../../../store/behaviour-store.ts';
import { scoreOf } from '../hours.ts';
import type { Profile } from '../profile.ts';
import { FAMILIES } from './families.ts';
import { PIECE_TOKENS } from './sequences.ts';
import type { Words } from './words.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
const HOUR_US = 3_600_000_000;
/** Pieces of one family between two checkpoints; more are counted and not kept. */
const PIECES_MAX = 20_000;
const BLOCK_BYTES_MAX = 64 * 1024 * 1024;

interface Block {
  words: string[];
  /** Tokens of all pieces, one after the other, as places in `words`. */
  tokens: Uint32Array;
  lengths: Uint8Array;
  entities: Float64Array;
  hours: Uint32Array;
  /** How rare the hour was by the baselines when the piece ended. */
  scores: Float32Array;
}

/** One piece, as it is trained from. */
export interface Piece {
  entity: number;
  hour: number;
  score: number;
  tokens: string[];
}

interface Gathered {
  entity: number;
  hour: number;
  score: number;
  tokens: readonly number[];
}

export interface TakenSequences {
  family: number;
  pieces: Gathered[];
}

export class SequenceGathering {
  /** Pieces that were not kept for lack of room. */
  dropped = 0;
  #pieces: Gathered[][] = FAMILIES.map(() => []);

  add(profile: Profile, family: number, tokens: readonly number[]): void {
    const pieces = this.#pieces[family]!;
    if (pieces.length >= PIECES_MAX) this.dropped++;
    else pieces.push({ entity: profile.hash, hour: profile.hour, score: scoreOf(profile), tokens });
  }

  /** What was gathered since the last time; from now on nothing is. */
  take(): TakenSequences[] {
    const taken = this.#pieces.map((pieces, family) => ({ family, pieces }));
    this.#pieces = FAMILIES.map(() => []);
    return taken.filter(({ pieces }) => pieces.length > 0);
  }

  /** Puts back what could not be stored. */
  giveBack(taken: readonly TakenSequences[]): void {
    for (const { family, pieces } of taken) {
      const all = [...pieces, ...this.#pieces[family]!];
      this.dropped += Math.max(0, all.length - PIECES_MAX);
      this.#pieces[family] = all.slice(0, PIECES_MAX);
    }
  }
}

export async function packSequences({ family, pieces }: TakenSequences, words: Words): Promise<SequencesBlock> {
  const places = new Map<number, number>();
  const texts = [''];
  const placeOf = (hash: number) => {
    const known = places.get(hash);
    if (known !== undefined) return known;
    const text = words.text(hash);
    const place = text === undefined ? 0 : texts.push(text) - 1;
    places.set(hash, place);
    return place;
  };
  const block: Block = {
    words: texts,
    tokens: Uint32Array.from(pieces.flatMap(({ tokens }) => tokens.map(placeOf))),
    lengths: Uint8Array.from(pieces, ({ tokens }) => tokens.length),
    entities: Float64Array.from(pieces, ({ entity }) => entity),
    hours: Uint32Array.from(pieces, ({ hour }) => hour),
    scores: Float32Array.from(pieces, ({ score }) => score),
  };
  let [first, last] = [Number.POSITIVE_INFINITY, 0];
  for (const { hour } of pieces) {
    first = Math.min(first, hour);
    last = Math.max(last, hour);
  }
  const bytes = await compress(serialize(block));
  return { family, firstAtUs: first * HOUR_US, lastAtUs: last * HOUR_US, sequences: pieces.length, bytes };
}

/** Those of a block that are of hours in a time. Rejects where the bytes are no such block. */
export async function unpackSequences(
  { bytes, sequences }: Pick<SequencesBlock, 'bytes' | 'sequences'>,
  { fromUs, untilUs }: { fromUs: number; untilUs: number },
): Promise<Piece[]> {
  const block = deserialize(await decompress(bytes, { maxOutputLength: BLOCK_BYTES_MAX })) as Block;
  const { words, tokens, lengths, entities, hours, scores } = block;
  if (lengths.length !== sequences) throw new RangeError('a block of sequences has another length than it says');
  const pieces: Piece[] = [];
  for (let piece = 0, at = 0; piece < lengths.length; at += lengths[piece++]!) {
    const atUs = hours[piece]! * HOUR_US;
    if (atUs < fromUs || atUs >= untilUs || lengths[piece]! > PIECE_TOKENS) continue;
    const own = Array.from(tokens.subarray(at, at + lengths[piece]!), (place) => words[place] ?? '');
    pieces.push({ entity: entities[piece]!, hour: hours[piece]!, score: scores[piece]!, tokens: own });
  }
  return pieces;
}
