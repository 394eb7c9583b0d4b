// The texts of a batch, each once. What was a text of batches before is found with its hash: hosts say the same all day.
//
// Form: `#known` and `#joined` are of all batches; what stands in the present one has its number and its place there. Invariant: a
// number is given once until everything is forgotten, which is only between two batches.
import { hashText } from './hash-text.ts';
import { networkOf } from './network-of.ts';

/** Of a name or path, in UTF-16 units: what is longer is told apart well enough by its beginning, and is not remembered. */
const TEXT_UNITS_MAX = 256;
/** Texts that are remembered: programs, commands, users and networks of some hosts. With those of one batch beyond it, some MiB. */
const KNOWN_MAX = 4_096;
/** More than there ever are at once: those above, and 6 of each event of the largest batch. */
const NUMBERS_MAX = 2 ** 15;
const HASHES_FIRST = 64;

/** A text that is known; `batch` is the one that has it last, and `place` one more than where it stands in that. */
export interface KnownText {
  readonly text: string;
  readonly hash: number;
  readonly number: number;
  batch: number;
  place: number;
}

export class BatchTexts {
  #known = new Map<string, KnownText>();
  #joined = new Map<number, KnownText>();
  #networks = new Map<string, string>();
  #numbers = 0;
  #batch = 0;
  #texts: string[] = [];
  #hashes = new Float64Array(HASHES_FIRST);

  begin(): void {
    this.#batch++;
    this.#texts = [];
    if (this.#numbers < KNOWN_MAX && this.#networks.size < KNOWN_MAX) return;
    this.#known = new Map();
    this.#joined = new Map();
    this.#networks = new Map();
    this.#numbers = 0;
  }

  /** Of the present batch; its hashes are a copy. */
  finish(): { texts: string[]; hashes: Float64Array } {
    return { texts: this.#texts, hashes: this.#hashes.slice(0, this.#texts.length) };
  }

  /** A text, now one of the present batch. */
  take(text: string): KnownText {
    let known = this.#known.get(text);
    if (!known) {
      known = this.#learn(text);
      if (text.length <= TEXT_UNITS_MAX) this.#known.set(text, known);
    }
    return this.#place(known);
  }

  /** One that is made of two of the present batch: `make` is asked where it is not known. `kind` tells ways to make one apart: 0 or 1. */
  join(kind: 0 | 1, first: KnownText, second: KnownText, make: (first: string, second: string) => string): KnownText {
    const key = (first.number * NUMBERS_MAX + second.number) * 2 + kind;
    const known = this.#joined.get(key);
    if (known) return this.#place(known);
    const made = this.take(make(first.text, second.text));
    this.#joined.set(key, made);
    return made;
  }

  /** The network of an address. */
  takeNetwork(address: string): KnownText {
    let network = this.#networks.get(address);
    if (network === undefined) {
      network = networkOf(address);
      if (address.length <= TEXT_UNITS_MAX) this.#networks.set(address, network);
    }
    return this.take(network);
  }

  #learn(text: string): KnownText {
    const kept = text.length > TEXT_UNITS_MAX ? text.slice(0, TEXT_UNITS_MAX) : text;
    return { text: kept, hash: hashText(kept), number: this.#numbers++, batch: 0, place: 0 };
  }

  #place(known: KnownText): KnownText {
    if (known.batch === this.#batch) return known;
    const place = this.#texts.push(known.text);
    if (place > this.#hashes.length) {
      const longer = new Float64Array(2 * this.#hashes.length);
      longer.set(this.#hashes);
      this.#hashes = longer;
    }
    this.#hashes[place - 1] = known.hash;
    known.batch = this.#batch;
    known.place = place;
    return known;
  }
}
