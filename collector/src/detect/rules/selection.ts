// A search identifier of a Sigma rule: a map (all must hold), a list of maps or of keywords (one must).
import { fieldSlot, KEYWORD_FIELD } from './fields.ts';
import { compileValue } from './match-value.ts';
import { allOf, anyOf, type Predicate } from './predicate.ts';
import { RuleError } from './rule-error.ts';

/** Compiles a search identifier. `path` is where it stands in the document. */
export function compileSelection(selection: unknown, path: readonly (string | number)[]): Predicate {
  if (Array.isArray(selection)) {
    if (selection.length === 0) throw new RuleError('schema', 'an empty search identifier', path);
    if (selection.every((entry) => typeof entry !== 'object' || entry === null)) {
      return compileKeywords(selection, 'any', path);
    }
    return anyOf(selection.map((entry, index) => compileSelection(entry, [...path, index])));
  }
  if (typeof selection !== 'object' || selection === null) {
    throw new RuleError('schema', 'a search identifier is a map or a list', path);
  }
  const entries = Object.entries(selection);
  if (entries.length === 0) throw new RuleError('schema', 'an empty search identifier', path);
  return allOf(entries.map(([key, value]) => compileItem(key, value, [...path, key])));
}

function compileItem(key: string, value: unknown, path: readonly (string | number)[]): Predicate {
  const [name = '', ...modifiers] = key.split('|');
  if (name === '') {
    if (modifiers.join('|') !== 'all' || !Array.isArray(value)) {
      throw new RuleError('unsupported', `"${key}" without a field: only a list under "|all" is supported`, path);
    }
    return compileKeywords(value, 'all', path);
  }
  const slot = fieldSlot(name);
  if (slot === undefined) {
    throw new RuleError('field', `our events have no field "${name}"`, path);
  }
  return at(path, () => compileValue(slot, modifiers, value));
}

function compileKeywords(
  words: readonly unknown[],
  mode: 'any' | 'all',
  path: readonly (string | number)[],
): Predicate {
  const modifiers = mode === 'all' ? ['contains', 'all'] : ['contains'];
  return at(path, () => compileValue(fieldSlot(KEYWORD_FIELD)!, modifiers, words));
}

function at<T>(path: readonly (string | number)[], compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (error instanceof RuleError && error.path.length === 0) throw new RuleError(error.code, error.message, path);
    throw error;
  }
}
