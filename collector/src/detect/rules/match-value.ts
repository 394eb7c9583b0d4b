// One `Field|modifier: value` of a Sigma rule as a predicate.
import { encodeValue, expandPlaceholders, type Placeholders } from './encode-value.ts';
import type { EventView, FieldValue } from './fields.ts';
import { compileNetwork } from './match-network.ts';
import { compileRegex } from './match-regex.ts';
import { PART_RANGES, readPart } from './match-time.ts';
import { type ComparisonKind, type Modifiers, TEXT_KINDS, type TextKind } from './modifiers.ts';
import {
  type CertainText,
  certainTexts,
  compilePattern,
  foldPattern,
  type Pattern,
  plainText,
  type TextTest,
  widenPattern,
} from './pattern.ts';
import { allOf, anyOf, type Predicate } from './predicate.ts';
import { withRequired } from './required-texts.ts';
import { RuleError } from './rule-error.ts';

/** Longer than anything a field holds. */
const VALUE_CHARS_MAX = 16_384;
const VALUES_MAX = 100_000;
const DECIMAL = /^\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*$/;

const COMPARISONS: Record<ComparisonKind | 'equals', (field: number, value: number) => boolean> = {
  equals: (field, value) => field === value,
  lt: (field, value) => field < value,
  lte: (field, value) => field <= value,
  gt: (field, value) => field > value,
  gte: (field, value) => field >= value,
};

type Scalar = string | number | boolean;

/** A test of a text, and groups of texts of which everything that passes it contains one each. */
interface RequiringTest {
  test: TextTest;
  required: readonly (readonly CertainText[])[];
}

/** An item of a rule: `negated` is not said here, see selection.ts. */
export interface ValueItem {
  slot: number;
  modifiers: Modifiers;
  /** As the document has it. */
  value: unknown;
  placeholders: Placeholders;
  /** The slot of a field another one is compared with; undefined where events do not have it. */
  slotOf(name: string): number | undefined;
}

/** Compiles a value or list of values for a field. Throws RuleError for what cannot be honoured. */
export function compileValue(item: ValueItem): Predicate {
  const { slot, modifiers, value } = item;
  if (value === null) {
    if (!isPlain(modifiers)) throw new RuleError('unsupported', 'null cannot have modifiers');
    return absent(slot);
  }
  const values = Array.isArray(value) ? value : [value];
  if (values.length === 0) throw new RuleError('schema', 'an empty list of values');
  if (values.length > VALUES_MAX) throw new RuleError('unsupported', `more than ${VALUES_MAX} values`);
  if (modifiers.all && values.length === 1) throw new RuleError('unsupported', '"all" needs more than one value');
  const scalars = values.map(readScalar);
  const { kind, part, fieldref } = modifiers;
  const combine = modifiers.all ? allOf : anyOf;
  if (fieldref) return combine(scalars.map((name) => compareFields(item, String(name))));
  if (part) return combine(scalars.map((scalar) => comparePart(item, part, scalar)));
  switch (kind) {
    case 'exists':
      return exists(slot, scalars);
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return combine(scalars.map((scalar) => compare(slot, COMPARISONS[kind], readNumber(scalar))));
    case 're':
      return combine(scalars.map((scalar) => anyText(item, scalar, (text) => compileRegex(text, modifiers.flags))));
    case 'cidr':
      return combine(
        scalars.map((scalar) => anyText(item, scalar, (text) => ({ test: compileNetwork(text), required: [] }))),
      );
    default:
      return compareTexts(item, kind, scalars);
  }
}

function isPlain({ kind, part, fieldref, transformations, all, cased }: Modifiers): boolean {
  return kind === 'equals' && !part && !fieldref && transformations.length === 0 && !all && !cased;
}

/** Each value may stand for several patterns, one of which must match; the values are combined as the rule says. */
function compareTexts({ slot, modifiers, placeholders }: ValueItem, kind: TextKind, scalars: readonly Scalar[]) {
  const { cased, transformations } = modifiers;
  const sides = {
    before: kind === 'contains' || kind === 'endswith',
    after: kind === 'contains' || kind === 'startswith',
  };
  const read = cased ? 'raw' : 'folded';
  const alternatives = scalars.map((scalar) =>
    encodeValue(String(scalar), transformations, placeholders).map((pattern) => {
      const widened = widenPattern(pattern, sides);
      return cased ? widened : foldPattern(widened);
    }),
  );
  const compileAny = (patterns: readonly Pattern[]) => {
    const plain = patterns.map(plainText);
    if (plain.length > 1 && plain.every((text) => text !== undefined && text !== '')) {
      const set = new Set(plain);
      const required = patterns.flatMap((pattern) => certainTexts(pattern));
      return onText(slot, read, { test: (text) => set.has(text), required: [required] });
    }
    return anyOf(
      patterns.map((pattern) => {
        if (pattern.length === 0) return empty(slot);
        const required = certainTexts(pattern).map((text) => [text]);
        return onText(slot, read, { test: compilePattern(pattern), required });
      }),
    );
  };
  return modifiers.all ? allOf(alternatives.map(compileAny)) : compileAny(alternatives.flat());
}

