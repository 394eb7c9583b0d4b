// One `Field|modifier: value` of a Sigma rule as a predicate.
import { BlockList, isIP } from 'node:net';
import { RE2JS } from 're2js';
import { compilePattern, type Pattern, parsePattern, plainText, type TextTest, widenPattern } from './pattern.ts';
import { allOf, anyOf, not, type Predicate } from './predicate.ts';
import { type RequiredLiterals, requiredLiterals } from './required-literals.ts';
import { RuleError } from './rule-error.ts';

const COMPARISONS: Record<string, (field: number, value: number) => boolean> = {
  lt: (field, value) => field < value,
  lte: (field, value) => field <= value,
  gt: (field, value) => field > value,
  gte: (field, value) => field >= value,
};

/** How the value is meant; at most one of them stands on a field. */
const KINDS = new Set(['contains', 'startswith', 'endswith', 're', 'cidr', 'exists', ...Object.keys(COMPARISONS)]);
/** May stand beside a kind. `i`, `m` and `s` belong to `re`. */
const REGEX_FLAGS: Record<string, number> = { i: RE2JS.CASE_INSENSITIVE, m: RE2JS.MULTILINE, s: RE2JS.DOTALL };
const SIDE_MODIFIERS = new Set(['all', 'cased', 'neq', ...Object.keys(REGEX_FLAGS)]);

type Scalar = string | number | boolean;

/** Compiles a value or list of values for the field in `slot`. Throws RuleError for what cannot be honoured. */
export function compileValue(slot: number, modifiers: readonly string[], value: unknown): Predicate {
  const kind = kindOf(modifiers);
  const has = (modifier: string) => modifiers.includes(modifier);
  const values = Array.isArray(value) ? value : [value];
  if (values.length === 0) throw new RuleError('schema', 'an empty list of values');
  if (has('all') && values.length === 1) throw new RuleError('unsupported', '"all" needs more than one value');
  const combine = has('all') ? allOf : anyOf;
  const compiled =
    value === null ? absent(slot) : compileScalars({ slot, kind, values: values.map(scalar), modifiers, combine });
  return has('neq') ? not(compiled) : compiled;
}

function compileScalars(part: {
  slot: number;
  kind: string;
  values: readonly Scalar[];
  modifiers: readonly string[];
  combine: typeof allOf;
}): Predicate {
  const { slot, kind, values, modifiers, combine } = part;
  if (kind === 'exists') return exists(slot, values);
  if (COMPARISONS[kind]) return combine(values.map((value) => compare(slot, COMPARISONS[kind]!, value)));
  if (kind === 're') {
    const tests = values.map((value) => regexTest(String(value), modifiers));
    return combine(tests.map((test) => onText(slot, 'raw', test)));
  }
  if (kind === 'cidr') return combine(values.map((value) => onText(slot, 'raw', networkTest(String(value)))));

  const cased = modifiers.includes('cased');
  const patterns = values.map((value) =>
    widen(kind, parsePattern(cased ? String(value) : String(value).toLowerCase())),
  );
  const read = cased ? 'raw' : 'folded';
  const plain = patterns.map(plainText);
  if (combine === anyOf && plain.length > 1 && plain.every((text) => text !== undefined && text !== '')) {
    const set = new Set(plain);
    return onText(slot, read, (text) => set.has(text));
  }
  // Every empty field of our events is absent, so '' asks for absence.
  return combine(
    patterns.map((pattern) =>
      pattern.length === 0
        ? anyOf([absent(slot), onText(slot, read, (text) => text === '')])
        : onText(slot, read, compilePattern(pattern)),
    ),
  );
}

