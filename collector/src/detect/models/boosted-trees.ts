// Gradient-boosted trees of the second order: Chen and Guestrin, "XGBoost: A Scalable Tree Boosting System", KDD 2016, sections
// 2 and 3, over histograms of bins, the larger child's histogram by subtraction as in LightGBM. Several classes are told apart
// by one tree for each and round, through the softmax.
import type { BinnedTable } from './binned-table.ts';
import { Random } from './random.ts';
import { answerAt, leftOf, type Tree, TreeBuilder } from './tree.ts';

export interface BoostingOptions {
  classes: number;
  seed: number;
  rounds?: number;
  depth?: number;
  learningRate?: number;
  /** The paper's lambda and gamma. */
  lambda?: number;
  gamma?: number;
  /** Least sum of second derivatives on either side of a cut. */
  childWeightMin?: number;
  /** Share of the rows, left out of training, that decides when more rounds no longer help; 0 for all rounds. */
  validationShare?: number;
}

export interface BoostedTrees {
  /** Tree by tree, round after round, one for each class (one alone for two classes). */
  trees: Tree[];
  classes: number;
  /** What every row begins with, one for each tree of a round. */
  base: Float64Array;
}

const ROUNDS = 300;
const DEPTH = 6;
const LEARNING_RATE = 0.1;
/** Rounds without a better validation loss after which training ends. */
const PATIENCE = 20;
const VALIDATION_SHARE = 0.1;
/** Fewer rows than this are too few to spare any for validation. */
const VALIDATION_ROWS_MIN = 300;
/** Values looked at in all rounds: some ten seconds of one core. */
const WORK_MAX = 4e9;
const ROUNDS_MIN = 20;
const BINS = 256;

/** Trains on a table; `labels` are numbers below `classes`, one for each row. At least one row. */
export function trainBoosting(table: BinnedTable, labels: Uint16Array, options: BoostingOptions): BoostedTrees {
  const { classes, depth = DEPTH, learningRate = LEARNING_RATE, validationShare = VALIDATION_SHARE } = options;
  const outputs = classes === 2 ? 1 : classes;
  const order = new Random(options.seed).shuffle(Uint32Array.from({ length: table.rows }, (_, row) => row));
  const held = table.rows >= VALIDATION_ROWS_MIN ? Math.floor(table.rows * validationShare) : 0;
  const validation = order.slice(0, held);
  const training = order.slice(held).sort();
  const perRound = outputs * training.length * table.columns.length * depth;
  const rounds = options.rounds ?? Math.max(ROUNDS_MIN, Math.min(ROUNDS, Math.floor(WORK_MAX / perRound)));
  const base = baseScores(labels, training, classes);
  const model: BoostedTrees = { trees: [], classes, base };
  const scores = new Float64Array(table.rows * outputs).map((_, at) => base[at % outputs]!);
  const grower = new Grower(table, { depth, ...options });
  let best = { loss: lossOf(scores, labels, validation, classes), trees: 0 };
  for (let round = 0; round < rounds; round++) {
    const slopes = derivatives(scores, labels, classes);
    for (let output = 0; output < outputs; output++) {
      const tree = grower.grow(training.slice(), { ...slopes, output, outputs }, learningRate);
      model.trees.push(tree);
      for (let row = 0; row < table.rows; row++)
        scores[row * outputs + output]! += tree.leaves[answerAt(tree, table, row)]!;
    }
    if (held === 0) continue;
    const loss = lossOf(scores, labels, validation, classes);
    if (loss < best.loss) best = { loss, trees: model.trees.length };
    else if (model.trees.length - best.trees >= PATIENCE * outputs) break;
  }
  if (held > 0) model.trees.length = best.trees;
  return model;
}

/** The probability of each class for each row, row after row. */
export function classifyByBoosting({ trees, classes, base }: BoostedTrees, table: BinnedTable): Float64Array {
  const outputs = base.length;
  const scores = new Float64Array(table.rows * outputs).map((_, at) => base[at % outputs]!);
  trees.forEach((tree, index) => {
    const output = index % outputs;
    for (let row = 0; row < table.rows; row++)
      scores[row * outputs + output]! += tree.leaves[answerAt(tree, table, row)]!;
  });
  return toProbabilities(scores, classes);
}

