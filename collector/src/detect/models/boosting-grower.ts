// One tree of boosting, over histograms of bins: the larger child's histogram is its parent's less the smaller child's (Ke et al.,
// "LightGBM", NIPS 2017).
import { BINS, type BinnedTable, MISSING_BIN } from './binned-table.ts';
import type { BoostingOptions } from './boosted-trees.ts';
import { Parting } from './parting.ts';
import { leftOf, type Tree, TreeBuilder } from './tree.ts';

/**
 * Added to lambda for cuts between categories, as LightGBM's cat_l2 and cat_smooth are (both 10): in an order that is chosen by the
 * answers, rare categories always gain something, and it is mostly chance.
 */
const CATEGORY_LAMBDA = 10;

/** Gradient and curvature of each row, beside each other: at `row * 2`. */
type Slopes = Float64Array;

interface Cut {
  feature: number;
  leftBins: number[];
  gain: number;
  /** Of numbers: the lowest bin that goes right. */
  next?: number;
}

/** Sums of gradients and curvatures in each bin of each feature: at `(feature * BINS + bin) * 2`. */
type Histogram = Float64Array;

/** Grows the trees of one boosting, one after the other. */
export class BoostingGrower {
  readonly #table: BinnedTable;
  readonly #depth: number;
  readonly #lambda: number;
  readonly #gamma: number;
  readonly #childWeightMin: number;
  readonly #parting = new Parting();

  constructor(
    table: BinnedTable,
    options: Pick<BoostingOptions, 'lambda' | 'gamma' | 'childWeightMin'> & { depth: number },
  ) {
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
      const { boundary, leftBins } = this.#parting.part(own, this.#table, cut);
      const { left, right } = builder.split(node, cut.feature, leftBins);
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

  #count(rows: Uint32Array, slopes: Slopes): Histogram {
    const histogram = new Float64Array(this.#table.columns.length * BINS * 2);
    for (let feature = 0; feature < this.#table.columns.length; feature++) {
      const bins = this.#table.bins[feature]!;
      const offset = feature * BINS * 2;
      for (let each = 0; each < rows.length; each++) {
        const row = rows[each]!;
        const at = offset + bins[row]! * 2;
        histogram[at]! += slopes[row * 2]!;
        histogram[at + 1]! += slopes[row * 2 + 1]!;
      }
    }
    return histogram;
  }

  /** The cut with the highest gain (equation 7), missing values on either side; undefined where none gains anything. */
  #chooseCut(histogram: Histogram, total: Sums): Cut | undefined {
    const best: Cut = { feature: -1, leftBins: [], gain: 1e-9 };
    for (let feature = 0; feature < this.#table.columns.length; feature++) {
      const bins = histogram.subarray(feature * BINS * 2, (feature + 1) * BINS * 2);
      if (this.#table.columns[feature]!.kind === 'category') this.#cutCategories(feature, bins, total, best);
      else {
        this.#cutNumbers(feature, bins, total, best, false);
        if (bins[1]! > 1e-12) this.#cutNumbers(feature, bins, total, best, true);
      }
    }
    if (best.feature < 0) return undefined;
    const { kind } = this.#table.columns[best.feature]!;
    return { ...best, leftBins: leftOf(kind, best.leftBins, best.next) };
  }

  /** Between numbers, ascending; what is missing goes left or right. */
  #cutNumbers(feature: number, bins: Float64Array, total: Sums, best: Cut, missingLeft: boolean): void {
    let gradient = missingLeft ? bins[0]! : 0;
    let curvature = missingLeft ? bins[1]! : 0;
    let last = missingLeft ? MISSING_BIN : -1;
    for (let bin = 1; bin < BINS; bin++) {
      if (bins[bin * 2 + 1]! <= 1e-12) continue;
      if (last >= 0) this.#take({ feature, gradient, curvature, last, missingLeft, next: bin }, total, best);
      gradient += bins[bin * 2]!;
      curvature += bins[bin * 2 + 1]!;
      last = bin;
    }
    // All numbers on one side, what is missing on the other.
    const apart = { feature, gradient, curvature, last, missingLeft, next: MISSING_BIN };
    if (!missingLeft && last >= 0 && bins[1]! > 1e-12) this.#take(apart, total, best);
  }

  #take(
    cut: { feature: number; gradient: number; curvature: number; last: number; missingLeft: boolean; next: number },
    total: Sums,
    best: Cut,
  ): void {
    const gain = this.#gain(cut.gradient, cut.curvature, total);
    if (gain <= best.gain) return;
    best.gain = gain;
    best.feature = cut.feature;
    best.leftBins = cut.missingLeft && cut.last !== MISSING_BIN ? [MISSING_BIN, cut.last] : [cut.last];
    best.next = cut.next;
  }

  /** Between categories in the order of the answer each would have (Fisher, 1958: one cut in that order is the best of all choices). */
  #cutCategories(feature: number, bins: Float64Array, total: Sums, best: Cut): void {
    const order: number[] = [];
    for (let bin = 0; bin < BINS; bin++) if (bins[bin * 2 + 1]! > 1e-12) order.push(bin);
    const lambda = this.#lambda + CATEGORY_LAMBDA;
    const answer = (bin: number) => bins[bin * 2]! / (bins[bin * 2 + 1]! + lambda);
    order.sort((a, b) => answer(a) - answer(b) || a - b);
    let gradient = 0;
    let curvature = 0;
    for (let at = 0; at < order.length - 1; at++) {
      gradient += bins[order[at]! * 2]!;
      curvature += bins[order[at]! * 2 + 1]!;
      const gain = this.#gain(gradient, curvature, total, lambda);
      if (gain > best.gain) Object.assign(best, { gain, feature, leftBins: order.slice(0, at + 1) });
    }
  }

  /** What a cut takes from the loss (equation 7), by the sums on its left; `lambda` is that of its sides. */
  #gain(gradient: number, curvature: number, total: Sums, lambda = this.#lambda): number {
    const otherGradient = total.gradient - gradient;
    const otherCurvature = total.curvature - curvature;
    if (curvature < this.#childWeightMin || otherCurvature < this.#childWeightMin) return 0;
    const left = (gradient * gradient) / (curvature + lambda);
    const right = (otherGradient * otherGradient) / (otherCurvature + lambda);
    const whole = (total.gradient * total.gradient) / (total.curvature + this.#lambda);
    return (left + right - whole) / 2 - this.#gamma;
  }
}

interface Sums {
  gradient: number;
  curvature: number;
}

/** Of one tree of a round, from the derivatives of all its trees. */
export function pairsOf(
  { gradients, curvatures }: { gradients: Float64Array; curvatures: Float64Array },
  output: number,
  outputs: number,
): Slopes {
  const pairs = new Float64Array((2 * gradients.length) / outputs);
  for (let row = 0; row < pairs.length / 2; row++) {
    pairs[row * 2] = gradients[row * outputs + output]!;
    pairs[row * 2 + 1] = curvatures[row * outputs + output]!;
  }
  return pairs;
}

function sumOf(rows: Uint32Array, slopes: Slopes): Sums {
  let gradient = 0;
  let curvature = 0;
  for (let each = 0; each < rows.length; each++) {
    gradient += slopes[rows[each]! * 2]!;
    curvature += slopes[rows[each]! * 2 + 1]!;
  }
  return { gradient, curvature };
}

function subtract(whole: Histogram, part: Histogram): Histogram {
  const rest = new Float64Array(whole.length);
  for (let at = 0; at < rest.length; at++) rest[at] = whole[at]! - part[at]!;
  return rest;
}