function kindOf(modifiers: readonly string[]): string {
  const kinds = modifiers.filter((modifier) => KINDS.has(modifier));
  const unknown = modifiers.find((modifier) => !KINDS.has(modifier) && !SIDE_MODIFIERS.has(modifier));
  if (unknown !== undefined) throw new RuleError('unsupported', `the modifier "${unknown}" is not supported`);
  if (kinds.length > 1) throw new RuleError('unsupported', `"${kinds.join('" and "')}" cannot stand on one field`);
  const kind = kinds[0] ?? 'equals';
  const flag = modifiers.find((modifier) => modifier in REGEX_FLAGS);
  if (flag && kind !== 're') throw new RuleError('unsupported', `the modifier "${flag}" belongs to "re"`);
  if (modifiers.includes('cased') && !['equals', 'contains', 'startswith', 'endswith'].includes(kind)) {
    throw new RuleError('unsupported', `"cased" cannot stand beside "${kind}"`);
  }
  return kind;
}

function scalar(value: unknown): Scalar {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (value === null) throw new RuleError('unsupported', 'null cannot be part of a list of values');
  throw new RuleError('schema', 'a value must be text, a number, true or false');
}

function widen(kind: string, pattern: Pattern): Pattern {
  return widenPattern(pattern, {
    before: kind === 'contains' || kind === 'endswith',
    after: kind === 'contains' || kind === 'startswith',
  });
}

function onText(slot: number, read: 'raw' | 'folded', test: TextTest): Predicate {
  return (view) => {
    const value = read === 'folded' ? view.folded(slot) : view.raw(slot);
    if (value === undefined) return false;
    if (typeof value === 'string') return test(value);
    return Array.isArray(value) ? value.some(test) : test(String(value));
  };
}

function absent(slot: number): Predicate {
  return (view) => view.raw(slot) === undefined;
}

function exists(slot: number, values: readonly Scalar[]): Predicate {
  const wanted = values[0];
  if (values.length !== 1 || typeof wanted !== 'boolean') throw new RuleError('schema', '"exists" takes true or false');
  return (view) => (view.raw(slot) !== undefined) === wanted;
}

function compare(slot: number, holds: (field: number, value: number) => boolean, value: Scalar): Predicate {
  const limit = typeof value === 'boolean' ? Number.NaN : Number(value);
  if (value === '' || Number.isNaN(limit)) throw new RuleError('schema', `"${value}" is not a number`);
  return (view) => {
    const field = view.raw(slot);
    if (typeof field === 'number') return holds(field, limit);
    return typeof field === 'string' && field !== '' && holds(Number(field), limit);
  };
}

/** RE2 runs in time linear in the text, whatever the expression: a rule cannot hang the pipeline. */
function regexTest(expression: string, modifiers: readonly string[]): TextTest {
  let flags = 0;
  for (const modifier of modifiers) flags |= REGEX_FLAGS[modifier] ?? 0;
  let regex: RE2JS;
  try {
    regex = RE2JS.compile(expression, flags);
  } catch (error) {
    throw new RuleError('unsupported', `regular expression: ${(error as Error).message}`);
  }
  const required = flags & RE2JS.CASE_INSENSITIVE ? [] : requiredLiterals(expression);
  return (text) => containsRequired(text, required) && regex.test(text);
}

function containsRequired(text: string, required: RequiredLiterals): boolean {
  for (const group of required) {
    let contained = false;
    for (let at = 0; at < group.length && !contained; at++) contained = text.includes(group[at]!);
    if (!contained) return false;
  }
  return true;
}

function networkTest(network: string): TextTest {
  const [address = '', prefix, rest] = network.split('/');
  const family = isIP(address);
  const bits = Number(prefix);
  if (!family || rest !== undefined || !/^\d{1,3}$/.test(prefix ?? '') || bits > (family === 4 ? 32 : 128)) {
    throw new RuleError('schema', `"${network}" is not a network such as 10.0.0.0/8`);
  }
  const list = new BlockList();
  list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
  return (text) => {
    const bare = text.startsWith('::ffff:') && isIP(text.slice(7)) === 4 ? text.slice(7) : text;
    const kind = isIP(bare);
    return kind !== 0 && list.check(bare, kind === 4 ? 'ipv4' : 'ipv6');
  };
}
