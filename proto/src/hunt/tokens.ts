// A hunt in words: fields, values, quoted texts, brackets, `|`, `,` and comparisons, each with its place.
import { HuntError } from './hunt-error.ts';

/** Characters of one hunt; a longer one is a program. */
const HUNT_LENGTH_MAX = 4_096;

export interface Token {
  /** `field`: a name with its colon. */
  kind: 'field' | 'word' | 'text' | '(' | ')' | '|' | ',' | 'compare' | 'end';
  /** Without quotes, and without the colon of a field. */
  text: string;
  at: number;
  length: number;
}

const ENDS_NAME = /[\s()|,"'<>=!:]/;
const ENDS_VALUE = /[\s()|,"']/;
const COMPARE = /^(?:>=|<=|!=|>|<|=)/;

/** Where values are expected they are taken as they stand, colons and comparisons included: 2001:db8::1, --level=3. */
type Expects = 'name' | 'value' | 'values';

export function tokenise(query: string): Token[] {
  if (query.length > HUNT_LENGTH_MAX) {
    throw new HuntError(`a hunt may have ${HUNT_LENGTH_MAX} characters`, { at: HUNT_LENGTH_MAX, length: 1 });
  }
  const tokens: Token[] = [];
  let expects: Expects = 'name';
  for (let at = 0; at < query.length; ) {
    if (/\s/.test(query[at]!)) {
      at += 1;
      continue;
    }
    const token = readToken(query, at, expects);
    expects = expectedAfter(token, expects);
    tokens.push(token);
    at += token.length;
  }
  tokens.push({ kind: 'end', text: '', at: query.length, length: 1 });
  return tokens;
}

function expectedAfter(token: Token, expects: Expects): Expects {
  if (token.kind === 'field' || token.kind === 'compare') return 'value';
  if (token.kind === '(' && expects === 'value') return 'values';
  return expects === 'values' && token.kind !== ')' && token.kind !== '|' ? 'values' : 'name';
}

function readToken(query: string, at: number, expects: Expects): Token {
  const character = query[at]!;
  if (character === '(' || character === ')' || character === '|' || character === ',') {
    return { kind: character, text: character, at, length: 1 };
  }
  if (character === '"' || character === "'") return readText(query, at, character);
  if (expects !== 'name') return word(query, at, endOf(query, at, ENDS_VALUE));
  const compare = COMPARE.exec(query.slice(at, at + 2))?.[0];
  if (compare) return { kind: 'compare', text: compare, at, length: compare.length };
  const end = endOf(query, at, ENDS_NAME);
  if (query[end] !== ':') return word(query, at, end);
  return { kind: 'field', text: query.slice(at, end), at, length: end + 1 - at };
}

function endOf(query: string, at: number, ends: RegExp): number {
  let end = at;
  while (end < query.length && !ends.test(query[end]!)) end += 1;
  return end;
}

/** At least one character: what ends a word and begins nothing else is one by itself, to be refused. */
function word(query: string, at: number, end: number): Token {
  const until = Math.max(end, at + 1);
  return { kind: 'word', text: query.slice(at, until), at, length: until - at };
}

/** With `\` before a quote or another `\`. */
function readText(query: string, at: number, quote: string): Token {
  let text = '';
  for (let end = at + 1; end < query.length; end++) {
    if (query[end] === quote) return { kind: 'text', text, at, length: end + 1 - at };
    if (query[end] === '\\' && (query[end + 1] === quote || query[end + 1] === '\\')) end += 1;
    text += query[end];
  }
  throw new HuntError(`this quote is not closed: ${quote}`, { at, length: 1 });
}
