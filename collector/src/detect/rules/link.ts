import type { FilterRule } from './compile-filter.ts';
import type { Placeholders } from './encode-value.ts';
import { covers } from './logsource.ts';
import { allOf, not } from './predicate.ts';
import { type CorrelationRule, digestOf, type Rule } from './rule.ts';
import type { RuleDocument } from './rule-document.ts';
import type { RuleProblem } from './rule-error.ts';

/** Where something was loaded from. */
interface Origin {
  file: string;
  line: number;
  /** Its document, as data and as text. */
  data: Readonly<Record<string, unknown>>;
  text: string;
}

export interface LoadedRule extends Origin {
  rule: Rule;
  /** What was applied to it by linking, in their order. */
  filters?: readonly FilterRule[];
}

export interface LoadedFilter extends Origin {
  filter: FilterRule;
}

export interface LoadedRules {
  rules: LoadedRule[];
  /** Not applied yet; none where rules are linked. */
  filters: LoadedFilter[];
  /** What was not loaded. */
  problems: RuleProblem[];
  /** What was loaded and should be looked at. */
  warnings: RuleProblem[];
  /** What the rules were compiled with. */
  placeholders: Placeholders;
  /** What all of it was compiled from, also what was not loaded; another thread makes the same rules of it. */
  documents: readonly RuleDocument[];
}

/**
 * Holds references between rules against what was loaded: a rule whose id or name is taken, a correlation that names a
 * rule which is not there (or not any more), and correlations that name each other in a circle become problems. Filters are
 * applied to the rules they name.
 * The rules that remain stand in an order in which every rule comes after those it refers to.
 */
export function linkRules(loaded: LoadedRules): LoadedRules {
  const problems = [...loaded.problems];
  const warnings = [...loaded.warnings];
  const named = new Map<string, LoadedRule>();
  let waiting: LoadedRule[] = [];
  for (const entry of loaded.rules) {
    const { id, name } = entry.rule;
    const taken = named.get(id) ?? named.get(name);
    if (taken) {
      problems.push(problem(entry, `its id or name is taken by "${taken.rule.title}" (${taken.file}:${taken.line})`));
      continue;
    }
    named.set(id, entry).set(name, entry);
    waiting.push(entry);
  }

  const rules: LoadedRule[] = [];
  const done = new Set<string>();
  for (let progress = true; progress; ) {
    progress = false;
    const later: LoadedRule[] = [];
    for (const entry of waiting) {
      const { rule } = entry;
      if (rule.kind === 'correlation' && !rule.refers.every((one) => done.has(one))) {
        later.push(entry);
        continue;
      }
      rules.push(entry);
      done.add(rule.id).add(rule.name);
      progress = true;
    }
    waiting = later;
  }
  for (const entry of waiting) {
    const missing = (entry.rule as CorrelationRule).refers.find((one) => !done.has(one))!;
    const why = named.has(missing) ? 'which could not be linked either' : 'which is not loaded';
    problems.push(problem(entry, `it refers to "${missing}", ${why}`));
  }
  for (const entry of loaded.filters) applyFilter(entry, rules, problems, warnings);
  return { ...loaded, rules, filters: [], problems, warnings };
}

function applyFilter(entry: LoadedFilter, rules: LoadedRule[], problems: RuleProblem[], warnings: RuleProblem[]): void {
  const { filter, file, line } = entry;
  const said = (reason: string): RuleProblem => ({ file, line, rule: filter.title, code: 'reference', reason });
  const missing = new Set(filter.refers);
  rules.forEach((loaded, index) => {
    const { rule } = loaded;
    const named = filter.refers?.some((one) => one === rule.id || one === rule.name);
    if (filter.refers && !named) return;
    missing.delete(rule.id);
    missing.delete(rule.name);
    if (rule.kind === 'correlation') {
      if (named) problems.push(said(`"${rule.title}" is a correlation: name the rules it refers to`));
    } else if (covers(filter.source, rule.source)) {
      const definition = digestOf([rule.definition, filter.definition]);
      const matches = allOf([rule.matches, not(filter.suppresses)]);
      const filters = [...(loaded.filters ?? []), filter];
      rules[index] = { ...loaded, rule: { ...rule, definition, matches }, filters };
    } else if (named) warnings.push(said(`not applied to "${rule.title}", which is of another log source`));
  });
  for (const name of missing) problems.push(said(`it refers to "${name}", which is not loaded`));
}

function problem(entry: LoadedRule, reason: string) {
  return { file: entry.file, line: entry.line, rule: entry.rule.title, code: 'reference' as const, reason };
}
