// The trained model of sequences at work: one for each family, over the same kind of tokens. Its score of a piece is held against
// those of pieces it was not trained from, as every model's is (trained/scorers.ts).
import { setImmediate } from 'node:timers/promises';
import type { Followers } from '../../models/context-tree.ts';
import { exportLstm } from '../../models/onnx/export-lstm.ts';
import { networkWords } from '../../models/onnx/network-words.ts';
import type { OnnxModel } from '../../models/onnx/session.ts';
import { Random } from '../../models/random.ts';
import {
  bitsOf,
  END,
  encodeSequence,
  type SequenceModel,
  trainSequences,
  UNKNOWN,
} from '../../models/sequence-model.ts';
import { loadSequenceModel, type SequenceModelState, saveSequenceModel } from '../../models/sequence-state.ts';
import { rarityOf } from '../../models/surprise-rarity.ts';
import { Tail } from '../../models/tail.ts';
import { hashText } from '../hash-text.ts';
import { FAMILIES, type Family } from './families.ts';

/** Programs of a fleet that matter for what is usual; all others are one. */
const VOCABULARY_MAX = 4_096;
/** What came three tokens before tells as much as any more, and a longer context is seldom seen twice. */
const CONTEXT_MAX = 3;
/** Of the pieces a model is trained from: half a minute of a thread, and some 20 MiB of contexts. */
const TRAINING_TOKENS_MAX = 150_000;
/** Multiplications of the network's training: a second or so. */
const NETWORK_WORK_MAX = 4e8;
/** Scores that say how rare one is: of pieces that the model was not trained from. */
const SCORES_KEPT = 4_096;
/** Of those pieces, that the network in its other form is tried with: ten milliseconds by our own code. */
const PIECES_TRIED = 8;
/** Pieces that are scored at once by our own code: some milliseconds by the contexts, and by the network. */
const PIECES_AT_ONCE = 200;
const ASKED_AT_ONCE = 8;
/** Of so many scores no more can be told than this. */
const RARITY_MAX = 6;
/** The network is dear to ask: only of pieces that the contexts find as rare as this. */
const NETWORK_FROM = 1.5;
/** A context is named as a reason when it was seen so often. */
const SEEN_LEAST = 10;
const COMMONEST_SAID = 3;

export interface SavedFamily {
  model: SequenceModelState;
  scores: Float64Array;
  /**
   * Where a network was kept: in the form onnxruntime scores batches by, and pieces, as the network reads them, that both have to
   * score alike.
   */
  onnx?: { model: Uint8Array; tried: Uint16Array[] } | undefined;
}
export type SequencesBody = Partial<Record<Family, SavedFamily>>;

/** The model in use. */
export interface ActiveSequences {
  name: 'sequences';
  version: number;
  scorer: SequenceScorer;
}

/** Where a piece was least expected. */
export interface Unexpected {
  /** Who it is: the first token. */
  who: string;
  /** The tokens before, oldest first; without the first token of a piece. */
  after: string[];
  /** Place in the piece of the token that was not expected. */
  at: number;
  /** How often something came after those, and how often this; and what usually does. */
  total: number;
  count: number;
  usually: string[];
}

/** Trains one family from pieces, at least two; the same pieces and seed give the same model. */
export function trainFamily(pieces: readonly (readonly string[])[], seed: number): SavedFamily {
  const order = new Random(seed).sample(pieces.length, pieces.length);
  const held = Math.min(SCORES_KEPT, Math.floor(pieces.length / 4));
  const training: (readonly string[])[] = [];
  let tokens = 0;
  for (const which of order.slice(held)) {
    tokens += pieces[which]!.length;
    if (tokens > TRAINING_TOKENS_MAX) break;
    training.push(pieces[which]!);
  }
  const model = trainSequences(training, seed, {
    vocabularyMax: VOCABULARY_MAX,
    contextMax: CONTEXT_MAX,
    networkWorkMax: NETWORK_WORK_MAX,
  });
  const others = Array.from(order.subarray(0, held), (which) => encodeSequence(model.numbers, pieces[which]!));
  const scores = Float64Array.from(others, (encoded) => scoreEncoded(model, encoded));
  const { recurrent } = model;
  const onnx = recurrent && {
    model: exportLstm(recurrent.network),
    tried: others.slice(0, PIECES_TRIED).map((encoded) => encoded.map((token) => recurrent.numbers[token]!)),
  };
  return { model: saveSequenceModel(model), scores, onnx };
}

function scoreAlone({ contexts, usual }: SequenceModel, encoded: Uint16Array): number {
  return rarityOf(bitsOf(contexts, undefined, encoded), usual);
}

/** With the network, whose words may be known already. */
function scoreTogether(
  { contexts, recurrent }: SequenceModel,
  alone: number,
  encoded: Uint16Array,
  words?: Float64Array,
): number {
  return (alone + rarityOf(bitsOf(contexts, recurrent, encoded, words), recurrent!.usual)) / 2;
}

