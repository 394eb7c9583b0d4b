// Random forest: Breiman, "Random Forests", Machine Learning 45 (2001). Each tree is grown whole on a bootstrap sample, at
// each node from the best of a few random features; the forest's answer is the mean of the trees' class shares.
import type { BinnedTable } from './binned-table.ts';
import { Random } from './random.ts';
import { answerAt, leftOf, type Tree, TreeBuilder } from './tree.ts';

const TREES = 200;
/** Rows times trees that are grown through at most: some ten seconds of one core. */
const WORK_MAX = 2e7;
const TREES_MIN = 50;
const BINS = 256;

export interface RandomForest {
  trees: Tree[];
  classes: number;
  /** Exponent that makes the shares probabilities, found on the rows each tree did not see. */
  sharpness: number;
}

/** Grows a forest; `labels` are numbers below `classes`, one for each row. At least one row. */
export function growForest(
  table: BinnedTable,
  labels: Uint16Array,
  options: { classes: number; seed: number; trees?: number },
): RandomForest {
  const { classes, seed } = options;
  const count = options.trees ?? Math.max(TREES_MIN, Math.min(TREES, Math.floor(WORK_MAX / table.rows)));
  const random = new Random(seed);
  const grower = new Grower(table, labels, classes);
  const unseen = new Float64Array(table.rows * classes);
  const trees = Array.from({ length: count }, (_, index) => {
    const own = random.fork(index);
    const rows = Uint32Array.from({ length: table.rows }, () => own.integer(table.rows));
    const seen = new Uint8Array(table.rows);
    for (const row of rows) seen[row] = 1;
    const tree = grower.grow(rows, own);
    for (let row = 0; row < table.rows; row++) {
      if (seen[row]) continue;
      const at = answerAt(tree, table, row);
      for (let each = 0; each < classes; each++) unseen[row * classes + each]! += tree.leaves[at + each]!;
    }
    return tree;
  });
  return { trees, classes, sharpness: findSharpness(unseen, labels, classes) };
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

class Grower {
  readonly #table: BinnedTable;
  readonly #labels: Uint16Array;
  readonly #classes: number;
  readonly #candidates: Int32Array;
  readonly #starts = new Uint32Array(BINS + 1);
  readonly #left: Float64Array;
  readonly #right: Float64Array;
  #sorted = new Uint32Array(0);

  constructor(table: BinnedTable, labels: Uint16Array, classes: number) {
    this.#table = table;
    this.#labels = labels;
    this.#classes = classes;
    this.#candidates = Int32Array.from(table.columns, (_, column) => column);
    this.#left = new Float64Array(classes);
    this.#right = new Float64Array(classes);
  }

  /** A tree over these rows, whose order it changes. */
  grow(rows: Uint32Array, random: Random): Tree {
    this.#sorted = new Uint32Array(rows.length);
    const builder = new TreeBuilder(this.#classes);
    const pending = [{ node: builder.addNode(), start: 0, end: rows.length }];
    for (let next = pending.pop(); next; next = pending.pop()) {
      const { node, start, end } = next;
      const own = rows.subarray(start, end);
      const counts = this.#countLabels(own);
      const best = counts.some((count) => count === own.length) ? undefined : this.#chooseSplit(own, counts, random);
      if (!best) {
        builder.answer(
          node,
          counts.map((count) => count / own.length),
        );
        continue;
      }
      const boundary = start + this.#partition(own, best.feature, best.leftBins);
      const { left, right } = builder.split(node, best.feature, best.leftBins);
      pending.push({ node: left, start, end: boundary }, { node: right, start: boundary, end });
    }
    return builder.build();
  }

  #countLabels(rows: Uint32Array): Float64Array {
    const counts = new Float64Array(this.#classes);
    for (const row of rows) counts[this.#labels[row]!]!++;
    return counts;
  }

  /** The best split of about the square root of all features; of more where none of these tells the rows apart. */
  #chooseSplit(rows: Uint32Array, counts: Float64Array, random: Random) {
    const wanted = Math.max(1, Math.round(Math.sqrt(this.#candidates.length)));
    let best: { feature: number; leftBins: Set<number>; purity: number } | undefined;
    for (let left = this.#candidates.length, looked = 0; left > 0 && (looked < wanted || !best); left--, looked++) {
      const drawn = random.integer(left);
      const feature = this.#candidates[drawn]!;
      this.#candidates[drawn] = this.#candidates[left - 1]!;
      this.#candidates[left - 1] = feature;
      const found = this.#splitBy(rows, feature, counts);
      if (found && (!best || found.purity > best.purity)) best = { feature, ...found };
    }
    return best;
  }

  /**
   * The best cut through the bins of a feature in their order: that of the numbers, or for categories that of how often they
   * go with the commonest class, which is the best order for two classes (Breiman et al., 1984, theorem 4.5).
   */
  #splitBy(rows: Uint32Array, feature: number, counts: Float64Array) {
    const bins = this.#table.bins[feature]!;
    const starts = this.#starts.fill(0);
    for (const row of rows) starts[bins[row]! + 1]!++;
    const present: number[] = [];
    for (let bin = 0; bin < BINS; bin++) if (starts[bin + 1]! > 0) present.push(bin);
    if (present.length < 2) return undefined;
    for (let bin = 0; bin < BINS; bin++) starts[bin + 1]! += starts[bin]!;
    const places = starts.slice(0, BINS);
    for (const row of rows) this.#sorted[places[bins[row]!]!++] = row;
    if (this.#table.columns[feature]!.kind === 'category') this.#orderByClass(present, counts);

    const left = this.#left.fill(0);
    const right = this.#right;
    right.set(counts);
    let leftSquares = 0;
    let rightSquares = counts.reduce((sum, count) => sum + count * count, 0);
    let leftCount = 0;
    let best = { after: -1, purity: 0 };
    for (let at = 0; at < present.length - 1; at++) {
      const bin = present[at]!;
      for (let place = starts[bin]!; place < starts[bin + 1]!; place++) {
        const label = this.#labels[this.#sorted[place]!]!;
        leftSquares += 2 * left[label]!++ + 1;
        rightSquares -= 2 * right[label]!-- - 1;
        leftCount++;
      }
      // Gini: the more alike the rows of each side, the larger the sum of squares over the size.
      const purity = leftSquares / leftCount + rightSquares / (rows.length - leftCount);
      if (purity > best.purity) best = { after: at, purity };
    }
    const leftBins = leftOf(this.#table.columns[feature]!.kind, present.slice(0, best.after + 1));
    return { leftBins: new Set(leftBins), purity: best.purity };
  }

  #orderByClass(present: number[], counts: Float64Array): void {
    const commonest = counts.indexOf(Math.max(...counts));
    const share = new Map(
      present.map((bin) => {
        let matching = 0;
        for (let place = this.#starts[bin]!; place < this.#starts[bin + 1]!; place++) {
          if (this.#labels[this.#sorted[place]!] === commonest) matching++;
        }
        return [bin, matching / (this.#starts[bin + 1]! - this.#starts[bin]!)];
      }),
    );
    present.sort((a, b) => share.get(a)! - share.get(b)! || a - b);
  }

  #partition(rows: Uint32Array, feature: number, leftBins: ReadonlySet<number>): number {
    const bins = this.#table.bins[feature]!;
    let boundary = 0;
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at]!;
      if (!leftBins.has(bins[row]!)) continue;
      rows[at] = rows[boundary]!;
      rows[boundary++] = row;
    }
    return boundary;
  }
}

/** Of some exponents, the one under which the labels are likeliest for trees that did not see them. */
function findSharpness(unseen: Float64Array, labels: Uint16Array, classes: number): number {
  const rows: Float64Array[] = [];
  const actual: number[] = [];
  labels.forEach((label, row) => {
    const votes = unseen.subarray(row * classes, (row + 1) * classes);
    if (votes.every((vote) => vote === 0)) return;
    rows.push(votes);
    actual.push(label);
  });
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

/** Raises shares to a power and makes them sum to 1, in place; no class is ever impossible. */
function sharpen(shares: Float64Array, sharpness: number): Float64Array {
  const total = shares.reduce((sum, share) => sum + share, 0) || 1;
  let sum = 0;
  for (let each = 0; each < shares.length; each++) {
    shares[each] = (shares[each]! / total + 1e-6) ** sharpness;
    sum += shares[each]!;
  }
  for (let each = 0; each < shares.length; each++) shares[each]! /= sum;
  return shares;
}
