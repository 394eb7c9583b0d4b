// The texts of tokens seen lately, by their hash.
//
// Invariant: at most two generations of WORDS_MAX. When the newer is full it becomes the older, and what nobody used since is
// forgotten: then a token is still scored, but nobody can say what it was, and it is not learned.

/** Pairs of parent and child of a fleet are some thousands. */
const WORDS_MAX = 8_192;
/** Hashes noted last, by their lowest bits: most tokens are those of a moment ago. */
const RECENT = 1_024;

export class Words {
  #newer = new Map<number, string>();
  #older = new Map<number, string>();
  readonly #recent = new Float64Array(RECENT);

  note(hash: number, text: string): void {
    const slot = hash & (RECENT - 1);
    if (this.#recent[slot] === hash) return;
    this.#recent[slot] = hash;
    if (this.#newer.has(hash)) return;
    if (this.#newer.size >= WORDS_MAX) {
      this.#older = this.#newer;
      this.#newer = new Map();
      this.#recent.fill(0);
    }
    this.#newer.set(hash, text);
  }

  text(hash: number): string | undefined {
    return this.#newer.get(hash) ?? this.#older.get(hash);
  }

  state(): { newer: Map<number, string>; older: Map<number, string> } {
    return { newer: this.#newer, older: this.#older };
  }

  restore({ newer, older }: ReturnType<Words['state']>): void {
    this.#newer = new Map(newer);
    this.#older = new Map(older);
    this.#recent.fill(0);
  }
}
