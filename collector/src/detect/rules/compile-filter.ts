// Sigma filters: what several rules shall not match on this site, written once.
import {
  type CompileOptions,
  checkTaxonomy,
  compileDetection,
  OUR_EVENTS,
  placeholdersOf,
  refuseBlind,
} from './compile-detection.ts';
import { type LogSource, readLogsource, refuseMissing } from './logsource.ts';
import type { Predicate } from './predicate.ts';
import { digestOf } from './rule.ts';
import { RuleError } from './rule-error.ts';
import type { FilterDocument } from './schema.ts';
import { negate } from './verdict.ts';

/** What suppresses matches of other rules. */
export interface FilterRule {
  kind: 'filter';
  title: string;
  /** Ids or names; undefined for every rule of the log source. */
  refers: readonly string[] | undefined;
  source: LogSource;
  /** A digest of what it looks for. */
  definition: string;
  /** Whether the event is one that the rules it refers to shall not match. */
  suppresses: Predicate;
}

/**
 * Compiles a Sigma filter. Its condition says what is suppressed; one that would hold for an event with nothing of what it
 * looks for (`not selection`, as filters for pySigma are written) says what stays. Throws RuleError.
 */
export function compileFilter(document: FilterDocument, options: CompileOptions = OUR_EVENTS): FilterRule {
  const { rules, condition, ...identifiers } = document.filter;
  checkTaxonomy(document.taxonomy, options);
  if (typeof rules === 'string' && rules.toLowerCase() === 'all') {
    throw new RuleError('schema', '"rules" takes ids, names, or any', ['filter', 'rules']);
  }
  const source = readLogsource(document.logsource);
  const { verdict, blind, untouched } = compileDetection(
    { identifiers, condition, source, section: 'filter' },
    options,
  );
  const suppressed = untouched ? negate(verdict) : verdict;
  if (options.ours) refuseMissing(source);
  refuseBlind(suppressed, blind);
  if (untouched)
    options.warn(new RuleError('condition', 'read as what stays: all else is suppressed', ['filter', 'condition']));
  for (const error of blind) options.warn(error);
  return {
    kind: 'filter',
    title: document.title,
    refers: rules === 'any' ? undefined : [rules].flat(),
    source,
    definition: digestOf({
      logsource: document.logsource,
      filter: document.filter,
      ...placeholdersOf(document.filter, options),
    }),
    suppresses: suppressed.holds,
  };
}
