// The groups of one correlation, least recently active first. Bounded in groups and in entries, and all correlations of an
// engine in entries together, so that an attacker who varies what rules group by costs a stated amount of memory; groups
// that go while still active are counted.
import type { FiredByEntity } from './news.ts';
import { LATE_US_MAX, SlidingWindow } from './sliding-window.ts';
import type { WindowEntry } from './window-totals.ts';

export interface GroupLimits {
  groupsMax: number;
  entriesMax: number;
  /** Of all correlations of an engine: when there are more, the one that has most gives up its oldest. */
  sharedMax: number;
}

/** An entry is some 250 bytes with what it refers to: 50 MB for one correlation, 100 MB for all of them. */
const GROUP_LIMITS: GroupLimits = { groupsMax: 20_000, entriesMax: 200_000, sharedMax: 400_000 };

export interface Group {
  readonly key: string;
  window: SlidingWindow;
  /** Whether the condition held at the last entry. */
  held: boolean;
  /** What it has said, for not saying it again; made when it first speaks, which few do. */
  fired: FiredByEntity | undefined;
  /** Its neighbours in the order of activity. */
  before: Group | undefined;
  after: Group | undefined;
}

/** What the tables of one engine share. */
export class GroupRoom {
  readonly tables = new Set<GroupTable>();
  entries = 0;
}

/** Form: #groups finds a group by its key; from #oldest on they are linked in the order of their last activity. */
export class GroupTable {
  /** Groups that were given up while their time span had not passed. */
  evicted = 0;
  /** Events that came later than any window of their group could be answered for. */
  late = 0;
  readonly #groups = new Map<string, Group>();
  readonly #spanUs: number;
  readonly #parts: number;
  readonly #limits: GroupLimits;
  readonly #room: GroupRoom;
  #oldest: Group | undefined;
  #newest: Group | undefined;
  #entries = 0;

  constructor(options: { spanUs: number; parts: number; room: GroupRoom; limits?: GroupLimits | undefined }) {
    this.#spanUs = options.spanUs;
    this.#parts = options.parts;
    this.#limits = options.limits ?? GROUP_LIMITS;
    this.#room = options.room;
    this.#room.tables.add(this);
  }

  get size(): number {
    return this.#groups.size;
  }

  /** Gives back the room of all its groups, which no table may use any more. */
  leave(): void {
    this.#room.tables.delete(this);
    this.#room.entries -= this.#entries;
  }

  /** Begins anew, as if nothing had ever been added. */
  clear(): void {
    this.#count(-this.#entries);
    this.#groups.clear();
    this.#oldest = undefined;
    this.#newest = undefined;
    this.evicted = 0;
    this.late = 0;
  }

  /** Adds an entry to its group, and makes that the most recent; its place there, undefined where it came too late. */
  add(key: string, entry: WindowEntry): { group: Group; at: number } | undefined {
    const known = this.#groups.get(key);
    const group = known ?? this.#emptyGroup(key);
    const before = group.window.length;
    const at = group.window.add(entry);
    if (at === undefined) {
      this.late++;
      return undefined;
    }
    this.#count(group.window.length - before);
    if (known) this.#unlink(group);
    else this.#groups.set(key, group);
    this.#link(group);
    this.#trim(entry.atUs);
    if (this.#room.entries > this.#limits.sharedMax) this.#trimAll();
    return { group, at };
  }

  #emptyGroup(key: string): Group {
    const window = new SlidingWindow(this.#spanUs, this.#parts);
    return { key, window, held: false, fired: undefined, before: undefined, after: undefined };
  }

  #trim(nowUs: number): void {
    // The newest group always stays: it is the one being looked at.
    for (let group = this.#oldest!; group !== this.#newest; group = this.#oldest!) {
      const over = this.#groups.size > this.#limits.groupsMax || this.#entries > this.#limits.entriesMax;
      const expired = group.window.newestUs + this.#spanUs + LATE_US_MAX < nowUs;
      if (!over && !expired) return;
      if (!expired) this.evicted++;
      this.#forget(group);
    }
  }

  #trimAll(): void {
    while (this.#room.entries > this.#limits.sharedMax) {
      let fullest: GroupTable = this;
      for (const table of this.#room.tables) if (table.#entries > fullest.#entries) fullest = table;
      if (fullest.#oldest === fullest.#newest) return;
      fullest.evicted++;
      fullest.#forget(fullest.#oldest!);
    }
  }

  #forget(group: Group): void {
    this.#groups.delete(group.key);
    this.#unlink(group);
    this.#count(-group.window.length);
  }

  #count(entries: number): void {
    this.#entries += entries;
    this.#room.entries += entries;
  }

  #link(group: Group): void {
    group.before = this.#newest;
    if (this.#newest) this.#newest.after = group;
    else this.#oldest = group;
    this.#newest = group;
  }

  #unlink(group: Group): void {
    const { before, after } = group;
    if (before) before.after = after;
    else this.#oldest = after;
    if (after) after.before = before;
    else this.#newest = before;
    group.before = undefined;
    group.after = undefined;
  }
}
