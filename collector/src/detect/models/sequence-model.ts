// What is usual to follow what, learned from sequences of tokens: counted contexts, which know exactly what is near, and a recurrent
// network, which remembers what is far back. How much each is believed is decided by parts that were held back from both; a network that
// adds nothing there is left out.
import { ContextTree } from './context-tree.ts';
import { emptyState, type Lstm, makeLstm, predictNext, readToken } from './lstm.ts';
import { Random } from './random.ts';
import { learnUsual, rarityOf, type UsualSurprises } from './surprise-rarity.ts';
import { trainNetwork } from './train-lstm.ts';

/** Of tokens, unless told otherwise. */
const VOCABULARY_MAX = 60_000;
/** Tokens the network tells apart; the others are one to it, told apart by how common they are. */
const NETWORK_TOKENS_MAX = 256;
const INPUTS = 16;
const HIDDEN = 32;
/** One part of so many is held back in turn. */
const FOLDS = 5;
/** Tokens that are enough to know what is usual. */
const HELD_TOKENS_MAX = 150_000;
/** What is held back comes in pieces: at least about so many of them, none shorter than `PIECE_MIN` where it is cut. */
const PIECES_MIN = 40;
const PIECE_MIN = 20;
/** Fewer pieces than this do not tell what is usual with a network. */
const HELD_PIECES_MIN = 20;
/** Tokens of them that a look at the network reads. */
const LOOK_TOKENS_MAX = 8_000;
/** Shares of the network's word that are tried, and what part of the surprise it must take away to be kept. */
const WEIGHTS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
const GAIN_LEAST = 0.02;
/** The end of a sequence, and a token that was not learned. */
export const END = 0;
export const UNKNOWN = 1;

/** The network as a voice beside the contexts. */
export interface Recurrent {
  network: Lstm;
  /** Of each token: the network's number for it, and the share it has of what that number stands for. */
  numbers: Uint16Array;
  shares: Float64Array;
  /** How much its word counts, of 1. */
  weight: number;
  /** What is usual where it is heard. */
  usual: UsualSurprises;
}

export interface SequenceModel {
  numbers: ReadonlyMap<string, number>;
  contexts: ContextTree;
  /** What is usual by the contexts alone. */
  usual: UsualSurprises;
  recurrent: Recurrent | undefined;
}

/** How much a model may know. */
export interface SequenceBounds {
  /** Tokens beyond the commonest so many are all one. */
  vocabularyMax?: number;
  /** Tokens of a context. */
  contextMax?: number;
  /** Multiplications the network is trained with. */
  networkWorkMax?: number;
}

/** Learns from sequences, at least one with a token; the same seed gives the same model. */
export function trainSequences(
  sequences: readonly (readonly string[])[],
  seed: number,
  { vocabularyMax = VOCABULARY_MAX, contextMax, networkWorkMax }: SequenceBounds = {},
): SequenceModel {
  const numbers = numberTokens(sequences, vocabularyMax);
  const tokens = numbers.size + 2;
  const encoded = sequences.map((sequence) => encodeSequence(numbers, sequence));
  const contexts = new ContextTree(tokens, contextMax);
  for (const sequence of encoded) contexts.learn(sequence);

  const random = new Random(seed);
  const pieces = cutPieces(encoded);
  const order = random.shuffle(Uint32Array.from(pieces.keys()));
  const folds = Array.from({ length: Math.min(FOLDS, pieces.length) }, (_, fold) =>
    Array.from(
      order.filter((_, at) => at % FOLDS === fold),
      (which) => pieces[which]!,
    ),
  );
  const surprises: Float64Array[] = [];
  let held = 0;
  let recurrent: Recurrent | undefined;
  for (const [fold, own] of folds.entries()) {
    const others = folds.length > 1 ? folds.filter((_, each) => each !== fold).flat() : own;
    const without = new ContextTree(tokens, contextMax);
    for (const piece of others) without.learn(piece);
    if (fold === 0 && own.length >= HELD_PIECES_MIN) {
      recurrent = learnRecurrent(tokens, { train: others, held: own, contexts: without, random, networkWorkMax });
    }
    for (const piece of own) surprises.push(bitsOf(without, undefined, piece));
    held += own.reduce((sum, piece) => sum + piece.length, 0);
    if (held >= HELD_TOKENS_MAX) break;
  }
  return { numbers, contexts, usual: learnUsual(surprises), recurrent };
}

/** How unlikely each token of a sequence, and then its end, was after those before it: in bits, 0 where it was certain. */
export function surprises({ numbers, contexts, recurrent }: SequenceModel, sequence: readonly string[]): Float64Array {
  return bitsOf(contexts, recurrent, encodeSequence(numbers, sequence));
}

/**
 * How rare such surprises are among ordinary sequences (`rarityOf`): about 0 for an ordinary one, 3 for one in a thousand. Where
 * there is a network, what the contexts say alone and what both say together count alike. `words` are those of the network, where
 * they are known already.
 */
export function scoreSequence(model: SequenceModel, sequence: readonly string[], words?: Float64Array): number {
  const { numbers, contexts, usual, recurrent } = model;
  const encoded = encodeSequence(numbers, sequence);
  const alone = rarityOf(bitsOf(contexts, undefined, encoded), usual);
  if (!recurrent) return alone;
  return (alone + rarityOf(bitsOf(contexts, recurrent, encoded, words), recurrent.usual)) / 2;
}

