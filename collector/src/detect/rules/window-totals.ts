// What the entries of one window add up to, kept as they come and go.
import type { EventReference } from '@threatguard/proto';

export interface WindowEntry {
  atUs: number;
  /** Which of the correlation's rules matched. */
  part: number;
  /** Facts it stands for; 0 where a correlation merely goes on to hold. */
  weight: number;
  /** Facts behind it: of a correlation, the count of its whole window. */
  total: number;
  /** From a correlation: `total` is the count of that window already, not one more fact. */
  cumulative: boolean;
  /** The field that a value_count or value_percentile is about. */
  value: string | undefined;
  /** That of value_sum and value_avg; of value_percentile where the value is a number. */
  number: number | undefined;
  references: readonly EventReference[];
  firstAtUs: number;
}

const NO_VALUES: ReadonlyMap<string, number> = new Map();

export class WindowTotals {
  weight = 0;
  readonly partCounts: number[];
  /** Of numbers times weights. Exact while `exact`. */
  sum = 0;
  #inexact = 0;
  /** Made for the first value: most windows count none, and an empty map is as large as an entry. */
  #values: Map<string, number> | undefined;

  constructor(parts: number) {
    this.partCounts = new Array(parts).fill(0);
  }

  /** How many facts have each value. */
  get values(): ReadonlyMap<string, number> {
    return this.#values ?? NO_VALUES;
  }

  /** Whether what came and went left no trace in `sum`, as fractions would. */
  get exact(): boolean {
    return this.#inexact === 0 && Number.isSafeInteger(this.sum);
  }

  count(entry: WindowEntry, sign: 1 | -1): void {
    this.weight += sign * entry.weight;
    this.partCounts[entry.part] = this.partCounts[entry.part]! + sign;
    if (entry.number !== undefined) this.#add(entry.number * entry.weight, sign);
    if (entry.value === undefined) return;
    this.#values ??= new Map();
    // A correlation that merely goes on has a value all the same.
    const count = (this.#values.get(entry.value) ?? 0) + sign * Math.max(1, entry.weight);
    if (count > 0) this.#values.set(entry.value, count);
    else this.#values.delete(entry.value);
  }

  #add(amount: number, sign: 1 | -1): void {
    // Beyond this, 16,384 of them may add up to more than a number holds exactly.
    if (!Number.isInteger(amount) || Math.abs(amount) > 2 ** 39) this.#inexact += sign;
    this.sum += sign * amount;
  }
}
