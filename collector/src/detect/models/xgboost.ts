// Models of XGBoost at work, as XGBoost does it: values and thresholds are floats of 32 bits. `import-xgboost.ts` reads them.
import { type Matrix, rowOf } from './matrix.ts';

/** What becomes of the sums: nothing, probabilities of two classes or several, or an exponential. */
export type Link = 'identity' | 'logistic' | 'softmax' | 'exponential';

/** Node 0 is the root; a node without a left child (-1) is a leaf. */
export interface XgboostTree {
  /** Which of the outputs it adds to. */
  output: number;
  lefts: Int32Array;
  rights: Int32Array;
  features: Int32Array;
  /** Left below it; of a leaf, what it adds. */
  conditions: Float64Array;
  /** Of a node that asks for a category: those that go right. */
  categories: ReadonlyMap<number, ReadonlySet<number>>;
  /** Whether a missing value goes left. */
  defaultLeft: Uint8Array;
}

export interface XgboostModel {
  trees: XgboostTree[];
  features: number;
  /** Empty where the model names none. */
  featureNames: readonly string[];
  /** What each sum begins with; its length is the number of outputs. */
  base: Float64Array;
  link: Link;
  objective: string;
}

/** What the model says of each row, output after output: probabilities where the objective is of classes. Missing is NaN. */
export function predictXgboost({ trees, base, link, features }: XgboostModel, data: Matrix): Float64Array {
  if (data.columns !== features) throw new RangeError(`${data.columns} columns where the model has ${features}`);
  const outputs = base.length;
  const sums = new Float64Array(data.rows * outputs);
  for (let row = 0; row < data.rows; row++) {
    const values = rowOf(data, row);
    sums.set(base, row * outputs);
    for (const tree of trees) sums[row * outputs + tree.output]! += tree.conditions[leafOf(tree, values)]!;
    applyLink(sums.subarray(row * outputs, (row + 1) * outputs), link);
  }
  return sums;
}

function leafOf({ lefts, rights, features, conditions, categories, defaultLeft }: XgboostTree, values: Float64Array) {
  let node = 0;
  while (lefts[node]! >= 0) {
    const value = values[features[node]!]!;
    const chosen = categories.get(node);
    let left: boolean;
    if (Number.isNaN(value)) left = defaultLeft[node] === 1;
    else if (chosen) left = !chosen.has(Math.trunc(value));
    else left = Math.fround(value) < conditions[node]!;
    node = left ? lefts[node]! : rights[node]!;
  }
  return node;
}

function applyLink(sums: Float64Array, link: Link): void {
  if (link === 'logistic') for (let at = 0; at < sums.length; at++) sums[at] = 1 / (1 + Math.exp(-sums[at]!));
  if (link === 'exponential') for (let at = 0; at < sums.length; at++) sums[at] = Math.exp(sums[at]!);
  if (link !== 'softmax') return;
  const highest = Math.max(...sums);
  let total = 0;
  for (let at = 0; at < sums.length; at++) total += Math.exp(sums[at]! - highest);
  for (let at = 0; at < sums.length; at++) sums[at] = Math.exp(sums[at]! - highest) / total;
}
