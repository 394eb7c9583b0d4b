// Patterns of STIX 2.1 (section 9), as far as one value of an event can answer them. A pattern becomes the alternatives it has
// (comparisons joined by AND, in disjunctive normal form); everything that would need more than that is refused by name.

/** Longer ones name thousands of values; those come as indicators of their own. */
const PATTERN_CHARS_MAX = 256 * 1024;
const ALTERNATIVES_MAX = 10_000;
/** Brackets within brackets. */
const DEPTH_MAX = 32;

export interface Comparison {
  /** `ipv4-addr:value`, `file:hashes.SHA-256`: quotes around a part are gone. */
  path: string;
  operator: '=' | 'ISSUBSET';
  value: string | number;
}

/** The pattern cannot be honoured; the message says which part of the language it asks for. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
  readonly code = 'pattern';
}

/** Alternatives, each of comparisons that all have to hold of the same observation. Throws PatternError. */
export function parsePattern(text: string): Comparison[][] {
  if (text.length > PATTERN_CHARS_MAX) throw new PatternError('a pattern too long');
  const parser = new Parser(tokens(text));
  const alternatives = parser.observations(0);
  parser.end();
  return alternatives;
}

interface Token {
  kind: 'word' | 'path' | 'string' | 'number' | 'sign';
  text: string;
}

const TOKEN =
  /\s*(?:([a-z0-9-]+:[A-Za-z0-9_](?:[A-Za-z0-9_.-]|'(?:[^'\\]|\\.)*'|\[(?:\*|\d+)\])*)|([tbh]?)'((?:[^'\\]|\\.)*)'|([+-]?\d+(?:\.\d+)?)|([A-Za-z_]+)|(<=|>=|!=|<>|[[\]()=<>,]))/y;

function tokens(text: string): Token[] {
  const found: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const match = TOKEN.exec(text);
    if (!match) throw new PatternError('a pattern that is not STIX');
    const [, path, typed, string, number, word, sign] = match;
    if (path !== undefined) found.push({ kind: 'path', text: path.replace(/'((?:[^'\\]|\\.)*)'/g, '$1') });
    else if (string !== undefined) {
      if (typed) throw new PatternError(`literals of the form ${typed}'...'`);
      found.push({ kind: 'string', text: string.replace(/\\(.)/g, '$1') });
    } else if (number !== undefined) found.push({ kind: 'number', text: number });
    else if (word !== undefined) found.push({ kind: 'word', text: word.toUpperCase() });
    else found.push({ kind: 'sign', text: sign! });
  }
  return found;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(all: readonly Token[]) {
    this.#tokens = all;
  }

  end(): void {
    if (this.#at < this.#tokens.length) this.#refuse();
  }

  /** `[...] OR [...]`: any of several observations. What joins them otherwise takes more than one event. */
  observations(depth: number): Comparison[][] {
    let found = this.#observation(depth);
    while (this.#takes('OR')) found = bounded([...found, ...this.#observation(depth)]);
    return found;
  }

  #observation(depth: number): Comparison[][] {
    if (depth > DEPTH_MAX) throw new PatternError('a pattern too deep');
    let found: Comparison[][];
    if (this.#takes('(')) {
      found = this.observations(depth + 1);
      this.#need(')');
    } else {
      this.#need('[');
      found = this.#alternatives(depth + 1);
      this.#need(']');
    }
    return found;
  }

  #alternatives(depth: number): Comparison[][] {
    let found = this.#conjunction(depth);
    while (this.#takes('OR')) found = bounded([...found, ...this.#conjunction(depth)]);
    return found;
  }

  #conjunction(depth: number): Comparison[][] {
    let found = this.#comparison(depth);
    while (this.#takes('AND')) {
      const other = this.#comparison(depth);
      if (found.length * other.length > ALTERNATIVES_MAX) throw new PatternError('a pattern of too many alternatives');
      found = found.flatMap((left) => other.map((right) => [...left, ...right]));
    }
    return found;
  }

  #comparison(depth: number): Comparison[][] {
    if (depth > DEPTH_MAX) throw new PatternError('a pattern too deep');
    if (this.#takes('(')) {
      const found = this.#alternatives(depth + 1);
      this.#need(')');
      return found;
    }
    const path = this.#next();
    if (path?.kind !== 'path') {
      this.#at--;
      this.#refuse();
    }
    const operator = this.#next()?.text ?? '';
    if (operator === 'IN') return this.#set(path!.text);
    if (operator !== '=' && operator !== 'ISSUBSET') throw new PatternError(named(operator));
    return [[{ path: path!.text, operator, value: this.#value() }]];
  }

  #set(path: string): Comparison[][] {
    this.#need('(');
    const found: Comparison[][] = [];
    do found.push([{ path, operator: '=', value: this.#value() }]);
    while (this.#takes(','));
    this.#need(')');
    return bounded(found);
  }

  #value(): string | number {
    const token = this.#next();
    if (token?.kind === 'string') return token.text;
    if (token?.kind === 'number') return Number(token.text);
    if (token?.kind === 'word' && (token.text === 'TRUE' || token.text === 'FALSE')) return token.text.toLowerCase();
    this.#at--;
    return this.#refuse();
  }

  #next(): Token | undefined {
    return this.#tokens[this.#at++];
  }

  #takes(text: string): boolean {
    const token = this.#tokens[this.#at];
    if (!token || token.kind === 'string' || token.kind === 'path' || token.text !== text) return false;
    this.#at++;
    return true;
  }

  #need(text: string): void {
    if (!this.#takes(text)) this.#refuse();
  }

  /** Words of the language that cannot be honoured are named; anything else is no pattern. */
  #refuse(): never {
    const token = this.#tokens[this.#at];
    throw new PatternError(
      token?.kind === 'word' || token?.kind === 'sign' ? named(token.text) : 'a pattern that is not STIX',
    );
  }
}

const WORDS: Record<string, string> = {
  NOT: 'NOT',
  LIKE: 'LIKE',
  MATCHES: 'MATCHES',
  EXISTS: 'EXISTS',
  ISSUPERSET: 'ISSUPERSET',
  FOLLOWEDBY: 'FOLLOWEDBY',
  WITHIN: 'WITHIN',
  REPEATS: 'REPEATS',
  START: 'START and STOP',
  AND: 'AND between observations',
  '!=': '!=',
  '<>': '!=',
  '<': 'comparisons by size',
  '>': 'comparisons by size',
  '<=': 'comparisons by size',
  '>=': 'comparisons by size',
};

function named(word: string): string {
  return Object.hasOwn(WORDS, word) ? `patterns with ${WORDS[word]}` : 'a pattern that is not STIX';
}

function bounded(alternatives: Comparison[][]): Comparison[][] {
  if (alternatives.length > ALTERNATIVES_MAX) throw new PatternError('a pattern of too many alternatives');
  return alternatives;
}
