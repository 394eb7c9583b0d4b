import type { XgboostModel } from '../xgboost.ts';
import { ModelWriter } from './model-writer.ts';
import { TreeEnsemble } from './tree-ensemble.ts';

const FLOAT = { to: { kind: 'integer', value: 1 } } as const;
const DOUBLE = { to: { kind: 'integer', value: 11 } } as const;

/**
 * An imported model as an ONNX model: `rows` ([rows, features] of doubles, NaN for missing, categories whole numbers) to
 * `predictions` ([rows, outputs] of doubles).
 */
export function exportXgboost(
  { trees, features, base, link }: XgboostModel,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  const model = new ModelWriter();
  const ensemble = new TreeEnsemble(base.length);
  for (const tree of trees) {
    ensemble.add({
      nodeAt(node) {
        const [left, right] = [tree.lefts[node]!, tree.rights[node]!];
        const condition = tree.conditions[node]!;
        if (left < 0) return { sums: [{ target: tree.output, weight: condition }] };
        const feature = tree.features[node]!;
        const missingLeft = tree.defaultLeft[node] === 1;
        const chosen = tree.categories.get(node);
        return chosen
          ? { question: { kind: 'one of', feature, values: [...chosen], missing: !missingLeft }, yes: right, no: left }
          : { question: { kind: 'below', feature, threshold: condition, missing: missingLeft }, yes: left, no: right };
      },
    });
  }
  const given = model.input({ name: 'rows', type: 'double', shape: ['rows', features] });
  const short = model.node('Cast', [given], { attributes: FLOAT });
  const rows = model.node('Cast', [short], { attributes: DOUBLE });
  const sums = model.node('Cast', [ensemble.write(model, rows, [...base])], { attributes: DOUBLE });
  const operators = { identity: 'Identity', logistic: 'Sigmoid', softmax: 'Softmax', exponential: 'Exp' };
  model.node(operators[link], [sums], {
    as: 'predictions',
    attributes: link === 'softmax' ? { axis: { kind: 'integer', value: 1 } } : {},
  });
  model.output({ name: 'predictions', type: 'double', shape: ['rows', base.length] });
  return model.finish('xgboost', metadata);
}
