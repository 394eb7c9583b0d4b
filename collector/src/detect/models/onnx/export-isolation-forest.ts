import { type IsolationForest, meanPathLength } from '../isolation-forest.ts';
import { ModelWriter } from './model-writer.ts';
import { TreeEnsemble } from './tree-ensemble.ts';
import { medianWhereMissing } from './write-scale.ts';

/** The forest as an ONNX model: `rows` ([rows, columns] doubles, NaN for missing) to `score` ([rows] doubles). */
export function exportIsolationForest(
  forest: IsolationForest,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  const { roots, features, thresholds, lefts, rights, depths, scale } = forest;
  const model = new ModelWriter();
  const rows = model.input({ name: 'rows', type: 'double', shape: ['rows', scale.means.length] });
  const ensemble = new TreeEnsemble(1);
  for (const root of roots) {
    ensemble.add({
      nodeAt(at) {
        const node = at === 0 ? root : at;
        const feature = features[node]!;
        if (feature < 0) return { sums: [{ target: 0, weight: depths[node]! }] };
        return {
          question: { kind: 'below', feature, threshold: thresholds[node]!, missing: false },
          yes: lefts[node]!,
          no: rights[node]!,
        };
      },
    });
  }
  const one = (value: number) => model.constant({ type: 'double', shape: [], values: [value] });
  const sums = ensemble.write(model, medianWhereMissing(model, rows, scale));
  const sum = model.node('Squeeze', [
    model.node('Cast', [sums], { attributes: { to: { kind: 'integer', value: 11 } } }),
    model.constant({ type: 'int64', shape: [1], values: [1] }),
  ]);
  const unit = roots.length * (meanPathLength(forest.sampleSize) || 1);
  model.node('Pow', [one(2), model.node('Div', [sum, one(-unit)])], { as: 'score' });
  model.output({ name: 'score', type: 'double', shape: ['rows'] });
  return model.finish('isolation-forest', metadata);
}
