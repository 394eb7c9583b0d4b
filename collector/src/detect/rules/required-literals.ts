// What a text must contain for a regular expression to have a chance. Most rules look at most events in vain, and a plain
// search for a word costs a fraction of running the expression.

/** Every group of this list must be met: one of its texts is contained. Longest first; empty where nothing is certain. */
export type RequiredLiterals = string[][];

/** Characters that stand for something else than themselves after a backslash. */
const CLASS_ESCAPE = /[A-Za-z0-9]/;
const ALTERNATIVES_MAX = 32;

/**
 * Reads a case-sensitive RE2 expression. Whatever it is not sure of it takes to match anything: the result may ask for
 * too little, never for too much.
 */
export function requiredLiterals(expression: string): RequiredLiterals {
  // Inline flags and quoting change what the characters after them mean; beyond ASCII a character may be two units.
  if (/\(\?[^:]|\\Q|\[\[|\[\^?\]/.test(expression) || !/^[ -~]*$/.test(expression)) return [];
  const reader = new Reader(expression);
  const groups = reader.alternation();
  if (reader.failed || !reader.atEnd) return [];
  return groups.sort((a, b) => shortest(b) - shortest(a));
}

class Reader {
  failed = false;
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Several branches ask for one group: the best of each branch, where each branch has one. */
  alternation(): RequiredLiterals {
    const branches = [this.#sequence()];
    while (this.#text[this.#at] === '|') {
      this.#at++;
      branches.push(this.#sequence());
    }
    if (branches.length === 1) return branches[0]!;
    const union: string[] = [];
    for (const branch of branches) {
      const best = branch.toSorted((a, b) => shortest(b) - shortest(a))[0];
      if (!best) return [];
      union.push(...best);
    }
    return union.length <= ALTERNATIVES_MAX ? [union] : [];
  }

  #sequence(): RequiredLiterals {
    const groups: RequiredLiterals = [];
    let run = '';
    const endRun = () => {
      if (run) groups.push([run]);
      run = '';
    };
    while (!this.atEnd && !this.failed && this.#text[this.#at] !== '|' && this.#text[this.#at] !== ')') {
      const atom = this.#atom();
      const { optional, repeated } = this.#quantifier();
      if (typeof atom === 'string') {
        if (optional) endRun();
        else run += atom;
        if (repeated) endRun();
        continue;
      }
      endRun();
      if (!optional) groups.push(...atom);
    }
    endRun();
    return groups;
  }

  /** One character that stands for itself, or what a group or class asks for. */
  #atom(): string | RequiredLiterals {
    const char = this.#text[this.#at++]!;
    if (char === '(') {
      if (this.#text.startsWith('?:', this.#at)) this.#at += 2;
      const inner = this.alternation();
      if (this.#text[this.#at++] !== ')') this.failed = true;
      return inner;
    }
    if (char === '[') {
      for (let inside = this.#text[this.#at]; inside !== ']'; inside = this.#text[this.#at]) {
        if (inside === undefined) {
          this.failed = true;
          return [];
        }
        this.#at += inside === '\\' ? 2 : 1;
      }
      this.#at++;
      return [];
    }
    if (char === '\\') {
      const escaped = this.#text[this.#at++];
      // An escape such as \x41 or \pL is longer than two characters; what follows it is then not certain either.
      if (escaped === undefined || /[xpPcu0-9]/.test(escaped)) this.failed = true;
      return escaped === undefined || CLASS_ESCAPE.test(escaped) ? [] : escaped;
    }
    return char === '.' || char === '^' || char === '$' ? [] : char;
  }

  #quantifier(): { optional: boolean; repeated: boolean } {
    const found = /^(?:[*+?]|\{(\d+)(?:,\d*)?\})\??/.exec(this.#text.slice(this.#at, this.#at + 16));
    if (!found) return { optional: false, repeated: false };
    this.#at += found[0].length;
    const optional = found[0][0] === '*' || found[0][0] === '?' || Number(found[1] ?? 1) === 0;
    return { optional, repeated: true };
  }
}

function shortest(texts: readonly string[]): number {
  return Math.min(...texts.map((text) => text.length));
}
