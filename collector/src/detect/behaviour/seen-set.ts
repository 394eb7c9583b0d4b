// What an entity was seen with before: hashes with how often and when last, in a table of open addressing.
//
// Invariants: `#size` slots are taken, at most three quarters of them; a slot whose key is 0 is free. Beyond `itemsMax` the
// item that was not seen for longest makes room.
export class SeenSet {
  /** Items given up for lack of room: should they come again, they are taken for new. */
  evicted = 0;
  readonly #itemsMax: number;
  #keys: Float64Array;
  #counts: Float32Array;
  #lastHours: Uint32Array;
  #size = 0;

  constructor(itemsMax: number, slots = SLOTS_LEAST) {
    this.#itemsMax = itemsMax;
    this.#keys = new Float64Array(slots);
    this.#counts = new Float32Array(slots);
    this.#lastHours = new Uint32Array(slots);
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Notes an item, and says whether it is new: never seen, or not for so long (hours) that it does not count any more.
   * `hour` is hours since the epoch.
   */
  note(key: number, hour: number, forgottenAfterHours: number): boolean {
    const slot = this.#find(key);
    if (this.#keys[slot] === key) {
      const last = this.#lastHours[slot]!;
      const forgotten = hour > last + forgottenAfterHours;
      if (hour > last) this.#lastHours[slot] = hour;
      this.#counts[slot] = forgotten ? 1 : this.#counts[slot]! + 1;
      return forgotten;
    }
    this.#insert(slot, key, 1, hour);
    return true;
  }

  has(key: number): boolean {
    return this.#keys[this.#find(key)] === key;
  }

  /** For a checkpoint, in the order of the table. */
  entries(): { keys: Float64Array; counts: Float32Array; lastHours: Uint32Array } {
    const size = this.#size;
    const entries = { keys: new Float64Array(size), counts: new Float32Array(size), lastHours: new Uint32Array(size) };
    for (let slot = 0, at = 0; at < size; slot++) {
      if (this.#keys[slot] === 0) continue;
      entries.keys[at] = this.#keys[slot]!;
      entries.counts[at] = this.#counts[slot]!;
      entries.lastHours[at++] = this.#lastHours[slot]!;
    }
    return entries;
  }

  restore({ keys, counts, lastHours }: ReturnType<SeenSet['entries']>): void {
    keys.forEach((key, at) => {
      const slot = this.#find(key);
      if (this.#keys[slot] !== key) this.#insert(slot, key, counts[at]!, lastHours[at]!);
    });
  }

  #insert(slot: number, key: number, count: number, hour: number): void {
    this.#keys[slot] = key;
    this.#counts[slot] = count;
    this.#lastHours[slot] = hour;
    this.#size++;
    if (this.#size > this.#itemsMax) this.#evict();
    else if (this.#size * 4 > this.#keys.length * 3) this.#rebuild(this.#keys.length * 2, 0);
  }

  /** An eighth at once, those not seen for longest: each look costs as much as the table is long. */
  #evict(): void {
    const ages = this.#lastHours.filter((_, slot) => this.#keys[slot] !== 0).sort();
    const before = this.#size;
    this.#rebuild(this.#keys.length, ages[Math.floor(ages.length / 8)]!);
    this.evicted += before - this.#size;
  }

  /** Keeps those seen at `fromHour` or later; at least the newest stay where all have the same hour. */
  #rebuild(slots: number, fromHour: number): void {
    const old = { keys: this.#keys, counts: this.#counts, lastHours: this.#lastHours };
    this.#keys = new Float64Array(slots);
    this.#counts = new Float32Array(slots);
    this.#lastHours = new Uint32Array(slots);
    this.#size = 0;
    const roomMax = fromHour > 0 ? this.#itemsMax - Math.ceil(this.#itemsMax / 8) : this.#itemsMax;
    for (let at = 0; at < old.keys.length && this.#size < roomMax; at++) {
      if (old.keys[at] === 0 || old.lastHours[at]! < fromHour) continue;
      const slot = this.#find(old.keys[at]!);
      this.#keys[slot] = old.keys[at]!;
      this.#counts[slot] = old.counts[at]!;
      this.#lastHours[slot] = old.lastHours[at]!;
      this.#size++;
    }
  }

  #find(key: number): number {
    const mask = this.#keys.length - 1;
    let slot = (key ^ (key / 2 ** 32)) & mask;
    for (;;) {
      const found = this.#keys[slot];
      if (found === key || found === 0) return slot;
      slot = (slot + 1) & mask;
    }
  }
}

/** A power of two: the place of a key is its low bits. */
const SLOTS_LEAST = 8;