function readScalar(value: unknown): Scalar {
  if (typeof value === 'string' && value.length > VALUE_CHARS_MAX) {
    throw new RuleError('unsupported', `a value of more than ${VALUE_CHARS_MAX} characters`);
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (value === null) throw new RuleError('unsupported', 'null cannot be part of a list of values');
  throw new RuleError('schema', 'a value must be text, a number, true or false');
}

function readNumber(value: Scalar): number {
  if (typeof value === 'number' && !Number.isNaN(value)) return value;
  if (typeof value === 'string' && DECIMAL.test(value)) return Number(value);
  throw new RuleError('schema', `"${value}" is not a number`);
}

function anyText(
  { slot, modifiers, placeholders }: ValueItem,
  value: Scalar,
  compile: (text: string) => RequiringTest,
) {
  const expands = modifiers.transformations.includes('expand');
  const texts = expands ? expandPlaceholders(String(value), placeholders) : [String(value)];
  return anyOf(texts.map((text) => onText(slot, 'raw', compile(text))));
}

function onText(slot: number, read: 'raw' | 'folded', { test, required }: RequiringTest): Predicate {
  const predicate: Predicate = (view) => {
    const value = read === 'folded' ? view.folded(slot) : view.raw(slot);
    if (value === undefined || value === null) return false;
    if (typeof value === 'string') return test(value);
    return Array.isArray(value) ? value.some(test) : test(String(value));
  };
  // What the value has in whatever case, it has in lower case.
  const groups = required.map((texts) =>
    texts.map(({ text, start, end }) => ({ slot, text: text.toLowerCase(), start, end })),
  );
  return withRequired(predicate, [groups]);
}

function absent(slot: number): Predicate {
  return (view) => (view.raw(slot) ?? undefined) === undefined;
}

/** '' is a text of no length; of events that cannot tell that from none, absence. */
function empty(slot: number): Predicate {
  return (view) => {
    const value = view.raw(slot);
    return value === '' || (value === undefined && view.emptyIsAbsent) || (Array.isArray(value) && value.includes(''));
  };
}

/** Presence alone, "be it empty or null". */
function exists(slot: number, values: readonly Scalar[]): Predicate {
  const wanted = values[0];
  if (values.length !== 1 || typeof wanted !== 'boolean') throw new RuleError('schema', '"exists" takes true or false');
  return (view) => (view.raw(slot) !== undefined) === wanted;
}

function compare(slot: number, holds: (field: number, value: number) => boolean, limit: number): Predicate {
  const test = (field: FieldValue) => {
    if (typeof field === 'number') return holds(field, limit);
    return typeof field === 'string' && DECIMAL.test(field) && holds(Number(field), limit);
  };
  return (view) => {
    const field = view.raw(slot);
    return Array.isArray(field) ? field.some(test) : test(field);
  };
}

function comparePart({ slot, modifiers }: ValueItem, part: keyof typeof PART_RANGES, value: Scalar): Predicate {
  const limit = readNumber(value);
  const [min, max] = PART_RANGES[part];
  if (!Number.isInteger(limit) || limit < min || limit > max) {
    throw new RuleError('schema', `"${part}" takes a number from ${min} to ${max}`);
  }
  const holds = COMPARISONS[modifiers.kind as ComparisonKind | 'equals'];
  return (view) => {
    const found = readPart(view.raw(slot), part);
    return found !== undefined && holds(found, limit);
  };
}

/** One text of one field against one of the other; a field that is not there is like no other. */
function compareFields({ slot, modifiers, slotOf }: ValueItem, name: string): Predicate {
  const other = slotOf(name);
  if (other === undefined) throw new RuleError('field', `our events have no field "${name}"`);
  const compareTo = FIELD_COMPARISONS[TEXT_KINDS.find((kind) => kind === modifiers.kind)!];
  const texts = (view: EventView, of: number) => {
    const value = modifiers.cased ? view.raw(of) : view.folded(of);
    return value === undefined || value === null ? [] : [value].flat().map(String);
  };
  return (view) => {
    const references = texts(view, other);
    return references.length > 0 && texts(view, slot).some((text) => references.some((one) => compareTo(text, one)));
  };
}

/** Every text contains the empty one: that is no finding. */
const FIELD_COMPARISONS: Record<TextKind, (text: string, reference: string) => boolean> = {
  equals: (text, reference) => text === reference,
  contains: (text, reference) => reference !== '' && text.includes(reference),
  startswith: (text, reference) => reference !== '' && text.startsWith(reference),
  endswith: (text, reference) => reference !== '' && text.endsWith(reference),
};
