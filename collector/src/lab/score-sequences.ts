import { exportLstm } from '../detect/models/onnx/export-lstm.ts';
import { OnnxError, OnnxModel } from '../detect/models/onnx/session.ts';
import { asNetworkReads, type Recurrent, type SequenceModel, scoreSequence } from '../detect/models/sequence-model.ts';

/** Tokens that are read at once, filled up ones counted: what the network says of each of them is kept until the next. */
const BATCH_TOKENS = 16_384;

/** The score of each sequence. A network is read by onnxruntime, in batches of like lengths; where that is not installed, by us. */
export async function scoreSequences(model: SequenceModel, sequences: readonly string[][]): Promise<number[]> {
  const words = model.recurrent && (await networkWords(model, model.recurrent, sequences));
  return sequences.map((sequence, which) => scoreSequence(model, sequence, words?.[which]));
}

/** The probability of each token by the network, undefined where onnxruntime is not installed. */
async function networkWords(
  model: SequenceModel,
  recurrent: Recurrent,
  sequences: readonly string[][],
): Promise<Float64Array[] | undefined> {
  try {
    await using network = await OnnxModel.load(exportLstm(recurrent.network));
    const read = sequences.map((sequence) => asNetworkReads(model, recurrent, sequence));
    const order = [...read.keys()].sort((a, b) => read[b]!.tokens.length - read[a]!.tokens.length);
    const words: Float64Array[] = [];
    for (let start = 0; start < order.length; ) {
      const count = Math.max(1, Math.floor(BATCH_TOKENS / read[order[start]!]!.tokens.length));
      const batch = order.slice(start, start + count);
      const logs = await network.scoreSequences(batch.map((which) => read[which]!.tokens));
      for (const [at, which] of batch.entries()) {
        words[which] = read[which]!.shares.map((share, place) => share * Math.exp(logs[at]![place]!));
      }
      start += count;
    }
    return words;
  } catch (error) {
    if (error instanceof OnnxError && error.code === 'unavailable') return undefined;
    throw error;
  }
}
