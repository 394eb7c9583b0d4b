// What is usual to follow what, learned from sequences of tokens: a recurrent network, which remembers what is far back, and
// counted contexts, which know exactly what is near. Each says how likely a token is; their mean counts.
import { ContextTree } from './context-tree.ts';
import { emptyState, type Lstm, LstmTrainer, makeLstm, predictNext, readToken } from './lstm.ts';
import { Random } from './random.ts';

/** Tokens beyond the commonest so many are all one. */
const VOCABULARY_MAX = 2_000;
const INPUTS = 16;
const HIDDEN = 32;
/** Tokens a training goes back over at once. */
const STEPS = 32;
/** Multiplications of a training: some ten seconds of one core. */
const WORK_MAX = 4e9;
const PASSES_MAX = 20;
const RATE = 0.01;
/** Tokens of a stretch that is looked at by itself. */
const STRETCH = 20;
/** The end of a sequence, and a token that was not learned. */
const END = 0;
const UNKNOWN = 1;

export interface SequenceModel {
  numbers: ReadonlyMap<string, number>;
  network: Lstm;
  contexts: ContextTree;
}

/** Learns from sequences; the same seed gives the same model. */
export function trainSequences(sequences: readonly (readonly string[])[], seed: number): SequenceModel {
  const random = new Random(seed);
  const numbers = numberTokens(sequences);
  const tokens = numbers.size + 2;
  const encoded = sequences.map((sequence) => encode(numbers, sequence));
  const contexts = new ContextTree(tokens);
  for (const sequence of encoded) contexts.learn(sequence);
  const network = makeLstm({ tokens, inputs: INPUTS, hidden: HIDDEN }, random);
  trainNetwork(network, encoded, random);
  return { numbers, network, contexts };
}

/** How unlikely each token of a sequence, and then its end, was after those before it: in bits, 0 where it was certain. */
export function surprises({ numbers, network, contexts }: SequenceModel, sequence: readonly string[]): Float64Array {
  const encoded = encode(numbers, sequence);
  const bits = new Float64Array(encoded.length - 1);
  let state = emptyState(network);
  for (let at = 1; at < encoded.length; at++) {
    state = readToken(network, encoded[at - 1]!, state).after;
    const recurrent = predictNext(network, state)[encoded[at]!]!;
    bits[at - 1] = -Math.log2((recurrent + contexts.probability(encoded, at)) / 2);
  }
  return bits;
}

/**
 * The mean surprise of a sequence and that of its most surprising stretch, between them: an intrusion may be the whole of it
 * or a short part.
 */
export function scoreSequence(model: SequenceModel, sequence: readonly string[]): number {
  const bits = surprises(model, sequence);
  const width = Math.min(STRETCH, bits.length);
  let sum = 0;
  let highest = 0;
  for (let at = 0; at < bits.length; at++) {
    sum += bits[at]! - (at >= width ? bits[at - width]! : 0);
    if (at >= width - 1) highest = Math.max(highest, sum / width);
  }
  return (bits.reduce((total, each) => total + each, 0) / bits.length + highest) / 2;
}

function trainNetwork(network: Lstm, sequences: readonly Uint16Array[], random: Random): void {
  const trainer = new LstmTrainer(network);
  const perToken = 3 * (4 * HIDDEN * (INPUTS + HIDDEN) + network.tokens * HIDDEN);
  const length = sequences.reduce((sum, sequence) => sum + sequence.length, 0);
  let left = Math.min(WORK_MAX / perToken, PASSES_MAX * length);
  const order = Uint32Array.from({ length: sequences.length }, (_, at) => at);
  while (left > 0 && length > 0) {
    for (const which of random.shuffle(order)) {
      const sequence = sequences[which]!;
      let state = emptyState(network);
      for (let start = 0; start + 1 < sequence.length; start += STEPS) {
        state = trainer.learn(sequence.subarray(start, start + STEPS + 1), state, RATE);
      }
      left -= sequence.length;
      if (left <= 0) break;
    }
  }
}

function numberTokens(sequences: readonly (readonly string[])[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const sequence of sequences) for (const token of sequence) counts.set(token, (counts.get(token) ?? 0) + 1);
  const ranked = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, VOCABULARY_MAX);
  return new Map(ranked.map(([token], at) => [token, at + 2]));
}

/** Between two ends. */
function encode(numbers: ReadonlyMap<string, number>, sequence: readonly string[]): Uint16Array {
  return Uint16Array.from([END, ...sequence.map((token) => numbers.get(token) ?? UNKNOWN), END]);
}
