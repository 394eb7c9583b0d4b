// Many texts looked for in one pass (Aho and Corasick, 1975), each anywhere, at the beginning or at the end of a value.
//
// Form: a state is the offset of its row in #next, which has a column for each character that any text has, so that a
// character is one step. A step into a state where texts end is written as its complement. Beginning and end of a value are
// characters of their own.

/** Column of every character no text has. */
const OTHER = 0;
const START = 1;
const END = 2;
const FIRST_LETTER = 3;
const ASCII = 128;
/** Characters beyond ASCII whose lower case begins with a letter of ASCII, or that expressions take for one. */
const FOLDED: ReadonlyMap<number, string> = new Map([
  [0x130, 'i'],
  [0x17f, 's'],
  [0x212a, 'k'],
]);

/** Told of what stands for the texts found: may be told of the same more than once. */
export interface Hits {
  add(hit: number): void;
}

export class TextAutomaton {
  readonly #columns = new Uint8Array(ASCII);
  readonly #width: number;
  #next: Int32Array;
  #states = 1;
  /** By number of the state, what stands for the texts that end there. */
  readonly #ends: number[][] = [[]];
  /** Where a value begins. */
  readonly #begin: number;

  /** Of texts in lower case and ASCII, each with what it is known by. */
  constructor(texts: readonly { text: string; start: boolean; end: boolean; hit: number }[]) {
    let columns = FIRST_LETTER;
    for (const { text } of texts) {
      for (let at = 0; at < text.length; at++) {
        const code = text.charCodeAt(at);
        if (this.#columns[code] === OTHER) this.#columns[code] = columns++;
      }
    }
    this.#width = columns;
    this.#next = new Int32Array(this.#width * 64);
    for (const { text, start, end, hit } of texts) {
      const letters = Array.from({ length: text.length }, (_, at) => this.#columns[text.charCodeAt(at)]!);
      this.#add([...(start ? [START] : []), ...letters, ...(end ? [END] : [])], hit);
    }
    for (let code = 0; code < ASCII; code++) {
      const lower = String.fromCharCode(code).toLowerCase().charCodeAt(0);
      if (lower !== code) this.#columns[code] = this.#columns[lower]!;
    }
    this.#next = this.#next.slice(0, this.#states * this.#width);
    this.#complete();
    this.#begin = this.#next[START]!;
  }

  /** Looks through a value, upper and lower case alike. */
  find(value: string, hits: Hits): void {
    this.#finish(this.#walk(value, this.#begin, hits), hits);
  }

  /** Looks through the value that these are, joined by spaces. */
  findJoined(values: readonly string[], hits: Hits): void {
    const space = this.#columns[0x20]!;
    let state = this.#begin;
    for (let at = 0; at < values.length; at++) {
      if (at > 0) state = this.#step(state, space, hits);
      state = this.#walk(values[at]!, state, hits);
    }
    this.#finish(state, hits);
  }

  #walk(value: string, from: number, hits: Hits): number {
    const next = this.#next;
    const columns = this.#columns;
    let state = from;
    for (let at = 0; at < value.length; at++) {
      const code = value.charCodeAt(at);
      state = next[state + (code < ASCII ? columns[code]! : this.#foldedColumn(code))]!;
      if (state < 0) {
        state = ~state;
        this.#tell(state, hits);
      }
    }
    return state;
  }

  #step(state: number, column: number, hits: Hits): number {
    const to = this.#next[state + column]!;
    if (to < 0) this.#tell(~to, hits);
    return to < 0 ? ~to : to;
  }

  #finish(state: number, hits: Hits): void {
    const to = this.#next[state + END]!;
    if (to < 0) this.#tell(~to, hits);
  }

  #tell(state: number, hits: Hits): void {
    const ends = this.#ends[state / this.#width]!;
    for (let at = 0; at < ends.length; at++) hits.add(ends[at]!);
  }

  #foldedColumn(code: number): number {
    const letter = FOLDED.get(code);
    return letter === undefined ? OTHER : this.#columns[letter.charCodeAt(0)]!;
  }

  #add(letters: readonly number[], hit: number): void {
    let state = 0;
    for (const letter of letters) {
      if (this.#next[state + letter] === 0) {
        // Into a larger table before the place is looked up: it may be another one afterwards.
        const grown = this.#grow();
        this.#next[state + letter] = grown;
      }
      state = this.#next[state + letter]!;
    }
    this.#ends[state / this.#width]!.push(hit);
  }

  /** Fills in where to go on when a text breaks off: the longest other text that has begun. Breadth first. */
  #complete(): void {
    const [next, width] = [this.#next, this.#width];
    const fallback = new Int32Array(this.#states);
    const queue: number[] = [];
    for (let letter = 0; letter < width; letter++) if (next[letter]) queue.push(next[letter]!);
    for (let head = 0; head < queue.length; head++) {
      const state = queue[head]!;
      const other = fallback[state / width]!;
      const own = this.#ends[state / width]!;
      this.#ends[state / width] = [...new Set([...own, ...this.#ends[other / width]!])];
      for (let letter = 0; letter < width; letter++) {
        const target = next[state + letter]!;
        const otherwise = next[other + letter]!;
        if (target === 0) next[state + letter] = otherwise;
        else {
          fallback[target / width] = otherwise;
          queue.push(target);
        }
      }
    }
    for (let at = 0; at < this.#states * width; at++) {
      if (this.#ends[next[at]! / width]!.length > 0) next[at] = ~next[at]!;
    }
  }

  #grow(): number {
    const state = this.#states++ * this.#width;
    if (state + this.#width > this.#next.length) {
      const larger = new Int32Array(this.#next.length * 2);
      larger.set(this.#next);
      this.#next = larger;
    }
    this.#ends.push([]);
    return state;
  }
}
