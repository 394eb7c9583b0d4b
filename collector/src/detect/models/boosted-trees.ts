// Gradient-boosted trees of the second order: Chen and Guestrin, "XGBoost: A Scalable Tree Boosting System", KDD 2016, sections
// 2 and 3, over histograms of bins, the larger child's histogram by subtraction as in LightGBM. Several classes are told apart
// by one tree for each and round, through the softmax.
import type { BinnedTable } from './binned-table.ts';
import { BoostingGrower, pairsOf } from './boosting-grower.ts';
import { Random } from './random.ts';
import { answerAt, type Tree } from './tree.ts';

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
  const grower = new BoostingGrower(table, { depth, ...options });
  let best = { loss: lossOf(scores, labels, validation, classes), trees: 0 };
  for (let round = 0; round < rounds; round++) {
    const slopes = derivatives(scores, labels, classes);
    for (let output = 0; output < outputs; output++) {
      const tree = grower.grow(training.slice(), pairsOf(slopes, output, outputs), learningRate);
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
