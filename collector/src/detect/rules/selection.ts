// A search identifier of a Sigma rule: a map (all must hold), a list of maps or of keywords (one must), or one keyword.
import type { Placeholders } from './encode-value.ts';
import { type FieldScope, KEYWORD_FIELD, slotOf } from './fields.ts';
import { HOST_FIELDS, HOST_NAMES } from './host-fields.ts';
import { compileValue } from './match-value.ts';
import { type Modifiers, readModifiers } from './modifiers.ts';
import { NEVER } from './predicate.ts';
import { RuleError, type RulePath } from './rule-error.ts';
import { allHold, anyHolds, certain, negate, UNKNOWN, type Verdict } from './verdict.ts';

/** Where a selection is compiled for. */
export interface SelectionContext {
  scope: FieldScope;
  /** Whether events are ours, of which it is known what their fields can hold. */
  ours: boolean;
  placeholders: Placeholders;
  /** Called for what makes an item hold for no event: a field or a value our events never have. */
  blind(error: RuleError): void;
}

/** Deep enough for anything a person writes. */
const NESTING_MAX = 16;

/** Compiles a search identifier. `path` is where it stands in the document. Throws RuleError. */
export function compileSelection(selection: unknown, path: RulePath, context: SelectionContext): Verdict {
  if (path.length > NESTING_MAX) throw new RuleError('schema', 'search identifiers nested too deep', path);
  if (Array.isArray(selection)) {
    if (selection.length === 0) throw new RuleError('schema', 'an empty search identifier', path);
    return anyHolds(selection.map((entry, index) => compileSelection(entry, [...path, index], context)));
  }
  if (typeof selection !== 'object' || selection === null) return compileKeywords(selection, [], path, context);
  const entries = Object.entries(selection);
  if (entries.length === 0) throw new RuleError('schema', 'an empty search identifier', path);
  return allHold(entries.map(([key, value]) => compileItem(key, value, [...path, key], context)));
}

function compileItem(key: string, value: unknown, path: RulePath, context: SelectionContext): Verdict {
  const [name = '', ...words] = key.split('|');
  if (name === '') return compileKeywords(value, words, path, context);
  return at(path, () => compileField({ name, modifiers: readModifiers(words), value, path }, context));
}

interface FieldItem {
  name: string;
  modifiers: Modifiers;
  value: unknown;
  path: RulePath;
}

function compileField({ name, modifiers, value, path }: FieldItem, context: SelectionContext): Verdict {
  const { scope, placeholders } = context;
  const compile = (slot: number) => compileValue({ slot, modifiers, value, placeholders, slotOf: scope });
  const slot = scope(name);
  if (slot === undefined) {
    // Compiled all the same: what is wrong with it is wrong whoever has the field.
    compileValue({ slot: slotOf(name), modifiers, value, placeholders, slotOf });
    context.blind(new RuleError('field', `our events have no field "${name}"`, path));
    return UNKNOWN;
  }
  let verdict: Verdict;
  try {
    verdict = certain(compile(slot));
  } catch (error) {
    if (!(error instanceof RuleError) || error.code !== 'field') throw error;
    context.blind(new RuleError('field', error.message, path));
    return UNKNOWN;
  }
  const vocabulary = context.ours ? vocabularyOf(name) : undefined;
  if (vocabulary && !modifiers.part && modifiers.kind !== 'exists' && value !== null) {
    if (!vocabulary.some((word) => verdict.holds(wordView(word)))) {
      const asked = [value].flat().map(String).join(', ');
      context.blind(new RuleError('blind', `no sensor reports "${name}" as ${asked}`, path));
      verdict = certain(NEVER);
    }
  }
  return modifiers.neq ? negate(verdict) : verdict;
}

/** Keywords are looked for anywhere in any text of the event. */
function compileKeywords(value: unknown, words: readonly string[], path: RulePath, context: SelectionContext): Verdict {
  return at(path, () => {
    if (
      value === null ||
      value === '' ||
      (Array.isArray(value) && value.some((word) => word === null || word === ''))
    ) {
      throw new RuleError('schema', 'an empty keyword is in every event');
    }
    const modifiers = readModifiers(words);
    const { kind, part, fieldref } = modifiers;
    if (part || fieldref || !['equals', 'contains', 're'].includes(kind)) {
      throw new RuleError('unsupported', `"${words.join('|')}" without a field cannot be honoured`);
    }
    const found = compileValue({
      slot: slotOf(KEYWORD_FIELD),
      modifiers: { ...modifiers, kind: kind === 're' ? 're' : 'contains' },
      value,
      placeholders: context.placeholders,
      slotOf: context.scope,
    });
    return modifiers.neq ? negate(certain(found)) : certain(found);
  });
}

function vocabularyOf(name: string): readonly string[] | undefined {
  return HOST_FIELDS[HOST_NAMES.get(name) ?? name]?.vocabulary;
}

/** A view in which every field holds one word. */
function wordView(word: string) {
  const view = { atUs: 0, emptyIsAbsent: true, raw: () => word, folded: () => word.toLowerCase() };
  return { ...view, text: () => word, isFrom: () => true };
}

function at<T>(path: RulePath, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (error instanceof RuleError && error.path.length === 0) throw new RuleError(error.code, error.message, path);
    throw error;
  }
}
