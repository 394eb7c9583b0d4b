// What a recurrent network says of many sequences, by onnxruntime: in batches of like lengths, since all of a batch are as long as its
// longest. Between batches everybody else has a turn.
import type { Recurrent } from '../sequence-model.ts';
import type { OnnxModel } from './session.ts';

/** Tokens that are read at once, filled up ones counted: some milliseconds. */
const BATCH_TOKENS = 4_096;

/** The probability of each token but the first of sequences between two ends, by the network alone. */
export async function networkWords(
  network: OnnxModel,
  { numbers, shares }: Recurrent,
  sequences: readonly Uint16Array[],
): Promise<Float64Array[]> {
  const order = [...sequences.keys()].sort((a, b) => sequences[b]!.length - sequences[a]!.length);
  const words: Float64Array[] = [];
  for (let start = 0; start < order.length; ) {
    const count = Math.max(1, Math.floor(BATCH_TOKENS / sequences[order[start]!]!.length));
    const batch = order.slice(start, start + count);
    const read = batch.map((which) => sequences[which]!.map((token) => numbers[token]!));
    const logs = await network.scoreSequences(read);
    for (const [at, which] of batch.entries()) {
      const sequence = sequences[which]!;
      words[which] = Float64Array.from(logs[at]!, (log, place) => shares[sequence[place + 1]!]! * Math.exp(log));
    }
    start += count;
  }
  return words;
}