/** In bits, of each token but the first of a sequence between two ends; where the words of the network are known, with these. */
export function bitsOf(
  contexts: ContextTree,
  recurrent: Recurrent | undefined,
  encoded: Uint16Array,
  known?: Float64Array,
): Float64Array {
  const words = recurrent && (known ?? recurrentWords(recurrent, encoded));
  const weight = recurrent?.weight ?? 0;
  const bits = new Float64Array(encoded.length - 1);
  for (let at = 0; at < bits.length; at++) {
    const counted = contexts.probability(encoded, at + 1);
    bits[at] = -Math.log2(words ? weight * words[at]! + (1 - weight) * counted : counted);
  }
  return bits;
}

/** The probability of each token but the first by the network alone. */
function recurrentWords({ network, numbers, shares }: Recurrent, encoded: Uint16Array): Float64Array {
  let state = emptyState(network);
  return Float64Array.from({ length: encoded.length - 1 }, (_, at) => {
    state = readToken(network, numbers[encoded[at]!]!, state).after;
    const next = encoded[at + 1]!;
    return predictNext(network, state)[numbers[next]!]! * shares[next]!;
  });
}

/** Trains a network; undefined where it takes too little of the surprise away that the contexts leave. */
function learnRecurrent(
  tokens: number,
  parts: {
    train: readonly Uint16Array[];
    held: readonly Uint16Array[];
    contexts: ContextTree;
    random: Random;
    networkWorkMax: number | undefined;
  },
): Recurrent | undefined {
  const { train, held, contexts, random } = parts;
  const numbers = Uint16Array.from({ length: tokens }, (_, token) => Math.min(token, NETWORK_TOKENS_MAX));
  const shares = sharesOf(train, numbers);
  const network = makeLstm(
    { tokens: Math.min(tokens, NETWORK_TOKENS_MAX + 1), inputs: INPUTS, hidden: HIDDEN },
    random,
  );
  const recurrent: Recurrent = { network, numbers, shares, weight: 0, usual: [] };
  let read = 0;
  const looked = held.filter((piece) => {
    read += piece.length;
    return read - piece.length < LOOK_TOKENS_MAX;
  });
  const counted = looked.map((piece) => bitsOf(contexts, undefined, piece).map((bits) => 2 ** -bits));
  const sequences = train.map((piece) => piece.map((token) => numbers[token]!));
  const look = () => {
    const best = chooseWeight(recurrent, looked, counted);
    recurrent.weight = best.weight;
    return best.gain;
  };
  trainNetwork(network, sequences, random, look, parts.networkWorkMax);
  if (recurrent.weight === 0) return undefined;
  recurrent.usual = learnUsual(held.map((piece) => bitsOf(contexts, recurrent, piece)));
  return recurrent;
}

/** The weight under which what was held back is least surprising, and what part of the surprise that takes away. */
function chooseWeight(recurrent: Recurrent, held: readonly Uint16Array[], counted: readonly Float64Array[]) {
  const words = held.map((piece) => recurrentWords(recurrent, piece));
  const surprise = (weight: number) => {
    let sum = 0;
    counted.forEach((own, piece) => {
      for (let at = 0; at < own.length; at++) {
        sum -= Math.log(weight * words[piece]![at]! + (1 - weight) * own[at]!);
      }
    });
    return sum;
  };
  const alone = surprise(0);
  let best = { weight: 0, left: alone };
  for (const weight of WEIGHTS) {
    const left = surprise(weight);
    if (left < best.left) best = { weight, left };
  }
  const gain = alone > 0 ? 1 - best.left / alone : 0;
  return gain >= GAIN_LEAST ? { weight: best.weight, gain } : { weight: 0, gain };
}

/** How common each token is among those the network has the same number for, one more of each than was seen. */
function sharesOf(sequences: readonly Uint16Array[], numbers: Uint16Array): Float64Array {
  const counts = new Float64Array(numbers.length).fill(1);
  for (const sequence of sequences) for (const token of sequence) counts[token]!++;
  const sums = new Float64Array(NETWORK_TOKENS_MAX + 1);
  numbers.forEach((number, token) => {
    sums[number]! += counts[token]!;
  });
  return counts.map((count, token) => count / sums[numbers[token]!]!);
}

/** Long sequences in parts, so that there are enough of them; each begins with the token before it. */
function cutPieces(sequences: readonly Uint16Array[]): Uint16Array[] {
  const total = sequences.reduce((sum, { length }) => sum + length - 1, 0);
  const length = Math.max(PIECE_MIN, Math.ceil(total / PIECES_MIN));
  return sequences.flatMap((sequence) => {
    const pieces: Uint16Array[] = [];
    for (let start = 0; start + 1 < sequence.length; start += length) {
      pieces.push(sequence.subarray(start, start + length + 1));
    }
    return pieces;
  });
}

function numberTokens(sequences: readonly (readonly string[])[], vocabularyMax: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const sequence of sequences) for (const token of sequence) counts.set(token, (counts.get(token) ?? 0) + 1);
  const ranked = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, vocabularyMax);
  return new Map(ranked.map(([token], at) => [token, at + 2]));
}

/** A sequence as numbers, between two ends. */
export function encodeSequence(numbers: ReadonlyMap<string, number>, sequence: readonly string[]): Uint16Array {
  return Uint16Array.from([END, ...sequence.map((token) => numbers.get(token) ?? UNKNOWN), END]);
}
