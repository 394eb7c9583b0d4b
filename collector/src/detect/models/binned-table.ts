// Tables for trees: every value as the number of one of at most 255 bins, as histogram methods of boosting have it (Chen and
// Guestrin, "XGBoost", KDD 2016; Ke et al., "LightGBM", NIPS 2017). Bin 0 is for what is missing.

/** A column by how its values become bins. */
export type BinnedColumn =
  /** Bin b has the values above `cuts[b - 2]` up to `cuts[b - 1]`; the last bin those above the last cut. */
  | { kind: 'number'; name: string; cuts: Float64Array }
  /** Bin of each text; texts that were not seen are missing. */
  | { kind: 'category'; name: string; bins: ReadonlyMap<string, number> };

export interface BinnedTable {
  columns: readonly BinnedColumn[];
  rows: number;
  /** The bins of each column, row by row. */
  bins: readonly Uint8Array[];
}

/** A column as it was read: numbers with NaN for missing, or texts with undefined. */
export type RawColumn =
  | { kind: 'number'; name: string; values: Float64Array }
  | { kind: 'category'; name: string; values: readonly (string | undefined)[] };

export const MISSING_BIN = 0;
const BINS_MAX = 255;
/** For numbers; with that of missing values they are BINS_MAX. */
const CUT_BINS = BINS_MAX - 1;
/** Room for one number of each bin, that of missing values included. */
export const BINS = BINS_MAX + 1;

/**
 * Decides the bins of every column from the rows that are learned from. With the class of each row, half of the bins are shared out
 * evenly among the classes, so that values that only a rare class has are told apart as well.
 */
export function learnBins(columns: readonly RawColumn[], labels?: Uint16Array): BinnedColumn[] {
  const weights = labels && weigh(labels);
  return columns.map((column) =>
    column.kind === 'number'
      ? { kind: 'number', name: column.name, cuts: chooseCuts(column.values, weights) }
      : { kind: 'category', name: column.name, bins: chooseCategories(column.values, weights) },
  );
}

/** What each row counts: of half of the whole the same as every other, of the other half a share of what its class has. */
function weigh(labels: Uint16Array): Float64Array {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return Float64Array.from(labels, (label) => 0.5 + (0.5 * labels.length) / (counts.size * counts.get(label)!));
}

/** The rows of a table in bins that were decided before. `columns` in the same order and of the same kinds. */
export function applyBins(learned: readonly BinnedColumn[], columns: readonly RawColumn[], rows: number): BinnedTable {
  const bins = learned.map((column, at) => {
    const raw = columns[at]!;
    if (column.kind === 'number' && raw.kind === 'number') {
      return Uint8Array.from(raw.values, (value) => binOf(column.cuts, value));
    }
    if (column.kind === 'category' && raw.kind === 'category') {
      return Uint8Array.from(raw.values, (value) =>
        value === undefined ? MISSING_BIN : (column.bins.get(value) ?? MISSING_BIN),
      );
    }
    throw new TypeError(`the column ${column.name} was learned as another kind`);
  });
  return { columns: learned, rows, bins };
}

/** Between neighbouring values: all of them where these are few, else those between bins of about the same weight. */
function chooseCuts(values: Float64Array, weights: Float64Array | undefined): Float64Array {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const distinct = sorted.filter((value, at) => at === 0 || value !== sorted[at - 1]);
  const last = Math.max(0, distinct.length - 1);
  const ends = distinct.length <= CUT_BINS ? [...distinct.keys()].slice(0, last) : binEnds(masses());
  return Float64Array.from(ends, (at) => between(distinct[at]!, distinct[at + 1]!));

  function masses(): Float64Array {
    const found = new Float64Array(distinct.length);
    for (let row = 0; row < values.length; row++) {
      const value = values[row]!;
      if (!Number.isNaN(value)) found[firstAtLeast(distinct, value)]! += weights?.[row] ?? 1;
    }
    return found;
  }
}

/**
 * Which of the values, in order, end a bin: what weighs as much as a bin has one of its own, and the others share those that are
 * left (after GreedyFindBin of LightGBM).
 */
function binEnds(masses: Float64Array): number[] {
  const mean = sum(masses) / CUT_BINS;
  const isHeavy = (at: number) => masses[at]! >= mean;
  const light = masses.filter((mass) => mass < mean);
  let runs = masses.filter((mass, at) => mass < mean && (at === 0 || isHeavy(at - 1))).length;
  let bins = CUT_BINS - (masses.length - light.length);
  // Each run of light values may leave its last bin half empty.
  const apart = bins > runs;
  let left = sum(light);
  let size = left / Math.max(1, bins - runs);
  let filled = 0;
  const ends: number[] = [];
  for (let at = 0; at < masses.length - 1 && ends.length < CUT_BINS - 1; at++) {
    if (!isHeavy(at)) {
      filled += masses[at]!;
      left -= masses[at]!;
      const endsRun = apart && isHeavy(at + 1);
      if (filled < size && !endsRun) continue;
      if (endsRun) runs--;
      size = left / Math.max(1, --bins - runs);
    }
    ends.push(at);
    filled = 0;
  }
  return ends;
}

function sum(numbers: Float64Array): number {
  return numbers.reduce((total, each) => total + each, 0);
}

/** Halfway, and never the larger of the two, which rounding could give. */
function between(low: number, high: number): number {
  const middle = low / 2 + high / 2;
  return middle < high ? middle : low;
}

/** The texts that weigh most; those for which there is no room left are missing. */
function chooseCategories(
  values: readonly (string | undefined)[],
  weights: Float64Array | undefined,
): Map<string, number> {
  const masses = new Map<string, number>();
  for (const [row, value] of values.entries()) {
    if (value !== undefined) masses.set(value, (masses.get(value) ?? 0) + (weights?.[row] ?? 1));
  }
  const ranked = [...masses].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, BINS_MAX);
  return new Map(ranked.map(([text], at) => [text, at + 1]));
}

function binOf(cuts: Float64Array, value: number): number {
  return Number.isNaN(value) ? MISSING_BIN : firstAtLeast(cuts, value) + 1;
}

/** Where the first of the sorted numbers stands that is not below `value`; how many they are where all are. */
function firstAtLeast(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
