// The groups of one correlation, least recently active first. Bounded in groups and in entries, and all correlations of an
// engine in entries together, so that an attacker who varies what rules group by costs a stated amount of memory; groups
// that go while still active are counted.
import type { FiredByEntity } from './news.ts';
import { LATE_US_MAX, SlidingWindow, type WindowEntry } from './sliding-window.ts';

export interface GroupLimits {
  groupsMax: number;
  entriesMax: number;
  /** Of all correlations of an engine: when there are more, the one that has most gives up its oldest. */
  sharedMax: number;
}

/** An entry is some 250 bytes with what it refers to: 50 MB for one correlation, 100 MB for all of them. */
const GROUP_LIMITS: GroupLimits = { groupsMax: 20_000, entriesMax: 200_000, sharedMax: 400_000 };

export interface Group {
  window: SlidingWindow;
  /** Whether the condition held at the last entry. */
  held: boolean;
  /** What it has said, for not saying it again; made when it first speaks, which few do. */
  fired: FiredByEntity | undefined;
}

export class GroupTable {
  /** Groups that were given up while their time span had not passed. */
  evicted = 0;
  /** Events that came later than any window of their group could be answered for. */
  late = 0;
  readonly #groups = new Map<string, Group>();
  readonly #spanUs: number;
  readonly #parts: number;
  readonly #limits: GroupLimits;
  readonly #all: GroupTable[];
  #entries = 0;

  /** Adds itself to `all`, the tables of one engine. */
  constructor(options: { spanUs: number; parts: number; all: GroupTable[]; limits?: GroupLimits | undefined }) {
    this.#spanUs = options.spanUs;
    this.#parts = options.parts;
    this.#limits = options.limits ?? GROUP_LIMITS;
    this.#all = options.all;
    this.#all.push(this);
  }

  get size(): number {
    return this.#groups.size;
  }

  /** Adds an entry to its group, and makes that the most recent; its place there, undefined where it came too late. */
  add(key: string, entry: WindowEntry): { group: Group; at: number } | undefined {
    const group = this.#groups.get(key) ?? {
      window: new SlidingWindow(this.#spanUs, this.#parts),
      held: false,
      fired: undefined,
    };
    const before = group.window.length;
    const at = group.window.add(entry);
    if (at === undefined) {
      this.late++;
      return undefined;
    }
    this.#entries += group.window.length - before;
    this.#groups.delete(key);
    this.#groups.set(key, group);
    this.#trim(entry.atUs);
    this.#trimAll();
    return { group, at };
  }

  #trim(nowUs: number): void {
    for (const [key, group] of this.#groups) {
      const over = this.#groups.size > this.#limits.groupsMax || this.#entries > this.#limits.entriesMax;
      const expired = group.window.newestUs + this.#spanUs + LATE_US_MAX < nowUs;
      // The newest group always stays: it is the one being looked at.
      if ((!over && !expired) || this.#groups.size === 1) return;
      if (!expired) this.evicted++;
      this.#forget(key, group);
    }
  }

  #trimAll(): void {
    while (this.#all.reduce((sum, table) => sum + table.#entries, 0) > this.#limits.sharedMax) {
      const fullest = this.#all.reduce((most, table) => (table.#entries > most.#entries ? table : most));
      const [oldest] = fullest.#groups;
      if (!oldest || fullest.#groups.size === 1) return;
      fullest.evicted++;
      fullest.#forget(...oldest);
    }
  }

  #forget(key: string, group: Group): void {
    this.#groups.delete(key);
    this.#entries -= group.window.length;
  }
}
