// What one group of a correlation remembers: the entries of the last time span, in order of event time.
//
// Invariants: entries[head..] is sorted by time and lies within (newest - span, newest]; weight, partCounts and values
// say exactly what those entries add up to. At most WINDOW_ENTRIES_MAX are kept: beyond that the oldest go, so counts
// stop growing there and never wrap into silence.
import type { EventReference } from '@threatguard/proto';

/** Far above any threshold worth writing, small enough that one noisy group stays below a megabyte. */
const WINDOW_ENTRIES_MAX = 4_096;

export interface WindowEntry {
  atUs: number;
  /** Which of the correlation's rules matched. */
  part: number;
  /** Facts it stands for. */
  weight: number;
  /** From a correlation: `weight` is the count of that window already, not one more fact. */
  cumulative: boolean;
  /** The counted field of a value_count. */
  value: string | undefined;
  references: readonly EventReference[];
  firstAtUs: number;
}

const NO_VALUES: ReadonlyMap<string, number> = new Map();

export class SlidingWindow {
  weight = 0;
  readonly partCounts: number[];
  newestUs = Number.NEGATIVE_INFINITY;
  readonly #spanUs: number;
  #entries: WindowEntry[] = [];
  #head = 0;
  /** Made for the first value: most windows count none, and an empty map is as large as an entry. */
  #values: Map<string, number> | undefined;

  constructor(spanUs: number, parts: number) {
    this.#spanUs = spanUs;
    this.partCounts = new Array(parts).fill(0);
  }

  /** How often each value occurs. */
  get values(): ReadonlyMap<string, number> {
    return this.#values ?? NO_VALUES;
  }

  get length(): number {
    return this.#entries.length - this.#head;
  }

  /** Takes an entry into its place; false where it is older than the whole window. */
  add(entry: WindowEntry): boolean {
    if (entry.atUs <= this.newestUs - this.#spanUs) return false;
    let at = this.#entries.length;
    while (at > this.#head && this.#entries[at - 1]!.atUs > entry.atUs) at--;
    if (at === this.#entries.length) this.#entries.push(entry);
    else this.#entries.splice(at, 0, entry);
    this.#count(entry, 1);
    this.newestUs = Math.max(this.newestUs, entry.atUs);
    while (this.#entries[this.#head]!.atUs <= this.newestUs - this.#spanUs || this.length > WINDOW_ENTRIES_MAX) {
      this.#count(this.#entries[this.#head++]!, -1);
    }
    // Cut off what lies before the head only when it is half of the array: each entry is moved once on average.
    if (this.#head > 64 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return true;
  }

  /** Oldest first. */
  entries(): readonly WindowEntry[] {
    return this.#entries.slice(this.#head);
  }

  /** The newest references, oldest of them first, each once. */
  references(max: number): EventReference[] {
    const found: EventReference[] = [];
    const seen = new Set<EventReference>();
    for (let at = this.#entries.length - 1; at >= this.#head && found.length < max; at--) {
      for (const reference of this.#entries[at]!.references.toReversed()) {
        if (found.length < max && !seen.has(reference)) found.push(reference);
        seen.add(reference);
      }
    }
    return found.reverse();
  }

  /** When the oldest event behind the entries happened. */
  firstAtUs(): number {
    let firstAtUs = this.newestUs;
    for (let at = this.#head; at < this.#entries.length; at++) {
      firstAtUs = Math.min(firstAtUs, this.#entries[at]!.firstAtUs);
    }
    return firstAtUs;
  }

  #count(entry: WindowEntry, sign: 1 | -1): void {
    this.weight += sign * entry.weight;
    this.partCounts[entry.part] = this.partCounts[entry.part]! + sign;
    if (entry.value === undefined) return;
    this.#values ??= new Map();
    const count = (this.#values.get(entry.value) ?? 0) + sign;
    if (count > 0) this.#values.set(entry.value, count);
    else this.#values.delete(entry.value);
  }
}
