// How rare a value is among those seen lately, also beyond the largest of them.
//
// Form: the newest `capacity` values twice: in the order they came, to know which goes, and sorted, to count by bisection.
const LOWER = 0.95;
const UPPER = 0.99;
/** What is no farther apart is the same value, reckoned in another order; of what is beyond 1 the share of it. */
const ROUNDING = 1e-6;

export class Tail {
  readonly #newest: Float64Array;
  readonly #sorted: Float64Array;
  readonly #scaleLeast: number;
  #count = 0;
  #next = 0;

  /** `scaleLeast`: by how much a value has to grow, beyond the largest hundredth, to be ten times rarer, at the least. */
  constructor(capacity: number, scaleLeast = 0) {
    this.#scaleLeast = scaleLeast;
    this.#newest = new Float64Array(capacity);
    this.#sorted = new Float64Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  /**
   * -log10 of the probability of a value at least this large. Up to the largest hundredth it is the share of such values, as
   * in conformal prediction (Vovk, Gammerman and Shafer, 2005). From there on the tail goes on exponentially, as steep as it is
   * between the largest twentieth and hundredth: what was extreme before does not make the next extreme ordinary.
   */
  rarity(value: number): number {
    const count = this.#count;
    const upper = this.#sorted[Math.floor(UPPER * count)]!;
    if (count === 0 || value <= upper) {
      return Math.log10((count + 1) / (count - this.#below(value) + 1));
    }
    const steep = upper - this.#sorted[Math.floor(LOWER * count)]!;
    const own = steep > 0 ? steep / Math.log10((1 - LOWER) / (1 - UPPER)) : this.#meanExcess(upper);
    const scale = Math.max(own, this.#scaleLeast);
    const share = Math.log10((count + 1) / (count - Math.floor(UPPER * count) + 1));
    return share + (scale > 0 ? (value - upper) / scale : 1);
  }

  /**
   * The same, never rarer than what was seen allows: up to the largest, the share of values at least as large; beyond it the
   * tail goes on no steeper than the largest hundredth is on average (peaks over threshold: Davison and Smith, 1990). For
   * values of which hardly any is an attack's, and whose tail no one curve tells.
   */
  boundedRarity(value: number): number {
    const count = this.#count;
    const rarity = this.rarity(value);
    if (count === 0) return rarity;
    const seen = Math.log10((count + 1) / (count - this.#below(value) + 1));
    const beyond = value - this.#sorted[count - 1]!;
    if (beyond <= 0) return Math.min(rarity, seen);
    const excess = this.#meanExcess(this.#sorted[Math.floor(UPPER * count)]!);
    return Math.min(rarity, seen + (excess > 0 ? beyond / excess / Math.LN10 : 1));
  }

  /**
   * The value itself, or the kept one that it is up to rounding. Where many are alike, one that was reckoned in another order is beside
   * them all, and as rare as if they were not there.
   */
  near(value: number): number {
    const at = this.#below(value);
    let nearest = value;
    let within = ROUNDING * Math.max(1, Math.abs(value));
    for (const place of [at, at - 1]) {
      if (place < 0 || place >= this.#count) continue;
      const kept = this.#sorted[place]!;
      if (Math.abs(kept - value) > within) continue;
      within = Math.abs(kept - value);
      nearest = kept;
    }
    return nearest;
  }

  /** By how much the values above one exceed it, on average; 0 where none does. */
  #meanExcess(value: number): number {
    const from = this.#below(value);
    let sum = 0;
    for (let at = from; at < this.#count; at++) sum += this.#sorted[at]! - value;
    return sum / (this.#count - from);
  }

  add(value: number): void {
    const capacity = this.#newest.length;
    const sorted = this.#sorted;
    const at = this.#below(value);
    if (this.#count < capacity) {
      sorted.copyWithin(at + 1, at, this.#count++);
      sorted[at] = value;
    } else {
      // Only what lies between the one that goes and the one that comes moves.
      const gone = this.#below(this.#newest[this.#next]!);
      if (gone < at) sorted.copyWithin(gone, gone + 1, at);
      else sorted.copyWithin(at + 1, at, gone);
      sorted[gone < at ? at - 1 : at] = value;
    }
    this.#newest[this.#next] = value;
    this.#next = (this.#next + 1) % capacity;
  }

  /** How many are smaller. */
  #below(value: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
