// A number for each pair of numbers: a hash table in typed arrays, a tenth of what a Map of as many pairs takes.
//
// Form: open addressing, linear probing, at most half full. `#numbers[slot]` is 0 where nothing is, else one more than the number.
const SLOTS_FIRST = 1024;

/** What a table has, to be kept: each pair and its number. */
export interface PairEntries {
  firsts: Uint32Array;
  seconds: Uint32Array;
  numbers: Uint32Array;
}

export class PairTable {
  #firsts = new Uint32Array(SLOTS_FIRST);
  #seconds = new Uint32Array(SLOTS_FIRST);
  #numbers = new Uint32Array(SLOTS_FIRST);
  #count = 0;

  /** How many pairs it has. */
  get size(): number {
    return this.#count;
  }

  /** The number of a pair; undefined for one that was not set. */
  get(first: number, second: number): number | undefined {
    const found = this.#numbers[this.#slotOf(first, second)]!;
    return found === 0 ? undefined : found - 1;
  }

  /** Gives a pair a number, below 2^32 - 1. Both of the pair are integers of 32 bits. */
  set(first: number, second: number, number: number): void {
    const slot = this.#slotOf(first, second);
    if (this.#numbers[slot] === 0) {
      this.#firsts[slot] = first;
      this.#seconds[slot] = second;
      this.#count++;
    }
    this.#numbers[slot] = number + 1;
    if (2 * this.#count > this.#numbers.length) this.#grow();
  }

  entries(): PairEntries {
    const entries = {
      firsts: new Uint32Array(this.#count),
      seconds: new Uint32Array(this.#count),
      numbers: new Uint32Array(this.#count),
    };
    for (let slot = 0, at = 0; slot < this.#numbers.length; slot++) {
      if (this.#numbers[slot] === 0) continue;
      entries.firsts[at] = this.#firsts[slot]!;
      entries.seconds[at] = this.#seconds[slot]!;
      entries.numbers[at++] = this.#numbers[slot]! - 1;
    }
    return entries;
  }

  /** Adds what another table had. */
  restore({ firsts, seconds, numbers }: PairEntries): void {
    for (let at = 0; at < numbers.length; at++) this.set(firsts[at]!, seconds[at]!, numbers[at]!);
  }

  #slotOf(first: number, second: number): number {
    const mask = this.#numbers.length - 1;
    let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second + 0x7f4a7c15, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    let slot = (hash ^ (hash >>> 13)) & mask;
    while (this.#numbers[slot] !== 0 && (this.#firsts[slot] !== first || this.#seconds[slot] !== second)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #grow(): void {
    const [firsts, seconds, numbers] = [this.#firsts, this.#seconds, this.#numbers];
    this.#firsts = new Uint32Array(2 * firsts.length);
    this.#seconds = new Uint32Array(2 * firsts.length);
    this.#numbers = new Uint32Array(2 * firsts.length);
    for (let slot = 0; slot < numbers.length; slot++) {
      if (numbers[slot] === 0) continue;
      const to = this.#slotOf(firsts[slot]!, seconds[slot]!);
      this.#firsts[to] = firsts[slot]!;
      this.#seconds[to] = seconds[slot]!;
      this.#numbers[to] = numbers[slot]!;
    }
  }
}
