import { randomBytes } from 'node:crypto';

/** Crockford's base 32, lower case: no i, l, o, u. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_CHARS = 10;
const RANDOM_CHARS = 16;

export type RandomBytes = (length: number) => Uint8Array;

/**
 * Makes ULIDs in lower case, 26 characters: 48 bits of time, 80 random bits. Each sorts after all before it, also within
 * one millisecond and when the clock steps back.
 */
export class UlidSource {
  readonly #random: RandomBytes;
  #lastMs = -1;
  #digits: number[] = [];

  constructor(random: RandomBytes = randomBytes) {
    this.#random = random;
  }

  next(nowMs: number): string {
    if (nowMs > this.#lastMs) {
      this.#lastMs = nowMs;
      this.#digits = [...this.#random(RANDOM_CHARS)].map((byte) => byte & 31);
    } else this.#increment();
    let time = '';
    for (let rest = this.#lastMs, at = 0; at < TIME_CHARS; at++, rest = Math.floor(rest / 32)) {
      time = ALPHABET[rest % 32] + time;
    }
    return time + this.#digits.map((digit) => ALPHABET[digit]).join('');
  }

  #increment(): void {
    for (let at = RANDOM_CHARS - 1; at >= 0; at--) {
      this.#digits[at] = (this.#digits[at]! + 1) & 31;
      if (this.#digits[at] !== 0) return;
    }
    // All 80 bits ran over: the next millisecond is borrowed.
    this.#lastMs++;
  }
}
