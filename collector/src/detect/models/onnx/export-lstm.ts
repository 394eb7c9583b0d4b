import { type Lstm, partsOf } from '../lstm.ts';
import { ModelWriter } from './model-writer.ts';

/** Where ONNX has the gates that we have in the order input, forget, output, candidate: input, output, forget, cell. */
const GATE_ORDER = [0, 2, 1, 3];

/**
 * The network as an ONNX model over a batch of sequences, filled up to the same length at their ends: `tokens` and what comes after each
 * of them, `next` (both [steps, sequences] int64), to `logProbability` ([steps, sequences] floats, natural logarithm) of
 * that. The operator LSTM is of floats.
 */
export function exportLstm(network: Lstm, metadata?: Readonly<Record<string, string>>): Uint8Array {
  const { tokens, inputs, hidden } = network;
  const { embedding, gates, output } = partsOf(network);
  const model = new ModelWriter();
  const floats = (values: ArrayLike<number>, shape: readonly number[]) =>
    model.constant({ type: 'float', shape, values });
  /** Of every gate value: so many of its row, from `from` on. */
  const rows = (from: number, count: number) =>
    GATE_ORDER.flatMap((gate) =>
      Array.from({ length: hidden }, (_, unit) => {
        const start = (gate * hidden + unit) * (inputs + hidden + 1) + from;
        return [...gates.subarray(start, start + count)];
      }).flat(),
    );
  const shape = ['steps', 'sequences'];
  const given = model.input({ name: 'tokens', type: 'int64', shape });
  const next = model.input({ name: 'next', type: 'int64', shape });
  const axis = (value: number) => model.constant({ type: 'int64', shape: [1], values: [value] });

  const embedded = model.node('Gather', [floats(embedding, [tokens, inputs]), given]);
  const states = model.node(
    'LSTM',
    [
      embedded,
      floats(rows(0, inputs), [1, 4 * hidden, inputs]),
      floats(rows(inputs, hidden), [1, 4 * hidden, hidden]),
      floats([...rows(inputs + hidden, 1), ...new Array<number>(4 * hidden).fill(0)], [1, 8 * hidden]),
    ],
    { attributes: { hidden_size: { kind: 'integer', value: hidden } } },
  );
  // [steps, directions, sequences, hidden], of one direction.
  const state = model.node('Squeeze', [states, axis(1)]);
  const weights = new Float64Array(hidden * tokens);
  const biases = new Float64Array(tokens);
  for (let token = 0; token < tokens; token++) {
    const row = output.subarray(token * (hidden + 1), (token + 1) * (hidden + 1));
    for (let unit = 0; unit < hidden; unit++) weights[unit * tokens + token] = row[unit]!;
    biases[token] = row[hidden]!;
  }
  const logits = model.node('Add', [
    model.node('MatMul', [state, floats(weights, [hidden, tokens])]),
    floats(biases, [tokens]),
  ]);
  const logs = model.node('LogSoftmax', [logits], { attributes: { axis: { kind: 'integer', value: 2 } } });
  const chosen = model.node('GatherElements', [logs, model.node('Unsqueeze', [next, axis(2)])], {
    attributes: { axis: { kind: 'integer', value: 2 } },
  });
  model.node('Squeeze', [chosen, axis(2)], { as: 'logProbability' });
  model.output({ name: 'logProbability', type: 'float', shape });
  return model.finish('lstm', metadata);
}
