// The modifiers that turn a value into what stands for it in the data: encodings, dashes, placeholders.
import type { Transformation } from './modifiers.ts';
import { anyDash, literalPattern, type Pattern, parsePattern, plainText, spellDashes } from './pattern.ts';
import { RuleError } from './rule-error.ts';

/** What one value may come to by dashes and placeholders; beyond this the rule is refused. */
const SPELLINGS_MAX = 10_000;
/** Dashes within something encoded cannot be looked for as one pattern; four of them are 625 texts. */
const DASH_SPELLINGS_MAX = 1_000;

/** Values of placeholders, by name without percent signs. */
export type Placeholders = ReadonlyMap<string, readonly string[]>;

interface Spelling {
  pattern: Pattern;
  /** Whether its units are bytes: what a UTF-16 modifier leaves, shown as characters of the same number. */
  bytes: boolean;
}

/** Every pattern a value stands for after the transformations, in their order. Throws RuleError. */
export function encodeValue(
  value: string,
  transformations: readonly Transformation[],
  placeholders: Placeholders,
): Pattern[] {
  const texts = transformations.includes('expand') ? expandPlaceholders(value, placeholders) : [value];
  let spellings = texts.map((text): Spelling => ({ pattern: parsePattern(text), bytes: false }));
  for (const transformation of transformations) {
    spellings = spellings.flatMap(TRANSFORM[transformation]);
    checkCount(spellings.length, value);
  }
  return spellings.map(({ pattern }) => pattern);
}

/** The texts a value with placeholders stands for: `%name%` is one, `\%` a percent sign. Throws RuleError `unsupported`. */
export function expandPlaceholders(value: string, placeholders: Placeholders): string[] {
  let texts = [''];
  for (const [part, name] of value.matchAll(/\\%|%(\w+)%|[^\\%]+|[\\%]/g)) {
    let choices: readonly string[] = [part === '\\%' ? '%' : part];
    if (name !== undefined) {
      const values = placeholders.get(name);
      if (!values) throw new RuleError('unsupported', `the placeholder %${name}% has no values: see "placeholders"`);
      choices = values;
    }
    checkCount(texts.length * choices.length, value);
    texts = texts.flatMap((begun) => choices.map((choice) => begun + choice));
  }
  return texts;
}

const UTF16LE = (unit: number) => [unit & 0xff, unit >> 8];
const UTF16BE = (unit: number) => [unit >> 8, unit & 0xff];

const TRANSFORM: Record<Transformation, (spelling: Spelling) => Spelling[]> = {
  // Done before: the values of a placeholder may have wildcards.
  expand: (spelling) => [spelling],
  windash: ({ pattern, bytes }) => [{ pattern: anyDash(pattern), bytes }],
  utf16le: (spelling) => encodeUnits(spelling, UTF16LE),
  wide: (spelling) => encodeUnits(spelling, UTF16LE),
  utf16be: (spelling) => encodeUnits(spelling, UTF16BE),
  utf16: (spelling) =>
    encodeUnits(spelling, UTF16LE).map(({ pattern }) => ({ pattern: [0xff, 0xfe, ...pattern], bytes: true })),
  base64: (spelling) => bytesOf(spelling).map((bytes) => textSpelling(bytes.toString('base64'))),
  base64offset: (spelling) => bytesOf(spelling).flatMap((bytes) => base64Offsets(bytes).map(textSpelling)),
};

function textSpelling(text: string): Spelling {
  return { pattern: literalPattern(text), bytes: false };
}

/** Wildcards stay what they are. */
function encodeUnits(spelling: Spelling, encode: (unit: number) => number[]): Spelling[] {
  if (spelling.bytes) throw new RuleError('unsupported', 'one UTF-16 modifier is enough');
  return withoutDashes(spelling).map((pattern) => ({
    pattern: pattern.flatMap((unit) => (unit < 0 ? [unit] : encode(unit))),
    bytes: true,
  }));
}

function bytesOf(spelling: Spelling): Buffer[] {
  return withoutDashes(spelling).map((pattern) => {
    const text = plainText(pattern);
    if (text === undefined) throw new RuleError('unsupported', 'a value with wildcards cannot be encoded');
    if (text === '') throw new RuleError('schema', 'an empty value cannot be encoded');
    return Buffer.from(text, spelling.bytes ? 'latin1' : 'utf8');
  });
}

/** Dashes that stand for any of them, spelt out. */
function withoutDashes({ pattern }: Spelling): Pattern[] {
  const spelt = spellDashes(pattern, DASH_SPELLINGS_MAX);
  if (!spelt) throw new RuleError('unsupported', 'too many dashes to encode: write the spellings as a list');
  return spelt;
}

/**
 * What of the bytes is certain in Base64 (RFC 4648, 4) with 0, 1 or 2 bytes before them: characters that hold a bit of a
 * neighbour are left out.
 */
function base64Offsets(bytes: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor(((before + bytes.length) * 8) / 6);
    if (from >= to) throw new RuleError('schema', `"${bytes}" is too short for base64offset`);
    return text.slice(from, to);
  });
}

function checkCount(count: number, value: string): void {
  if (count > SPELLINGS_MAX) throw new RuleError('unsupported', `"${value.slice(0, 64)}" has too many spellings`);
}