/** Scores to probabilities: the logistic function for two classes, else the softmax. */
export function toProbabilities(scores: Float64Array, classes: number): Float64Array {
  if (classes === 2) {
    const both = new Float64Array(scores.length * 2);
    scores.forEach((score, row) => {
      both[row * 2 + 1] = 1 / (1 + Math.exp(-score));
      both[row * 2] = 1 - both[row * 2 + 1]!;
    });
    return both;
  }
  const probabilities = new Float64Array(scores.length);
  for (let start = 0; start < scores.length; start += classes) {
    const own = scores.subarray(start, start + classes);
    const highest = Math.max(...own);
    let sum = 0;
    for (let each = 0; each < classes; each++) sum += Math.exp(own[each]! - highest);
    for (let each = 0; each < classes; each++) probabilities[start + each] = Math.exp(own[each]! - highest) / sum;
  }
  return probabilities;
}

/** First and second derivatives of the log loss by each score. */
export function derivatives(scores: Float64Array, labels: Uint16Array, classes: number) {
  const probabilities = toProbabilities(scores, classes);
  const outputs = classes === 2 ? 1 : classes;
  const gradients = new Float64Array(scores.length);
  const curvatures = new Float64Array(scores.length);
  for (let at = 0; at < scores.length; at++) {
    const row = Math.floor(at / outputs);
    const output = classes === 2 ? 1 : at % outputs;
    const probability = probabilities[row * classes + output]!;
    gradients[at] = probability - (labels[row] === output ? 1 : 0);
    curvatures[at] = Math.max(probability * (1 - probability), 1e-16);
  }
  return { gradients, curvatures };
}

function baseScores(labels: Uint16Array, rows: Uint32Array, classes: number): Float64Array {
  const counts = new Float64Array(classes);
  for (const row of rows) counts[labels[row]!]!++;
  const logs = counts.map((count) => Math.log((count + 1) / (rows.length + classes)));
  return classes === 2 ? Float64Array.of(logs[1]! - logs[0]!) : logs;
}

function lossOf(scores: Float64Array, labels: Uint16Array, rows: Uint32Array, classes: number): number {
  const outputs = classes === 2 ? 1 : classes;
  let loss = 0;
  for (const row of rows) {
    const own = toProbabilities(scores.subarray(row * outputs, (row + 1) * outputs), classes);
    loss -= Math.log(Math.max(own[labels[row]!]!, 1e-15));
  }
  return loss / Math.max(1, rows.length);
}

interface Slopes {
  gradients: Float64Array;
  curvatures: Float64Array;
  /** Which of the `outputs` values of each row the tree is for. */
  output: number;
  outputs: number;
}

interface Cut {
  feature: number;
  leftBins: number[];
  gain: number;
}

/** Sums of gradients and curvatures in each bin of each feature: at `(feature * BINS + bin) * 2`. */
type Histogram = Float64Array;

class Grower {
  readonly #table: BinnedTable;
  readonly #depth: number;
  readonly #lambda: number;
  readonly #gamma: number;
  readonly #childWeightMin: number;

  constructor(table: BinnedTable, options: BoostingOptions & { depth: number }) {
    this.#table = table;
    this.#depth = options.depth;
    this.#lambda = options.lambda ?? 1;
    this.#gamma = options.gamma ?? 0;
    this.#childWeightMin = options.childWeightMin ?? 1;
  }

