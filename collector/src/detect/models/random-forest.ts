// Random forest: Breiman, "Random Forests", Machine Learning 45 (2001). Each tree is grown whole on a bootstrap sample, at
// each node from the best of a few random features; the forest's answer is the mean of the trees' class shares.
import type { BinnedTable } from './binned-table.ts';
import { ForestGrower } from './forest-grower.ts';
import { Random } from './random.ts';
import { answerAt, type Tree } from './tree.ts';

const TREES = 200;
/** Rows times trees that are grown through at most: some ten seconds of one core where the labels are noise. */
const WORK_MAX = 5e6;
const TREES_MIN = 50;
/** Rows the exponent is found on: more would not move it by what it is found to. */
const SHARPNESS_ROWS_MAX = 4_000;
/** What no class has less than of all trees, so that none is ever impossible. */
export const LEAST_SHARE = 1e-6;

export interface RandomForest {
  trees: Tree[];
  classes: number;
  /** Exponent that makes the shares probabilities, found on the rows each tree did not see. */
  sharpness: number;
}

export interface ForestOptions {
  classes: number;
  seed: number;
  trees?: number;
}

/** Some trees of a forest, and what they say of the rows they did not see: shares of each class, row after row, summed. */
export interface ForestPart {
  trees: Tree[];
  unseen: Float64Array;
}

/** Trees of one part: a forest is grown part by part, wherever, and put together in their order. */
const PART_TREES = 10;

/** How many parts a forest on so many rows comes in. */
export function countParts(rows: number, options: ForestOptions): number {
  return Math.ceil(countTrees(rows, options) / PART_TREES);
}

function countTrees(rows: number, { trees }: ForestOptions): number {
  return trees ?? Math.max(TREES_MIN, Math.min(TREES, Math.floor(WORK_MAX / rows)));
}

/** Grows one part of a forest: the same for the same seed and number of the part, in any thread. */
export function growPart(table: BinnedTable, labels: Uint16Array, options: ForestOptions, part: number): ForestPart {
  const { classes, seed } = options;
  const random = new Random(seed);
  const grower = new ForestGrower(table, labels, classes);
  const unseen = new Float64Array(table.rows * classes);
  const times = new Uint8Array(table.rows);
  const trees: Tree[] = [];
  const end = Math.min((part + 1) * PART_TREES, countTrees(table.rows, options));
  for (let index = part * PART_TREES; index < end; index++) {
    const own = random.fork(index);
    times.fill(0);
    for (let drawn = 0; drawn < table.rows; drawn++) times[own.integer(table.rows)]!++;
    const tree = grower.grow(times, own);
    trees.push(tree);
    for (let row = 0; row < table.rows; row++) {
      if (times[row] !== 0) continue;
      const at = answerAt(tree, table, row);
      for (let each = 0; each < classes; each++) unseen[row * classes + each]! += tree.leaves[at + each]!;
    }
  }
  return { trees, unseen };
}

/** Puts the parts of a forest together, which come in their order. */
export class ForestJoiner {
  readonly #trees: Tree[] = [];
  readonly #unseen: Float64Array;
  readonly #labels: Uint16Array;
  readonly #classes: number;

  constructor(labels: Uint16Array, classes: number) {
    this.#labels = labels;
    this.#classes = classes;
    this.#unseen = new Float64Array(labels.length * classes);
  }

  add({ trees, unseen }: ForestPart): void {
    this.#trees.push(...trees);
    for (let at = 0; at < unseen.length; at++) this.#unseen[at]! += unseen[at]!;
  }

  finish(): RandomForest {
    const sharpness = findSharpness(this.#unseen, this.#labels, this.#classes);
    return { trees: this.#trees, classes: this.#classes, sharpness };
  }
}

/** Grows a forest; `labels` are numbers below `classes`, one for each row. At least one row. */
export function growForest(table: BinnedTable, labels: Uint16Array, options: ForestOptions): RandomForest {
  const joiner = new ForestJoiner(labels, options.classes);
  const parts = countParts(table.rows, options);
  for (let part = 0; part < parts; part++) joiner.add(growPart(table, labels, options, part));
  return joiner.finish();
}

/** The probability of each class for each row, row after row. */
export function classifyByForest({ trees, classes, sharpness }: RandomForest, table: BinnedTable): Float64Array {
  const shares = new Float64Array(table.rows * classes);
  for (const tree of trees) {
    for (let row = 0; row < table.rows; row++) {
      const at = answerAt(tree, table, row);
      for (let each = 0; each < classes; each++) shares[row * classes + each]! += tree.leaves[at + each]!;
    }
  }
  for (let row = 0; row < table.rows; row++) sharpen(shares.subarray(row * classes, (row + 1) * classes), sharpness);
  return shares;
}

/** Of some exponents, the one under which the labels are likeliest for trees that did not see them. */
function findSharpness(unseen: Float64Array, labels: Uint16Array, classes: number): number {
  const rows: Float64Array[] = [];
  const actual: number[] = [];
  const step = Math.ceil(labels.length / SHARPNESS_ROWS_MAX);
  for (let row = 0; row < labels.length; row += step) {
    const votes = unseen.subarray(row * classes, (row + 1) * classes);
    if (votes.every((vote) => vote === 0)) continue;
    rows.push(votes);
    actual.push(labels[row]!);
  }
  let best = { sharpness: 1, loss: Number.POSITIVE_INFINITY };
  for (let sharpness = 0.5; sharpness <= 3; sharpness += 0.1) {
    let loss = 0;
    rows.forEach((votes, at) => {
      loss -= Math.log(sharpen(Float64Array.from(votes), sharpness)[actual[at]!]!);
    });
    if (loss < best.loss) best = { sharpness, loss };
  }
  return best.sharpness;
}

/** Raises shares to a power and makes them sum to 1, in place. */
function sharpen(shares: Float64Array, sharpness: number): Float64Array {
  const total = shares.reduce((sum, share) => sum + share, 0) || 1;
  let sum = 0;
  for (let each = 0; each < shares.length; each++) {
    shares[each] = (shares[each]! / total + LEAST_SHARE) ** sharpness;
    sum += shares[each]!;
  }
  for (let each = 0; each < shares.length; each++) shares[each]! /= sum;
  return shares;
}
