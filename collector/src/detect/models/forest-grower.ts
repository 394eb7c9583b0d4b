// Grows the trees of a random forest, one after the other, from how often a bootstrap drew each row.
//
// Form: `#counts` has, for the node and feature at hand, the weight of each class in each bin (at `bin * classes`), `#totals` its sum.
// Both are 0 outside `#splitBy`, which clears what it filled: a node of few rows costs what these rows do.
import { BINS, type BinnedTable } from './binned-table.ts';
import { Parting } from './parting.ts';
import type { Random } from './random.ts';
import { leftOf, type Tree, TreeBuilder } from './tree.ts';

/** So many bins are put in order faster than all are looked through. */
const FEW_BINS = 24;

interface Split {
  feature: number;
  leftBins: number[];
}

/** The best cut so far: the bins on its left, and the first on its right. */
interface Cut {
  feature: number;
  left: Uint8Array;
  next: number;
  purity: number;
}

export class ForestGrower {
  readonly #table: BinnedTable;
  readonly #labels: Uint16Array;
  readonly #classes: number;
  readonly #candidates: Int32Array;
  readonly #counts: Int32Array;
  readonly #totals = new Int32Array(BINS);
  readonly #present = new Uint8Array(BINS);
  readonly #left: Int32Array;
  readonly #right: Int32Array;
  readonly #parting = new Parting();
  #times: Uint8Array = new Uint8Array(0);

  constructor(table: BinnedTable, labels: Uint16Array, classes: number) {
    this.#table = table;
    this.#labels = labels;
    this.#classes = classes;
    this.#candidates = Int32Array.from(table.columns, (_, column) => column);
    this.#counts = new Int32Array(BINS * classes);
    this.#left = new Int32Array(classes);
    this.#right = new Int32Array(classes);
  }

  /** A tree over the rows that were drawn, each counting as many `times`. */
  grow(times: Uint8Array, random: Random): Tree {
    this.#times = times;
    const rows = Uint32Array.from(times.keys()).filter((row) => times[row] !== 0);
    const builder = new TreeBuilder(this.#classes);
    const pending = [{ node: builder.addNode(), start: 0, end: rows.length }];
    for (let next = pending.pop(); next; next = pending.pop()) {
      const { node, start, end } = next;
      const own = rows.subarray(start, end);
      const { counts, total } = this.#countLabels(own);
      const split = counts.includes(total) ? undefined : this.#chooseSplit(own, counts, total, random);
      if (!split) {
        builder.answer(
          node,
          Array.from(counts, (count) => count / total),
        );
        continue;
      }
      const parted = this.#parting.part(own, this.#table, split);
      const boundary = start + parted.boundary;
      const { left, right } = builder.split(node, split.feature, parted.leftBins);
      pending.push({ node: left, start, end: boundary }, { node: right, start: boundary, end });
    }
    return builder.build();
  }

  #countLabels(rows: Uint32Array): { counts: Int32Array; total: number } {
    const counts = new Int32Array(this.#classes);
    let total = 0;
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at]!;
      counts[this.#labels[row]!]! += this.#times[row]!;
      total += this.#times[row]!;
    }
    return { counts, total };
  }

