// What an entity was seen with before, of all categories: hashes with when they were seen last, in one table of open addressing.
//
// Form: a slot is SLOT_BYTES, so that a look touches one line of the processor's caches: the key (double; 0 is a free slot), the hour it
// was seen last and one more than its category (uint32 each). Invariants: at most three quarters of the slots are taken. Beyond
// `itemsMax` of a category those that were not seen for longest make room. Keys are handed over by their place in an array: a double
// that is handed from function to function is an object of its own.
const SLOT_BYTES = 16;
const SLOT_DOUBLES = 2;
const SLOT_WORDS = 4;
const HOUR = 2;
const CATEGORY = 3;
/** A power of two: the place of a key is its low bits. */
const SLOTS_LEAST = 8;
/** Apart for each category, as the same item is often in several. */
const CATEGORY_BITS = 0x9e3779b1;

/** The items of one category, as a checkpoint has them. */
export interface SeenEntries {
  keys: Float64Array;
  lastHours: Uint32Array;
}

export class SeenSet {
  /** Items given up for lack of room: should they come again, they are taken for new. */
  evicted = 0;
  readonly #itemsMax: number;
  readonly #sizes: number[];
  #size = 0;
  /** One less than there are slots. */
  #mask = SLOTS_LEAST - 1;
  #keys: Float64Array;
  #words: Uint32Array;

  constructor(categories: number, itemsMax: number) {
    this.#itemsMax = itemsMax;
    this.#sizes = new Array<number>(categories).fill(0);
    const room = new ArrayBuffer(SLOTS_LEAST * SLOT_BYTES);
    this.#keys = new Float64Array(room);
    this.#words = new Uint32Array(room);
  }

  /** Of all categories. */
  get size(): number {
    return this.#size;
  }

  /**
   * Notes the item whose key is at a place of `keys`, and says whether it is new: never seen, or not for so long (hours) that it does
   * not count any more. `hour` is hours since the epoch.
   */
  note(category: number, keys: Float64Array, at: number, hour: number, forgottenAfterHours: number): boolean {
    const slot = this.#find(category, keys, at);
    const words = this.#words;
    if (words[slot * SLOT_WORDS + CATEGORY] === 0) {
      this.#insert(slot, category, keys[at]!, hour);
      return true;
    }
    const last = words[slot * SLOT_WORDS + HOUR]!;
    if (hour > last) words[slot * SLOT_WORDS + HOUR] = hour;
    return hour > last + forgottenAfterHours;
  }

  has(category: number, keys: Float64Array, at: number): boolean {
    return this.#words[this.#find(category, keys, at) * SLOT_WORDS + CATEGORY] !== 0;
  }

  /** For a checkpoint, in the order of the table; undefined where a category has none. */
  entries(category: number): SeenEntries | undefined {
    const size = this.#sizes[category]!;
    if (size === 0) return undefined;
    const entries = { keys: new Float64Array(size), lastHours: new Uint32Array(size) };
    for (let slot = 0, at = 0; at < size; slot++) {
      if (this.#words[slot * SLOT_WORDS + CATEGORY] !== category + 1) continue;
      entries.keys[at] = this.#keys[slot * SLOT_DOUBLES]!;
      entries.lastHours[at++] = this.#words[slot * SLOT_WORDS + HOUR]!;
    }
    return entries;
  }

  restore(category: number, { keys, lastHours }: SeenEntries): void {
    for (let at = 0; at < keys.length; at++) {
      const slot = this.#find(category, keys, at);
      if (this.#words[slot * SLOT_WORDS + CATEGORY] === 0) this.#insert(slot, category, keys[at]!, lastHours[at]!);
    }
  }

  #insert(slot: number, category: number, key: number, hour: number): void {
    this.#fill(slot, category, key, hour);
    if (this.#sizes[category]! > this.#itemsMax) this.#evict(category);
    else if (this.#size * 4 > (this.#mask + 1) * 3) this.#rebuild((this.#mask + 1) * 2, -1, 0);
  }

  #fill(slot: number, category: number, key: number, hour: number): void {
    this.#keys[slot * SLOT_DOUBLES] = key;
    this.#words[slot * SLOT_WORDS + HOUR] = hour;
    this.#words[slot * SLOT_WORDS + CATEGORY] = category + 1;
    this.#sizes[category]!++;
    this.#size++;
  }

  /** An eighth at once, those not seen for longest: each look costs as much as the table is long. */
  #evict(category: number): void {
    const before = this.#sizes[category]!;
    const ages = this.entries(category)!.lastHours.sort();
    this.#rebuild(this.#mask + 1, category, ages[Math.floor(before / 8)]!);
    this.evicted += before - this.#sizes[category]!;
  }

  /** Of one category only those seen at `fromHour` or later; at least the newest stay where all have the same hour. */
  #rebuild(slots: number, evicting: number, fromHour: number): void {
    const [keys, words] = [this.#keys, this.#words];
    const room = new ArrayBuffer(slots * SLOT_BYTES);
    this.#mask = slots - 1;
    this.#keys = new Float64Array(room);
    this.#words = new Uint32Array(room);
    this.#sizes.fill(0);
    this.#size = 0;
    const roomMax = this.#itemsMax - Math.ceil(this.#itemsMax / 8);
    for (let at = 0; at * SLOT_WORDS < words.length; at++) {
      const category = words[at * SLOT_WORDS + CATEGORY]! - 1;
      if (category < 0) continue;
      const hour = words[at * SLOT_WORDS + HOUR]!;
      if (category === evicting && (hour < fromHour || this.#sizes[category]! >= roomMax)) continue;
      this.#fill(this.#find(category, keys, at * SLOT_DOUBLES), category, keys[at * SLOT_DOUBLES]!, hour);
    }
  }

  /** The slot of an item, or the free one it would take. */
  #find(category: number, keys: Float64Array, at: number): number {
    const [own, words] = [this.#keys, this.#words];
    const key = keys[at]!;
    const mask = this.#mask;
    let slot = (key ^ (key / 2 ** 32) ^ Math.imul(category, CATEGORY_BITS)) & mask;
    for (;;) {
      const found = own[slot * SLOT_DOUBLES];
      if (found === 0 || (found === key && words[slot * SLOT_WORDS + CATEGORY] === category + 1)) return slot;
      slot = (slot + 1) & mask;
    }
  }
}
