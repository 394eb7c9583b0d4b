// The groups of one correlation, least recently active first. Bounded in groups and in entries, so that an attacker who
// varies what a rule groups by costs a stated amount of memory; groups that go while still active are counted.
import { SlidingWindow, type WindowEntry } from './sliding-window.ts';

export interface GroupLimits {
  groupsMax: number;
  entriesMax: number;
}

/** About 60 MB per correlation at the very worst. */
const GROUP_LIMITS: GroupLimits = { groupsMax: 20_000, entriesMax: 200_000 };

/** How far a group has fired for one entity: it fires again when this has doubled or a whole time span has passed. */
interface Fired {
  progress: number;
  atUs: number;
}

export interface Group {
  window: SlidingWindow;
  /** Whether the condition held at the last entry. */
  held: boolean;
  /** By entity; made when it first fires, which few do. */
  fired: Map<string, Fired> | undefined;
}

export class GroupTable {
  /** Groups that were given up while their time span had not passed. */
  evicted = 0;
  /** Events older than the whole window of their group. */
  late = 0;
  readonly #groups = new Map<string, Group>();
  readonly #spanUs: number;
  readonly #parts: number;
  readonly #limits: GroupLimits;
  #entries = 0;

  constructor(options: { spanUs: number; parts: number; limits?: GroupLimits | undefined }) {
    this.#spanUs = options.spanUs;
    this.#parts = options.parts;
    this.#limits = options.limits ?? GROUP_LIMITS;
  }

  get size(): number {
    return this.#groups.size;
  }

  /** Adds an entry to its group and makes that the most recent; undefined where the entry came too late. */
  add(key: string, entry: WindowEntry): Group | undefined {
    const group = this.#groups.get(key) ?? {
      window: new SlidingWindow(this.#spanUs, this.#parts),
      held: false,
      fired: undefined,
    };
    const before = group.window.length;
    if (!group.window.add(entry)) {
      this.late++;
      return undefined;
    }
    this.#entries += group.window.length - before;
    this.#groups.delete(key);
    this.#groups.set(key, group);
    this.#trim(entry.atUs);
    return group;
  }

  #trim(nowUs: number): void {
    for (const [key, group] of this.#groups) {
      const over = this.#groups.size > this.#limits.groupsMax || this.#entries > this.#limits.entriesMax;
      const expired = group.window.newestUs + this.#spanUs < nowUs;
      // The newest group always stays: it is the one being looked at.
      if ((!over && !expired) || this.#groups.size === 1) return;
      if (!expired) this.evicted++;
      this.#groups.delete(key);
      this.#entries -= group.window.length;
    }
  }
}
