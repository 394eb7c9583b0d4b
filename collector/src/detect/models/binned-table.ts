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
/** Room for one number of each bin, that of missing values included. */
export const BINS = BINS_MAX + 1;

/** Decides the bins of every column from the rows that are learned from. */
export function learnBins(columns: readonly RawColumn[]): BinnedColumn[] {
  return columns.map((column) =>
    column.kind === 'number'
      ? { kind: 'number', name: column.name, cuts: chooseCuts(column.values) }
      : { kind: 'category', name: column.name, bins: chooseCategories(column.values) },
  );
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

/** Between neighbouring values where these are few, else at equal shares of the rows. */
function chooseCuts(values: Float64Array): Float64Array {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const distinct = sorted.filter((value, at) => at === 0 || value !== sorted[at - 1]);
  const bins = BINS_MAX - 1;
  if (distinct.length <= bins) {
    return Float64Array.from({ length: Math.max(0, distinct.length - 1) }, (_, at) =>
      between(distinct[at]!, distinct[at + 1]!),
    );
  }
  const cuts: number[] = [];
  for (let bin = 1; bin < bins; bin++) {
    const at = Math.floor((bin * sorted.length) / bins);
    const cut = sorted[at - 1]!;
    if (cut < sorted.at(-1)! && (cuts.length === 0 || cut > cuts.at(-1)!)) cuts.push(cut);
  }
  return Float64Array.from(cuts);
}

/** Halfway, and never the larger of the two, which rounding could give. */
function between(low: number, high: number): number {
  const middle = low / 2 + high / 2;
  return middle < high ? middle : low;
}

/** The commonest texts; what is rarer than those that have room is missing. */
function chooseCategories(values: readonly (string | undefined)[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  const ranked = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, BINS_MAX);
  return new Map(ranked.map(([text], at) => [text, at + 1]));
}

function binOf(cuts: Float64Array, value: number): number {
  if (Number.isNaN(value)) return MISSING_BIN;
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cuts[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low + 1;
}