/** How rare by the contexts, and where that is rare, by the network as well. */
function scoreEncoded(model: SequenceModel, encoded: Uint16Array): number {
  const alone = scoreAlone(model, encoded);
  return model.recurrent && alone >= NETWORK_FROM ? scoreTogether(model, alone, encoded) : alone;
}

class FamilyScorer {
  readonly #model: SequenceModel;
  readonly #texts: readonly string[];
  readonly #numbers: ReadonlyMap<number, number>;
  readonly #tail = new Tail(SCORES_KEPT);

  constructor({ model, scores }: SavedFamily) {
    this.#model = loadSequenceModel(model);
    this.#texts = model.tokens;
    this.#numbers = new Map(model.tokens.map((text, at) => [hashText(text), at + 2]));
    for (const score of scores) this.#tail.add(score);
  }

  rarity(hashes: readonly number[]): number {
    return Math.min(RARITY_MAX, this.#tail.boundedRarity(scoreEncoded(this.#model, this.#encode(hashes))));
  }

  /** Of many pieces, with turns for everybody else between; where the network in its other form is given, by that. */
  async rarities(pieces: readonly (readonly string[])[], onnx?: OnnxModel): Promise<Float64Array> {
    const { numbers, recurrent } = this.#model;
    const asked: { at: number; encoded: Uint16Array }[] = [];
    const scores = new Float64Array(pieces.length);
    for (const [at, piece] of pieces.entries()) {
      const encoded = encodeSequence(numbers, piece);
      scores[at] = scoreAlone(this.#model, encoded);
      if (recurrent && scores[at]! >= NETWORK_FROM) asked.push({ at, encoded });
      if (at % PIECES_AT_ONCE === PIECES_AT_ONCE - 1) await setImmediate();
    }
    const sequences = asked.map(({ encoded }) => encoded);
    const words = onnx && recurrent && (await networkWords(onnx, recurrent, sequences));
    for (const [nth, { at, encoded }] of asked.entries()) {
      const score = scoreTogether(this.#model, scores[at]!, encoded, words?.[nth]);
      scores[at] = words ? this.#tail.near(score) : score;
      if (nth % ASKED_AT_ONCE === ASKED_AT_ONCE - 1) await setImmediate();
    }
    return scores.map((score) => Math.min(RARITY_MAX, this.#tail.boundedRarity(score)));
  }

  leastExpected(hashes: readonly number[]): Unexpected {
    const encoded = this.#encode(hashes);
    const bits = bitsOf(this.#model.contexts, undefined, encoded);
    // Neither who it is nor that it ends is what was done.
    let place = 1;
    for (let at = 2; at < hashes.length; at++) if (bits[at]! > bits[place]!) place = at;
    const limits = { least: SEEN_LEAST, most: COMMONEST_SAID };
    const followers: Followers = this.#model.contexts.followers(encoded, place + 1, limits);
    const { length, total, count, commonest } = followers;
    const from = Math.max(2, place + 1 - length);
    return {
      who: this.#text(encoded[1]!),
      after: Array.from(encoded.subarray(from, place + 1), (number) => this.#text(number)),
      at: place,
      total,
      // Unknown tokens are many: of any one of them nothing is known.
      count: encoded[place + 1] === UNKNOWN ? 0 : count,
      usually: commonest.filter((number) => number !== END && number !== UNKNOWN).map((number) => this.#text(number)),
    };
  }

  #text(number: number): string {
    return this.#texts[number - 2] ?? 'something rare';
  }

  #encode(hashes: readonly number[]): Uint16Array {
    const encoded = new Uint16Array(hashes.length + 2);
    for (let at = 0; at < hashes.length; at++) encoded[at + 1] = this.#numbers.get(hashes[at]!) ?? UNKNOWN;
    return encoded;
  }
}

export class SequenceScorer {
  readonly #families: readonly (FamilyScorer | undefined)[];

  constructor(body: SequencesBody) {
    this.#families = FAMILIES.map((family) => {
      const saved = body[family];
      return saved && new FamilyScorer(saved);
    });
  }

  /** -log10 of the share of ordinary pieces that are as rare, as far as the scores that are kept can tell; undefined where nothing is known of the family. */
  rarity(family: number, hashes: readonly number[]): number | undefined {
    return this.#families[family]?.rarity(hashes);
  }

  /** The same of many pieces, in batches. */
  async rarities(
    family: number,
    pieces: readonly (readonly string[])[],
    onnx?: OnnxModel,
  ): Promise<Float64Array | undefined> {
    return this.#families[family]?.rarities(pieces, onnx);
  }

  leastExpected(family: number, hashes: readonly number[]): Unexpected | undefined {
    return this.#families[family]?.leastExpected(hashes);
  }
}
