import { BINS, type BinnedTable, MISSING_BIN } from './binned-table.ts';

/** Parts the rows of a node of a tree by a cut through the bins of one column. */
export class Parting {
  readonly #goesLeft = new Uint8Array(BINS);
  readonly #seen = new Uint8Array(BINS);

  /**
   * Puts the rows in `leftBins` first; how many they are, and all bins that go left. Nothing is known of a category, or of missing
   * values, where no row of the node has them: they go with the most, as in scikit-learn's trees and ranger's.
   */
  part(
    rows: Uint32Array,
    table: BinnedTable,
    { feature, leftBins }: { feature: number; leftBins: readonly number[] },
  ): { boundary: number; leftBins: readonly number[] } {
    const bins = table.bins[feature]!;
    const goesLeft = this.#goesLeft.fill(0);
    const seen = this.#seen.fill(0);
    for (const bin of leftBins) goesLeft[bin] = 1;
    let boundary = 0;
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at]!;
      const bin = bins[row]!;
      seen[bin] = 1;
      if (goesLeft[bin] === 0) continue;
      rows[at] = rows[boundary]!;
      rows[boundary++] = row;
    }
    if (boundary * 2 <= rows.length) return { boundary, leftBins };
    const unknown = table.columns[feature]!.kind === 'category' ? seen : seen.subarray(MISSING_BIN, MISSING_BIN + 1);
    const unseen = [...unknown.keys()].filter((bin) => unknown[bin] === 0);
    return { boundary, leftBins: [...leftBins, ...unseen] };
  }
}
