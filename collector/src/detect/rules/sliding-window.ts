// What one group of a correlation remembers, in order of event time: the entries of the window that ends with the newest, and
// those before it that a late event may still need.
//
// Invariants: entries[head..] is sorted by time and lies within (newest - span - LATE_US_MAX, newest]; from `start` on it is
// the newest window, (newest - span, newest], and `totals` says exactly what that adds up to. At most WINDOW_ENTRIES_MAX are
// kept: beyond that the oldest go, so counts stop growing there and never wrap into silence.
import type { EventReference } from '@threatguard/proto';
import { type WindowEntry, WindowTotals } from './window-totals.ts';

/** A threshold above it is refused when the rule is loaded; one noisy group stays below four megabytes. */
export const WINDOW_ENTRIES_MAX = 16_384;
/** How much later than newer ones an event may come and every window it belongs to still be answered as if it had not. */
export const LATE_US_MAX = 5 * 60e6;

/** One window: the entries from `from` up to, not including, `to`. `last` is the entry it ends with. */
export interface WindowSpan {
  from: number;
  to: number;
  last: WindowEntry;
  totals: WindowTotals;
}

export class SlidingWindow {
  newestUs = Number.NEGATIVE_INFINITY;
  readonly #spanUs: number;
  readonly #parts: number;
  readonly #totals: WindowTotals;
  #entries: WindowEntry[] = [];
  #head = 0;
  #start = 0;

  constructor(spanUs: number, parts: number) {
    this.#spanUs = spanUs;
    this.#parts = parts;
    this.#totals = new WindowTotals(parts);
  }

  get length(): number {
    return this.#entries.length - this.#head;
  }

  /** Takes an entry into its place, and gives that; undefined where no window that could be answered has it. */
  add(entry: WindowEntry): number | undefined {
    if (entry.atUs <= this.newestUs - this.#spanUs - LATE_US_MAX) return undefined;
    let at = this.#entries.length;
    while (at > this.#head && this.#entries[at - 1]!.atUs > entry.atUs) at--;
    if (at === this.#entries.length) this.#entries.push(entry);
    else this.#entries.splice(at, 0, entry);
    if (entry.atUs > this.newestUs - this.#spanUs) this.#totals.count(entry, 1);
    else this.#start++;
    this.newestUs = Math.max(this.newestUs, entry.atUs);
    while (this.#entries[this.#start]!.atUs <= this.newestUs - this.#spanUs) {
      this.#totals.count(this.#entries[this.#start++]!, -1);
    }
    while (this.#entries[this.#head]!.atUs <= this.newestUs - this.#spanUs - LATE_US_MAX) this.#head++;
    while (this.length > WINDOW_ENTRIES_MAX) {
      if (this.#start === this.#head) this.#totals.count(this.#entries[this.#start++]!, -1);
      this.#head++;
    }
    return this.#compact(at);
  }

  /** The newest window, where the entry at this place is the newest: then it is the only one that has it. */
  newestWith(at: number): WindowSpan | undefined {
    const { length } = this.#entries;
    if (at !== length - 1) return undefined;
    return { from: this.#start, to: length, last: this.#entries[at]!, totals: this.#totals };
  }

  /** The windows that end with an entry and have the one at this place, the oldest first. */
  *windowsWith(at: number): Generator<WindowSpan> {
    const entries = this.#entries;
    if (at < this.#head) return;
    const { atUs } = entries[at]!;
    const totals = new WindowTotals(this.#parts);
    let from = this.#head;
    let to = from;
    for (let end = at; end < entries.length && entries[end]!.atUs < atUs + this.#spanUs; end++) {
      const last = entries[end]!;
      // Of an older window not everything is remembered any more.
      if (last.atUs < this.newestUs - LATE_US_MAX) continue;
      for (; to === from && entries[from]!.atUs <= last.atUs - this.#spanUs; to++) from++;
      while (to < entries.length && entries[to]!.atUs <= last.atUs) totals.count(entries[to++]!, 1);
      while (entries[from]!.atUs <= last.atUs - this.#spanUs) totals.count(entries[from++]!, -1);
      yield { from, to, last, totals };
    }
  }

  /** Oldest first. */
  entries({ from, to }: WindowSpan): readonly WindowEntry[] {
    return this.#entries.slice(from, to);
  }

  /** The newest references, oldest of them first, each once. */
  references({ from, to }: WindowSpan, max: number): EventReference[] {
    const found: EventReference[] = [];
    const seen = new Set<EventReference>();
    for (let at = to - 1; at >= from && found.length < max; at--) {
      for (const reference of this.#entries[at]!.references.toReversed()) {
        if (found.length < max && !seen.has(reference)) found.push(reference);
        seen.add(reference);
      }
    }
    return found.reverse();
  }

  /** When the oldest event behind the entries happened. */
  firstAtUs({ from, to }: WindowSpan): number {
    let firstAtUs = Number.POSITIVE_INFINITY;
    for (let at = from; at < to; at++) firstAtUs = Math.min(firstAtUs, this.#entries[at]!.firstAtUs);
    return firstAtUs;
  }

  /** Cuts off what lies before the head only when it is half of the array: each entry is moved once on average. */
  #compact(at: number): number {
    const head = this.#head;
    if (head <= 64 || head * 2 <= this.#entries.length) return at;
    this.#entries = this.#entries.slice(head);
    this.#head = 0;
    this.#start -= head;
    return at - head;
  }
}
