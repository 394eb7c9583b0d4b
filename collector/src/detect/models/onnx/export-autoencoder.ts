import { type Autoencoder, CLIPPED_AT, ERROR_LEAST } from '../autoencoder.ts';
import { ModelWriter } from './model-writer.ts';
import { standardWhereFilled } from './write-scale.ts';

/**
 * The autoencoder as an ONNX model, all in doubles: `rows` ([rows, columns], NaN for missing) to `score` ([rows]) and `errors`
 * ([rows, columns]), how far each column is from what it should be.
 */
export function exportAutoencoder(
  { scale, network, errors, whitening }: Autoencoder,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  const model = new ModelWriter();
  const columns = errors.length;
  const doubles = (values: ArrayLike<number>, shape: readonly number[]) =>
    model.constant({ type: 'double', shape, values });
  const rows = model.input({ name: 'rows', type: 'double', shape: ['rows', columns] });
  const actual = standardWhereFilled(model, rows, scale);
  let layer = model.node('Clip', [actual, doubles([-CLIPPED_AT], []), doubles([CLIPPED_AT], [])]);
  network.offsets.forEach((offset, index) => {
    const [inputs, outputs] = [network.sizes[index]!, network.sizes[index + 1]!];
    const biases = offset + inputs * outputs;
    layer = model.node(
      'Gemm',
      [
        layer,
        doubles(network.parameters.subarray(offset, biases), [outputs, inputs]),
        doubles(network.parameters.subarray(biases, biases + outputs), [outputs]),
      ],
      { attributes: { transB: { kind: 'integer', value: 1 } } },
    );
    if (index < network.offsets.length - 1) layer = model.node('Tanh', [layer]);
  });
  const usual = doubles(
    errors.map((error) => Math.sqrt(Math.max(error, ERROR_LEAST))),
    [columns],
  );
  const error = model.node('Div', [model.node('Sub', [actual, layer]), usual]);
  model.node('Mul', [error, error], { as: 'errors' });
  const white = whitening
    ? model.node('Gemm', [error, doubles(whitening, [columns, columns])], {
        attributes: { transB: { kind: 'integer', value: 1 } },
      })
    : error;
  model.node('ReduceMean', [model.node('Mul', [white, white])], {
    as: 'score',
    attributes: { axes: { kind: 'integers', value: [1] }, keepdims: { kind: 'integer', value: 0 } },
  });
  model.output({ name: 'score', type: 'double', shape: ['rows'] });
  model.output({ name: 'errors', type: 'double', shape: ['rows', columns] });
  return model.finish('autoencoder', metadata);
}
