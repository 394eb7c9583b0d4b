// Randomness of the demo: the same seed tells the same week on any machine. Not for secrets.
import { createHash } from 'node:crypto';

const WORDS = 64;

/** Words of SHA-256 over the seed, what they are for, and a counter. */
export class Seeded {
  readonly #name: string;
  #counter = 0;
  #at = WORDS;
  #words = new Uint32Array(WORDS);

  /** Two with the same parts draw the same; parts say what it is for: a host, an hour. */
  constructor(...parts: readonly (string | number)[]) {
    this.#name = parts.join(' ');
  }

  /** [0, 1) */
  uniform(): number {
    if (this.#at === WORDS) this.#draw();
    return this.#words[this.#at++]! / 2 ** 32;
  }

  /** 0 to `below` - 1. */
  integer(below: number): number {
    return Math.floor(this.uniform() * below);
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.integer(list.length)]!;
  }

  /** The first is picked most often, as people do. */
  favour<T>(list: readonly T[]): T {
    return list[Math.floor(this.uniform() ** 2 * list.length)]!;
  }

  /** How often something of this mean happened (Knuth's way; means here are small). */
  count(mean: number): number {
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = this.uniform(); product > limit; product *= this.uniform()) count++;
    return count;
  }

  /** Positive, most of it near `middle`, some of it several times as much. */
  spread(middle: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
    return Math.round(middle * Math.exp(0.8 * normal));
  }

  #draw(): void {
    const bytes: Buffer[] = [];
    for (let each = 0; each < WORDS / 8; each++) {
      bytes.push(
        createHash('sha256')
          .update(`${this.#name} ${this.#counter++}`)
          .digest(),
      );
    }
    const all = Buffer.concat(bytes);
    for (let word = 0; word < WORDS; word++) this.#words[word] = all.readUInt32LE(word * 4);
    this.#at = 0;
  }
}
