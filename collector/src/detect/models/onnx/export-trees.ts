// Random forest and boosted trees over binned tables as ONNX models. They take the values themselves: `rows` ([rows, columns]
// of doubles, see `valuesOf`), and give `probabilities` ([rows, classes] of doubles).
import type { BinnedColumn, RawColumn } from '../binned-table.ts';
import { MISSING_BIN } from '../binned-table.ts';
import type { BoostedTrees } from '../boosted-trees.ts';
import { LEAST_SHARE, type RandomForest } from '../random-forest.ts';
import { goesLeft, type Tree } from '../tree.ts';
import { ModelWriter } from './model-writer.ts';
import { type Addend, type Question, TreeEnsemble } from './tree-ensemble.ts';

type Metadata = Readonly<Record<string, string>>;

const DOUBLE = { to: { kind: 'integer', value: 11 } } as const;
const LAST_AXIS = { axis: { kind: 'integer', value: 1 } } as const;

/**
 * The rows of a table as the models take them, row after row: numbers as they are, categories as the number of their bin, NaN for
 * what is missing or was not learned.
 */
export function valuesOf(learned: readonly BinnedColumn[], columns: readonly RawColumn[], rows: number): Float64Array {
  const values = new Float64Array(rows * learned.length);
  learned.forEach((column, place) => {
    const raw = columns[place]!;
    for (let row = 0; row < rows; row++) {
      let value = Number.NaN;
      if (raw.kind === 'number') value = raw.values[row]!;
      else if (column.kind === 'category') value = column.bins.get(raw.values[row] ?? '') ?? Number.NaN;
      values[row * learned.length + place] = value;
    }
  });
  return values;
}

export function exportForest(forest: RandomForest, columns: readonly BinnedColumn[], metadata?: Metadata): Uint8Array {
  const { trees, classes, sharpness } = forest;
  const model = new ModelWriter();
  const shares = writeTrees(model, { trees, columns, targets: classes });
  const one = (value: number) => model.constant({ type: 'double', shape: [], values: [value] });
  const share = model.node('Add', [model.node('Div', [shares, one(trees.length)]), one(LEAST_SHARE)]);
  const sharp = model.node('Pow', [share, one(sharpness)]);
  const axes = model.constant({ type: 'int64', shape: [1], values: [1] });
  model.node('Div', [sharp, model.node('ReduceSum', [sharp, axes])], { as: 'probabilities' });
  model.output({ name: 'probabilities', type: 'double', shape: ['rows', classes] });
  return model.finish('random-forest', metadata);
}

export function exportBoosting(model: BoostedTrees, columns: readonly BinnedColumn[], metadata?: Metadata): Uint8Array {
  const { trees, classes, base } = model;
  const writer = new ModelWriter();
  const scores = writeTrees(writer, { trees, columns, targets: base.length, base });
  if (classes === 2) {
    const second = writer.node('Sigmoid', [scores]);
    const one = writer.constant({ type: 'double', shape: [], values: [1] });
    writer.node('Concat', [writer.node('Sub', [one, second]), second], { as: 'probabilities', attributes: LAST_AXIS });
  } else writer.node('Softmax', [scores], { as: 'probabilities', attributes: LAST_AXIS });
  writer.output({ name: 'probabilities', type: 'double', shape: ['rows', classes] });
  return writer.finish('boosted-trees', metadata);
}

/** The sums over all trees, as doubles. A tree whose leaves have one number adds to the sum of its turn. */
function writeTrees(
  model: ModelWriter,
  parts: { trees: readonly Tree[]; columns: readonly BinnedColumn[]; targets: number; base?: Float64Array },
): string {
  const { trees, columns, targets, base = [] } = parts;
  const ensemble = new TreeEnsemble(targets);
  trees.forEach((tree, index) => {
    const { features, lefts, rights, answers, leaves, width } = tree;
    const addends = (node: number): Addend[] => {
      const start = answers[node]! * width;
      if (width === 1) return [{ target: index % targets, weight: leaves[start]! }];
      const own = Array.from({ length: width }, (_, target) => ({ target, weight: leaves[start + target]! }));
      return own.filter(({ weight }) => weight !== 0);
    };
    ensemble.add({
      nodeAt(node) {
        const feature = features[node]!;
        if (feature < 0) return { sums: addends(node) };
        return { question: questionOf(tree, node, columns[feature]!), yes: lefts[node]!, no: rights[node]! };
      },
    });
  });
  const rows = model.input({ name: 'rows', type: 'double', shape: ['rows', columns.length] });
  return model.node('Cast', [ensemble.write(model, rows, [...base])], { attributes: DOUBLE });
}

function questionOf({ features, sets }: Tree, node: number, column: BinnedColumn): Question {
  const feature = features[node]!;
  const missing = goesLeft(sets, node, MISSING_BIN);
  if (column.kind === 'category') {
    const values = [...column.bins.values()].filter((bin) => goesLeft(sets, node, bin));
    return { kind: 'one of', feature, missing, values };
  }
  // The bins of numbers that go left are the lowest ones (`leftOf`).
  let bins = 0;
  while (bins <= column.cuts.length && goesLeft(sets, node, bins + 1)) bins++;
  const threshold = bins === 0 ? Number.NEGATIVE_INFINITY : (column.cuts[bins - 1] ?? Number.POSITIVE_INFINITY);
  return { kind: 'up to', feature, missing, threshold };
}