  /** A tree over these rows, whose order it changes; its leaves hold the paper's w*, times the learning rate. */
  grow(rows: Uint32Array, slopes: Slopes, learningRate: number): Tree {
    const builder = new TreeBuilder(1);
    const grow = (node: number, own: Uint32Array, histogram: Histogram | undefined, depth: number) => {
      const total = sumOf(own, slopes);
      const sums = depth < this.#depth && own.length > 1 ? (histogram ?? this.#count(own, slopes)) : undefined;
      const cut = sums && this.#chooseCut(sums, total);
      if (!sums || !cut) {
        builder.answer(node, [(-total.gradient / (total.curvature + this.#lambda)) * learningRate]);
        return;
      }
      const boundary = partition(own, this.#table.bins[cut.feature]!, cut.leftBins);
      const { left, right } = builder.split(node, cut.feature, cut.leftBins);
      const [leftRows, rightRows] = [own.subarray(0, boundary), own.subarray(boundary)];
      const leftSmaller = leftRows.length < rightRows.length;
      const deeper = depth + 1 < this.#depth;
      const smaller = deeper ? this.#count(leftSmaller ? leftRows : rightRows, slopes) : undefined;
      const larger = smaller && subtract(sums, smaller);
      grow(left, leftRows, leftSmaller ? smaller : larger, depth + 1);
      grow(right, rightRows, leftSmaller ? larger : smaller, depth + 1);
    };
    grow(builder.addNode(), rows, undefined, 0);
    return builder.build();
  }

  #count(rows: Uint32Array, { gradients, curvatures, output, outputs }: Slopes): Histogram {
    const histogram = new Float64Array(this.#table.columns.length * BINS * 2);
    this.#table.bins.forEach((bins, feature) => {
      const offset = feature * BINS * 2;
      for (const row of rows) {
        const at = offset + bins[row]! * 2;
        histogram[at]! += gradients[row * outputs + output]!;
        histogram[at + 1]! += curvatures[row * outputs + output]!;
      }
    });
    return histogram;
  }

  /** The cut with the highest gain (equation 7), missing values on either side; undefined where none gains anything. */
  #chooseCut(histogram: Histogram, total: { gradient: number; curvature: number }): Cut | undefined {
    let best: Cut | undefined;
    for (let feature = 0; feature < this.#table.columns.length; feature++) {
      const bins = histogram.subarray(feature * BINS * 2, (feature + 1) * BINS * 2);
      for (const order of this.#orders(feature, bins)) {
        let gradient = 0;
        let curvature = 0;
        for (let at = 0; at < order.length - 1; at++) {
          gradient += bins[order[at]! * 2]!;
          curvature += bins[order[at]! * 2 + 1]!;
          const gain = this.#gain({ gradient, curvature }, total);
          if (gain > (best?.gain ?? 1e-9)) best = { feature, leftBins: order.slice(0, at + 1), gain };
        }
      }
    }
    return best && { ...best, leftBins: leftOf(this.#table.columns[best.feature]!.kind, best.leftBins) };
  }

  /**
   * Bins that rows are in, in the orders that cuts are tried in: numbers ascending with what is missing first and last,
   * categories by the answer each would have (Fisher, 1958: one cut in that order is the best of all choices).
   */
  #orders(feature: number, bins: Float64Array): number[][] {
    const present: number[] = [];
    for (let bin = 1; bin < BINS; bin++) if (bins[bin * 2 + 1]! > 1e-12) present.push(bin);
    const missing = bins[1]! > 1e-12 ? [0] : [];
    if (this.#table.columns[feature]!.kind === 'category') {
      const answer = (bin: number) => bins[bin * 2]! / (bins[bin * 2 + 1]! + this.#lambda);
      return [[...missing, ...present].sort((a, b) => answer(a) - answer(b) || a - b)];
    }
    return missing.length === 0
      ? [present]
      : [
          [...missing, ...present],
          [...present, ...missing],
        ];
  }

  #gain(left: { gradient: number; curvature: number }, total: { gradient: number; curvature: number }): number {
    const right = { gradient: total.gradient - left.gradient, curvature: total.curvature - left.curvature };
    if (left.curvature < this.#childWeightMin || right.curvature < this.#childWeightMin) return 0;
    const score = (side: { gradient: number; curvature: number }) =>
      side.gradient ** 2 / (side.curvature + this.#lambda);
    return (score(left) + score(right) - score(total)) / 2 - this.#gamma;
  }
}

function sumOf(rows: Uint32Array, { gradients, curvatures, output, outputs }: Slopes) {
  let gradient = 0;
  let curvature = 0;
  for (const row of rows) {
    gradient += gradients[row * outputs + output]!;
    curvature += curvatures[row * outputs + output]!;
  }
  return { gradient, curvature };
}

function subtract(whole: Histogram, part: Histogram): Histogram {
  const rest = new Float64Array(whole.length);
  for (let at = 0; at < rest.length; at++) rest[at] = whole[at]! - part[at]!;
  return rest;
}

/** Puts the rows in these bins first; how many they are. */
function partition(rows: Uint32Array, bins: Uint8Array, leftBins: readonly number[]): number {
  const left = new Uint8Array(BINS);
  for (const bin of leftBins) left[bin] = 1;
  let boundary = 0;
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at]!;
    if (!left[bins[row]!]) continue;
    rows[at] = rows[boundary]!;
    rows[boundary++] = row;
  }
  return boundary;
}
