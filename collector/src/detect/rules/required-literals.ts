// What a text must contain for a regular expression to have a chance. Most rules look at most events in vain, and a plain
// search for a word costs a fraction of running the expression.

/** Every group of this list must be met: one of its texts is contained. Longest first; empty where nothing is certain. */
export type RequiredLiterals = string[][];

/** Characters that stand for something else than themselves after a backslash. */
const CLASS_ESCAPE = /[A-Za-z0-9]/;
const ALTERNATIVES_MAX = 32;
/** A class of a few characters that all stand for themselves. */
const PLAIN_CLASS = /^[A-Za-z0-9_/.]{1,4}$/;

/**
 * Reads a case-sensitive RE2 expression. Whatever it is not sure of it takes to match anything: the result may ask for
 * too little, never for too much.
 */
export function requiredLiterals(expression: string): RequiredLiterals {
  // Inline flags and quoting change what the characters after them mean; beyond ASCII a character may be two units.
  if (/\(\?[^:]|\\Q|\[\[|\[\^?\]/.test(expression) || !/^[ -~]*$/.test(expression)) return [];
  const reader = new Reader(expression);
  const { groups } = reader.alternation();
  if (reader.failed || !reader.atEnd) return [];
  return groups.sort((a, b) => shortest(b) - shortest(a));
}

/** A part of an expression. */
interface Part {
  /** All it can match, where that is a few texts. */
  exact: readonly string[] | undefined;
  groups: RequiredLiterals;
}

const ANYTHING: Part = { exact: undefined, groups: [] };

function exactly(texts: readonly string[]): Part {
  return { exact: texts, groups: texts.includes('') ? [] : [[...texts]] };
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
  alternation(): Part {
    const branches = [this.#sequence()];
    while (this.#text[this.#at] === '|') {
      this.#at++;
      branches.push(this.#sequence());
    }
    if (branches.length === 1) return branches[0]!;
    const exact = branches.flatMap((branch) => branch.exact ?? []);
    if (branches.every((branch) => branch.exact) && exact.length <= ALTERNATIVES_MAX) return exactly(exact);
    const union: string[] = [];
    for (const { groups } of branches) {
      const best = groups.toSorted((a, b) => shortest(b) - shortest(a))[0];
      if (!best) return ANYTHING;
      union.push(...best);
    }
    return { exact: undefined, groups: union.length <= ALTERNATIVES_MAX ? [union] : [] };
  }

  #sequence(): Part {
    const groups: RequiredLiterals = [];
    let run: readonly string[] = [''];
    let whole = true;
    const endRun = () => {
      groups.push(...exactly(run).groups);
      run = [''];
      whole = false;
    };
    while (!this.atEnd && !this.failed && this.#text[this.#at] !== '|' && this.#text[this.#at] !== ')') {
      const { exact, groups: inner } = this.#atom();
      const { optional, repeated } = this.#quantifier();
      if (exact && !optional && run.length * exact.length <= ALTERNATIVES_MAX) {
        run = run.flatMap((begun) => exact.map((text) => begun + text));
        if (repeated) endRun();
        continue;
      }
      endRun();
      if (!optional) groups.push(...inner);
    }
    if (whole) return exactly(run);
    endRun();
    return { exact: undefined, groups };
  }

  #atom(): Part {
    const char = this.#text[this.#at++]!;
    if (char === '(') {
      if (this.#text.startsWith('?:', this.#at)) this.#at += 2;
      const inner = this.alternation();
      if (this.#text[this.#at++] !== ')') this.failed = true;
      return inner;
    }
    if (char === '[') return this.#class();
    if (char === '\\') {
      const escaped = this.#text[this.#at++];
      // An escape such as \x41 or \pL is longer than two characters; what follows it is then not certain either.
      if (escaped === undefined || /[xpPcu0-9]/.test(escaped)) this.failed = true;
      return escaped === undefined || CLASS_ESCAPE.test(escaped) ? ANYTHING : exactly([escaped]);
    }
    return char === '.' || char === '^' || char === '$' ? ANYTHING : exactly([char]);
  }

  #class(): Part {
    const from = this.#at;
    for (let inside = this.#text[this.#at]; inside !== ']'; inside = this.#text[this.#at]) {
      if (inside === undefined) {
        this.failed = true;
        return ANYTHING;
      }
      this.#at += inside === '\\' ? 2 : 1;
    }
    const characters = this.#text.slice(from, this.#at++);
    return PLAIN_CLASS.test(characters) ? exactly([...characters]) : ANYTHING;
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
