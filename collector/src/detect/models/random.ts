// Seeded randomness for models: the same seed gives the same model on any machine. Not for secrets.

/** xoshiro128** 1.1 (Blackman and Vigna, 2018), its state filled from the seed by SplitMix32. */
export class Random {
  readonly #state = new Uint32Array(4);
  #spare: number | undefined;

  /** `seed`: any integer; the low 32 bits and the next 21 count. */
  constructor(seed: number) {
    let low = seed >>> 0;
    const high = Math.floor(Math.abs(seed) / 2 ** 32) >>> 0;
    for (let i = 0; i < 4; i++) {
      low = (low + 0x9e3779b9) >>> 0;
      let mixed = low ^ Math.imul(high, 0x85ebca6b);
      mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
      this.#state[i] = (mixed ^ (mixed >>> 15)) >>> 0;
    }
    // The one state the generator never leaves.
    if (this.#state.every((word) => word === 0)) this.#state[0] = 1;
  }

  /** A generator of its own for part `index`, so that parts may be made in any order and in any thread. */
  fork(index: number): Random {
    return new Random((this.#state[0]! ^ Math.imul(index + 1, 0x9e3779b1)) * 2097152 + (this.#state[1]! >>> 11));
  }

  /** Uniform over all integers of 32 bits. */
  uint32(): number {
    const state = this.#state;
    const scrambled = Math.imul(rotateLeft(Math.imul(state[1]!, 5), 7), 9) >>> 0;
    const shifted = state[1]! << 9;
    state[2]! ^= state[0]!;
    state[3]! ^= state[1]!;
    state[1]! ^= state[2]!;
    state[0]! ^= state[3]!;
    state[2]! ^= shifted;
    state[3] = rotateLeft(state[3]!, 11);
    return scrambled;
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    return (this.uint32() * 2 ** 21 + (this.uint32() >>> 11)) / 2 ** 53;
  }

  /** Uniform over 0 to `below` - 1, without bias; `below` from 1 to 2^32. */
  integer(below: number): number {
    const limit = 2 ** 32 - (2 ** 32 % below);
    let drawn = this.uint32();
    while (drawn >= limit) drawn = this.uint32();
    return drawn % below;
  }

  /** Standard normal (Marsaglia and Bray's polar method, 1964). */
  normal(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    let x: number;
    let y: number;
    let square: number;
    do {
      x = 2 * this.uniform() - 1;
      y = 2 * this.uniform() - 1;
      square = x * x + y * y;
    } while (square >= 1 || square === 0);
    const factor = Math.sqrt((-2 * Math.log(square)) / square);
    this.#spare = y * factor;
    return x * factor;
  }

  /** Puts an array in random order, in place (Fisher and Yates). */
  shuffle<T extends { length: number; [index: number]: number }>(array: T): T {
    for (let last = array.length - 1; last > 0; last--) {
      const other = this.integer(last + 1);
      const kept = array[last]!;
      array[last] = array[other]!;
      array[other] = kept;
    }
    return array;
  }

  /** `count` different integers below `below`, in random order. `count` at most `below`. */
  sample(count: number, below: number): Uint32Array {
    // Floyd's algorithm (1987): no array of all of them where few are wanted.
    const chosen = new Set<number>();
    for (let top = below - count; top < below; top++) {
      const drawn = this.integer(top + 1);
      chosen.add(chosen.has(drawn) ? top : drawn);
    }
    return this.shuffle(Uint32Array.from(chosen));
  }
}

function rotateLeft(word: number, bits: number): number {
  return ((word << bits) | (word >>> (32 - bits))) >>> 0;
}