  /** The best split of about the square root of all features; of more where none of these tells the rows apart. */
  #chooseSplit(rows: Uint32Array, counts: Int32Array, total: number, random: Random): Split | undefined {
    const wanted = Math.max(1, Math.round(Math.sqrt(this.#candidates.length)));
    const best: Cut = { feature: -1, left: this.#present, next: 0, purity: 0 };
    for (let left = this.#candidates.length, looked = 0; left > 0; left--, looked++) {
      if (looked >= wanted && best.feature >= 0) break;
      const drawn = random.integer(left);
      const feature = this.#candidates[drawn]!;
      this.#candidates[drawn] = this.#candidates[left - 1]!;
      this.#candidates[left - 1] = feature;
      this.#splitBy(rows, feature, { counts, total, random }, best);
    }
    if (best.feature < 0) return undefined;
    const { kind } = this.#table.columns[best.feature]!;
    return { feature: best.feature, leftBins: leftOf(kind, [...best.left], best.next) };
  }

  /**
   * The best cut through the bins of a feature in their order, into `best` where it is better: that of the numbers, or for
   * categories that of how often they go with one class, which is the best order for two classes (Breiman et al.,
   * "Classification and Regression Trees", 1984, theorem 4.5).
   */
  #splitBy(
    rows: Uint32Array,
    feature: number,
    { counts: all, total, random }: { counts: Int32Array; total: number; random: Random },
    best: Cut,
  ): void {
    const classes = this.#classes;
    const counts = this.#counts;
    const totals = this.#totals;
    const kind = this.#table.columns[feature]!.kind;
    const present = this.#present.subarray(0, this.#count(rows, feature));
    if (present.length > 1) {
      this.#sort(present);
      if (kind === 'category') this.#orderByShare(present, drawClass(all, total, random));
      const left = this.#left.fill(0);
      const right = this.#right;
      right.set(all);
      let leftSquares = 0;
      let rightSquares = 0;
      for (let each = 0; each < classes; each++) rightSquares += all[each]! * all[each]!;
      let leftTotal = 0;
      let after = -1;
      for (let at = 0; at < present.length - 1; at++) {
        const bin = present[at]!;
        for (let each = 0; each < classes; each++) {
          const moved = counts[bin * classes + each]!;
          leftSquares += moved * (2 * left[each]! + moved);
          rightSquares -= moved * (2 * right[each]! - moved);
          left[each]! += moved;
          right[each]! -= moved;
        }
        leftTotal += totals[bin]!;
        // Gini: the more alike the rows of each side, the larger the sum of squares over the size.
        const purity = leftSquares / leftTotal + rightSquares / (total - leftTotal);
        if (purity <= best.purity) continue;
        best.purity = purity;
        after = at;
      }
      if (after >= 0) {
        best.feature = feature;
        best.left = present.slice(0, after + 1);
        best.next = present[after + 1]!;
      }
    }
    for (const bin of present) {
      totals[bin] = 0;
      counts.fill(0, bin * classes, (bin + 1) * classes);
    }
  }

  /** Counts the rows by bin and class; how many bins there are, which stand in `#present` in no order. */
  #count(rows: Uint32Array, feature: number): number {
    const bins = this.#table.bins[feature]!;
    const times = this.#times;
    const labels = this.#labels;
    const totals = this.#totals;
    const counts = this.#counts;
    const classes = this.#classes;
    let found = 0;
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at]!;
      const bin = bins[row]!;
      const weight = times[row]!;
      if (totals[bin] === 0) this.#present[found++] = bin;
      totals[bin]! += weight;
      counts[bin * classes + labels[row]!]! += weight;
    }
    return found;
  }

  #sort(present: Uint8Array): void {
    if (present.length > FEW_BINS) {
      let at = 0;
      for (let bin = 0; bin < BINS; bin++) if (this.#totals[bin] !== 0) present[at++] = bin;
      return;
    }
    for (let end = 1; end < present.length; end++) {
      const bin = present[end]!;
      let at = end;
      for (; at > 0 && present[at - 1]! > bin; at--) present[at] = present[at - 1]!;
      present[at] = bin;
    }
  }

  #orderByShare(present: Uint8Array, label: number): void {
    const share = (bin: number) => this.#counts[bin * this.#classes + label]! / this.#totals[bin]!;
    present.sort((a, b) => share(a) - share(b) || a - b);
  }
}

/** One of several classes by its part of the Gini impurity: in the order of the commonest alone no cut would ever be for a rare one. */
function drawClass(counts: Int32Array, total: number, random: Random): number {
  const parts = Float64Array.from(counts, (count) => count * (total - count));
  let left = random.uniform() * parts.reduce((sum, part) => sum + part, 0);
  let drawn = 0;
  while (drawn < parts.length - 1 && left >= parts[drawn]!) left -= parts[drawn++]!;
  return drawn;
}
