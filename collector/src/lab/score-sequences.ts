import { exportLstm } from '../detect/models/onnx/export-lstm.ts';
import { networkWords } from '../detect/models/onnx/network-words.ts';
import { OnnxError, OnnxModel } from '../detect/models/onnx/session.ts';
import { encodeSequence, type Recurrent, type SequenceModel, scoreSequence } from '../detect/models/sequence-model.ts';

/** The score of each sequence. A network is read by onnxruntime, in batches of like lengths; where that is not installed, by us. */
export async function scoreSequences(model: SequenceModel, sequences: readonly string[][]): Promise<number[]> {
  const words = model.recurrent && (await wordsOf(model, model.recurrent, sequences));
  return sequences.map((sequence, which) => scoreSequence(model, sequence, words?.[which]));
}

/** The probability of each token by the network, undefined where onnxruntime is not installed. */
async function wordsOf(
  { numbers }: SequenceModel,
  recurrent: Recurrent,
  sequences: readonly string[][],
): Promise<Float64Array[] | undefined> {
  try {
    await using network = await OnnxModel.load(exportLstm(recurrent.network));
    const encoded = sequences.map((sequence) => encodeSequence(numbers, sequence));
    return await networkWords(network, recurrent, encoded);
  } catch (error) {
    if (error instanceof OnnxError && error.code === 'unavailable') return undefined;
    throw error;
  }
}
