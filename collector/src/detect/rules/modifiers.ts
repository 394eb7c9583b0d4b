// The modifiers of `Field|modifier|modifier: value`: what each is, and which may stand together. What may not is refused,
// never guessed.
import { suggest } from '@threatguard/proto/config';
import { RuleError } from './rule-error.ts';

export const TEXT_KINDS = ['equals', 'contains', 'startswith', 'endswith'] as const;
export type TextKind = (typeof TEXT_KINDS)[number];
const COMPARISON_KINDS = ['lt', 'lte', 'gt', 'gte'] as const;
export type ComparisonKind = (typeof COMPARISON_KINDS)[number];
const TIME_PARTS = ['minute', 'hour', 'day', 'week', 'month', 'year'] as const;
export type TimePart = (typeof TIME_PARTS)[number];
const ENCODINGS = ['base64', 'base64offset', 'utf16', 'utf16le', 'utf16be', 'wide'] as const;
export type Transformation = (typeof ENCODINGS)[number] | 'windash' | 'expand';
const REGEX_FLAGS = ['i', 'm', 's'] as const;
export type RegexFlag = (typeof REGEX_FLAGS)[number];

/** How the values of an item are meant. */
export interface Modifiers {
  kind: TextKind | ComparisonKind | 're' | 'cidr' | 'exists';
  /** The values are names of fields. */
  fieldref: boolean;
  /** The part of a date that is compared. */
  part: TimePart | undefined;
  /** What the values are turned into, in order. */
  transformations: readonly Transformation[];
  flags: readonly RegexFlag[];
  all: boolean;
  cased: boolean;
  neq: boolean;
}

/** Spellings that stand for others. */
const ALIASES: Record<string, string> = { ignorecase: 'i', multiline: 'm', dotall: 's' };
const KINDS: readonly string[] = ['contains', 'startswith', 'endswith', 're', 'cidr', 'exists', ...COMPARISON_KINDS];
const SIDES: readonly string[] = ['all', 'cased', 'neq', 'fieldref', 'windash', 'expand'];
const KNOWN: readonly string[] = [...KINDS, ...SIDES, ...TIME_PARTS, ...ENCODINGS, ...REGEX_FLAGS];

/** Reads the words after a field's name. Throws RuleError `unsupported`. */
export function readModifiers(words: readonly string[]): Modifiers {
  const modifiers = words.map((word) => ALIASES[word] ?? word);
  const unknown = modifiers.find((modifier) => !KNOWN.includes(modifier));
  if (unknown !== undefined) refuse(`the modifier "${unknown}" is not supported${suggest(unknown, KNOWN)}`);
  const has = (modifier: string) => modifiers.includes(modifier);
  const only = <T extends string>(list: readonly T[]) => list.filter(has);

  const kinds = KINDS.filter(has);
  if (kinds.length > 1) refuse(`"${kinds.join('" and "')}" cannot stand on one field`);
  const parts = only(TIME_PARTS);
  if (parts.length > 1) refuse(`"${parts.join('" and "')}" cannot stand on one field`);
  const kind = (kinds[0] ?? 'equals') as Modifiers['kind'];
  const transformations = modifiers.filter(
    (modifier): modifier is Transformation =>
      modifier === 'windash' || modifier === 'expand' || ENCODINGS.some((encoding) => encoding === modifier),
  );
  const found: Modifiers = {
    kind,
    fieldref: has('fieldref'),
    part: parts[0],
    transformations,
    flags: only(REGEX_FLAGS),
    all: has('all'),
    cased: has('cased'),
    neq: has('neq'),
  };
  checkTogether(found, modifiers);
  return found;
}

function checkTogether({ kind, fieldref, part, transformations, flags, cased }: Modifiers, written: readonly string[]) {
  const ofText = TEXT_KINDS.some((one) => one === kind);
  const [first] = transformations;
  if (flags[0] && kind !== 're') refuse(`the modifier "${flags[0]}" belongs to "re"`);
  if (kind === 're' && flags.some((flag) => written.indexOf(flag) < written.indexOf('re'))) {
    refuse(`"${flags[0]}" stands after "re"`);
  }
  if (cased && (!ofText || part)) refuse(`"cased" cannot stand beside "${part ?? kind}"`);
  if (fieldref) {
    if (first ?? part) refuse(`"${first ?? part}" cannot stand beside "fieldref"`);
    if (!ofText) refuse(`"${kind}" cannot stand beside "fieldref"`);
  }
  if (part) {
    if (first) refuse(`"${first}" cannot stand beside "${part}"`);
    if (kind !== 'equals' && !COMPARISON_KINDS.some((one) => one === kind)) {
      refuse(`"${kind}" cannot stand beside "${part}"`);
    }
  }
  const notForKind = transformations.find((one) => one !== 'expand');
  if (!ofText && notForKind) refuse(`"${notForKind}" cannot stand beside "${kind}"`);
  if (kind === 'exists' && first) refuse(`"${first}" cannot stand beside "exists"`);
  const encodedAt = transformations.findIndex((one) => one === 'base64' || one === 'base64offset');
  if (encodedAt >= 0) {
    const late = transformations.slice(encodedAt).find((one) => one === 'expand');
    if (late) refuse(`"${late}" stands after "${transformations[encodedAt]}"; modifiers apply in their order`);
    // Wildcards around a value cannot be encoded with it.
    if (kind !== 'equals' && written.indexOf(kind) < written.indexOf(transformations[encodedAt]!)) {
      refuse(`"${transformations[encodedAt]}" stands after "${kind}"; modifiers apply in their order`);
    }
  }
}

function refuse(message: string): never {
  throw new RuleError('unsupported', message);
}
