// Sigma's string values: `*` any run, `?` one character, backslash before either (or before a backslash) makes it plain.

const ANY_RUN = -1;
const ANY_ONE = -2;

/** A value in UTF-16 units, wildcards as negative numbers. */
export type Pattern = readonly number[];

export type TextTest = (text: string) => boolean;

export function parsePattern(value: string): Pattern {
  const pattern: number[] = [];
  for (let index = 0; index < value.length; index++) {
    const char = value[index]!;
    const next = value[index + 1];
    if (char === '\\' && (next === '*' || next === '?' || next === '\\')) {
      pattern.push(next.charCodeAt(0));
      index++;
    } else if (char === '*') {
      if (pattern.at(-1) !== ANY_RUN) pattern.push(ANY_RUN);
    } else pattern.push(char === '?' ? ANY_ONE : char.charCodeAt(0));
  }
  return pattern;
}

/** The same value with room on one or both sides: what contains, startswith and endswith stand for. */
export function widenPattern(pattern: Pattern, sides: { before: boolean; after: boolean }): Pattern {
  const widened = [...pattern];
  if (sides.before && widened[0] !== ANY_RUN) widened.unshift(ANY_RUN);
  if (sides.after && widened.at(-1) !== ANY_RUN) widened.push(ANY_RUN);
  return widened;
}

/** The text a pattern without wildcards stands for; undefined where it has one. */
export function plainText(pattern: Pattern): string | undefined {
  return pattern.some((unit) => unit < 0) ? undefined : String.fromCharCode(...pattern);
}

/** The cheapest test that is true for exactly the texts of the pattern. Compares as given: fold both sides or neither. */
export function compilePattern(pattern: Pattern): TextTest {
  const before = pattern[0] === ANY_RUN;
  const after = pattern.length > 1 && pattern.at(-1) === ANY_RUN;
  const inner = plainText(pattern.slice(before ? 1 : 0, after ? -1 : undefined));
  if (inner === undefined) return (text) => matchWildcards(text, pattern);
  if (before && after) return (text) => text.includes(inner);
  if (before) return (text) => text.endsWith(inner);
  if (after) return (text) => text.startsWith(inner);
  return (text) => text === inner;
}

/** At most text times pattern steps: only the newest `*` is ever tried again, an earlier one can gain nothing. */
function matchWildcards(text: string, pattern: Pattern): boolean {
  let at = 0;
  let position = 0;
  let starAt = -1;
  let starIn = 0;
  while (at < text.length) {
    const unit = pattern[position];
    if (unit === ANY_RUN) {
      starIn = position++;
      starAt = at;
    } else if (unit === ANY_ONE || unit === text.charCodeAt(at)) {
      position++;
      at++;
    } else if (starAt >= 0) {
      position = starIn + 1;
      at = ++starAt;
    } else return false;
  }
  while (pattern[position] === ANY_RUN) position++;
  return position === pattern.length;
}
