// Sigma's string values: `*` any run, `?` one character, backslash before either (or before a backslash) makes it plain.

const ANY_RUN = -1;
const ANY_ONE = -2;
const ANY_DASH = -3;

/** What `windash` takes for one another: hyphen, slash, en dash, em dash, horizontal bar. */
const DASHES: readonly number[] = [0x2d, 0x2f, 0x2013, 0x2014, 0x2015];

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

/** The pattern of exactly this text. */
export function literalPattern(text: string): Pattern {
  return Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
}

/** The same value with room on one or both sides: what contains, startswith and endswith stand for. */
export function widenPattern(pattern: Pattern, sides: { before: boolean; after: boolean }): Pattern {
  const widened = [...pattern];
  if (sides.before && widened[0] !== ANY_RUN) widened.unshift(ANY_RUN);
  if (sides.after && widened.at(-1) !== ANY_RUN) widened.push(ANY_RUN);
  return widened;
}

/** The same value in lower case, to be held against texts in lower case. */
export function foldPattern(pattern: Pattern): Pattern {
  const folded: number[] = [];
  for (let from = 0; from < pattern.length; from++) {
    if (pattern[from]! < 0) {
      folded.push(pattern[from]!);
      continue;
    }
    let to = from;
    while (to < pattern.length && pattern[to]! >= 0) to++;
    folded.push(...literalPattern(unitsText(pattern.slice(from, to)).toLowerCase()));
    from = to - 1;
  }
  return folded;
}

/** The same value with every dash and slash standing for any of them. */
export function anyDash(pattern: Pattern): Pattern {
  return pattern.map((unit) => (DASHES.includes(unit) ? ANY_DASH : unit));
}

/** Every value that dashes which stand for any of them come to; at most `max`, undefined where there are more. */
export function spellDashes(pattern: Pattern, max: number): Pattern[] | undefined {
  let spelt: Pattern[] = [[]];
  for (const unit of pattern) {
    const choices = unit === ANY_DASH ? DASHES : [unit];
    if (spelt.length * choices.length > max) return undefined;
    spelt = spelt.flatMap((begun) => choices.map((choice) => [...begun, choice]));
  }
  return spelt;
}

/** The text a pattern without wildcards stands for; undefined where it has one. */
export function plainText(pattern: Pattern): string | undefined {
  return pattern.some((unit) => unit < 0) ? undefined : unitsText(pattern);
}

function unitsText(units: readonly number[]): string {
  let text = '';
  for (const unit of units) text += String.fromCharCode(unit);
  return text;
}

/** A text in everything that matches, at the beginning or end of it where that is said. */
export interface CertainText {
  text: string;
  start: boolean;
  end: boolean;
}

/** The texts between the wildcards of a pattern. */
export function certainTexts(pattern: Pattern): CertainText[] {
  const texts: CertainText[] = [];
  for (let from = 0, to = 0; to <= pattern.length; to++) {
    if (to < pattern.length && pattern[to]! >= 0) continue;
    if (to > from) {
      texts.push({ text: unitsText(pattern.slice(from, to)), start: from === 0, end: to === pattern.length });
    }
    from = to + 1;
  }
  return texts;
}

/** The cheapest test that is true for exactly the texts of the pattern. Compares as given: fold both sides or neither. */
export function compilePattern(pattern: Pattern): TextTest {
  const before = pattern[0] === ANY_RUN;
  const after = pattern.length > 1 && pattern.at(-1) === ANY_RUN;
  const inner = plainText(pattern.slice(before ? 1 : 0, after ? -1 : undefined));
  if (inner === undefined) {
    const runs = plainRuns(pattern);
    return runs ? (text) => containsRuns(text, runs) : (text) => matchWildcards(text, pattern);
  }
  if (before && after) return (text) => text.includes(inner);
  if (before) return (text) => text.endsWith(inner);
  if (after) return (text) => text.startsWith(inner);
  return (text) => text === inner;
}

/** The texts between the `*` of a pattern that has no other wildcard, '' where it begins or ends with one. */
function plainRuns(pattern: Pattern): string[] | undefined {
  const runs: string[] = [];
  for (let from = 0, to = 0; to <= pattern.length; to++) {
    if (to < pattern.length && pattern[to] !== ANY_RUN) continue;
    const text = plainText(pattern.slice(from, to));
    if (text === undefined) return undefined;
    runs.push(text);
    from = to + 1;
  }
  return runs;
}

/** The first at the beginning, the last at the end, the others in their order between: each as early as it can stand. */
function containsRuns(text: string, runs: readonly string[]): boolean {
  const last = runs.length - 1;
  if (!text.startsWith(runs[0]!)) return false;
  let from = runs[0]!.length;
  for (let at = 1; at < last; at++) {
    const found = text.indexOf(runs[at]!, from);
    if (found < 0) return false;
    from = found + runs[at]!.length;
  }
  return text.length - runs[last]!.length >= from && text.endsWith(runs[last]!);
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
    } else if (unit === ANY_ONE) {
      position++;
      at += charLength(text, at);
    } else if (unit === text.charCodeAt(at) || (unit === ANY_DASH && DASHES.includes(text.charCodeAt(at)))) {
      position++;
      at++;
    } else if (starAt >= 0) {
      position = starIn + 1;
      starAt += charLength(text, starAt);
      at = starAt;
    } else return false;
  }
  while (pattern[position] === ANY_RUN) position++;
  return position === pattern.length;
}

/** `?` is a character, also where it takes two UTF-16 units. */
function charLength(text: string, at: number): 1 | 2 {
  return text.codePointAt(at)! > 0xffff ? 2 : 1;
}
