// The part rules over single events and filters share: named search identifiers under a condition.
import { compileCondition } from './condition.ts';
import type { Placeholders } from './encode-value.ts';
import { fieldSlot, slotOf } from './fields.ts';
import { sourceHas } from './host-fields.ts';
import type { LogSource } from './logsource.ts';
import { ALWAYS, NEVER } from './predicate.ts';
import { RuleError } from './rule-error.ts';
import { compileSelection, type SelectionContext } from './selection.ts';
import { anyHolds, certain, type Verdict } from './verdict.ts';

/** For whose events rules are compiled, and with what. */
export interface CompileOptions {
  /** Events of our agents, whose fields are known; else any events, in which a field is looked up by its name as it stands. */
  ours: boolean;
  placeholders: Placeholders;
  /** Told of what does not stop a rule but should be known. */
  warn(warning: RuleError): void;
}

export const OUR_EVENTS: CompileOptions = { ours: true, placeholders: new Map(), warn: () => undefined };

/** Taxonomies whose names the field tables have. */
const TAXONOMIES: readonly string[] = ['sigma', 'ecs', 'threatguard'];

interface DetectionSection {
  identifiers: Record<string, unknown>;
  condition: unknown;
  source: LogSource;
  section: 'detection' | 'filter';
}

export function compileDetection(
  { identifiers, condition, source, section }: DetectionSection,
  options: CompileOptions,
) {
  const blind: RuleError[] = [];
  const context = selectionContext(source, options, (error) => blind.push(error));
  const selections = new Map<string, Verdict>();
  for (const [name, selection] of Object.entries(identifiers)) {
    selections.set(name, compileSelection(selection, [section, name], context));
  }
  const conditions = Array.isArray(condition) ? condition : [condition];
  if (conditions.length === 0 || !conditions.every((one) => typeof one === 'string')) {
    throw new RuleError('condition', 'a condition is text or a list of texts', [section]);
  }
  const used = new Set<string>();
  const compiled = (selected: ReadonlyMap<string, Verdict>) =>
    anyHolds(conditions.map((one) => compileCondition(one, selected, used)));
  const verdict = inCondition(section, () => compiled(selections));
  const nothing = new Map(Array.from(selections.keys(), (name) => [name, certain(NEVER)]));
  for (const name of selections.keys()) {
    if (used.has(name) || name.startsWith('_')) continue;
    options.warn(new RuleError('condition', `the condition does not use "${name}"`, [section, name]));
  }
  return { verdict, blind, untouched: compiled(nothing).holds === ALWAYS };
}

/** What search identifiers of a log source are compiled with; `blind` is told what no event can tell. */
export function selectionContext(
  source: LogSource,
  options: CompileOptions,
  blind: (error: RuleError) => void,
): SelectionContext {
  return {
    ours: options.ours,
    scope: options.ours ? (name) => (sourceHas(source.fields, name) ? fieldSlot(name) : undefined) : slotOf,
    placeholders: options.placeholders,
    blind,
  };
}

/** What a section means beside its own words: the values of placeholders, where it has any. */
export function placeholdersOf(section: unknown, { placeholders }: CompileOptions): { placeholders?: unknown } {
  return JSON.stringify(section).includes('expand') ? { placeholders: [...placeholders] } : {};
}

export function checkTaxonomy(taxonomy: string | undefined, { ours }: CompileOptions): void {
  if (!ours || taxonomy === undefined || TAXONOMIES.includes(taxonomy)) return;
  throw new RuleError('unsupported', `the taxonomy "${taxonomy}" is none of ${TAXONOMIES.join(', ')}`, ['taxonomy']);
}

/** A rule that can match nothing is not switched on in silence: the first thing it cannot see is why. */
export function refuseBlind({ holds }: Verdict, blind: readonly RuleError[]): void {
  if (holds === NEVER) throw blind[0] ?? new RuleError('condition', 'its condition can never hold', ['detection']);
}

function inCondition<T>(section: string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (error instanceof RuleError) throw new RuleError(error.code, error.message, [section, 'condition']);
    throw error;
  }
}
