import type { CorrelationRule, Rule } from './rule.ts';
import type { RuleProblem } from './rule-error.ts';

export interface LoadedRule {
  rule: Rule;
  file: string;
  line: number;
}

export interface LoadedRules {
  rules: LoadedRule[];
  problems: RuleProblem[];
}

/**
 * Holds references between rules against what was loaded: a rule whose id or name is taken, a correlation that names a
 * rule which is not there (or not any more), and correlations that name each other in a circle become problems.
 * The rules that remain stand in an order in which every rule comes after those it refers to.
 */
export function linkRules(loaded: LoadedRules): LoadedRules {
  const problems = [...loaded.problems];
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
  return { rules, problems };
}

function problem(entry: LoadedRule, reason: string) {
  return { file: entry.file, line: entry.line, rule: entry.rule.title, code: 'reference' as const, reason };
}
