import type { Rule } from './rule.ts';

/** Whether a rule runs: `off` it is not looked at, and what refers to it sees nothing of it; `simulated` it raises no alerts. */
export type RuleState = 'on' | 'off' | 'simulated';

/** Of rules that are not simply on, by id. */
export type RuleStates = ReadonlyMap<string, RuleState>;

/** A correlation that takes the matches of a rule, and as which of the rules it refers to. */
export interface Feed {
  /** Index of the correlation among the rules. */
  into: number;
  part: number;
}

export interface Wired {
  rule: Rule;
  /** False for a building block: only the correlations that refer to it speak. */
  speaks: boolean;
  feeds: readonly Feed[];
  state: RuleState;
}

/** What refers to what. Rules stand in the order of `linkRules`: each after those it refers to. */
export function wireRules(rules: readonly Rule[], states: RuleStates = new Map()): Wired[] {
  const quiet = new Set(
    rules.flatMap((rule) => (rule.kind === 'correlation' && !rule.generate ? [...rule.refers] : [])),
  );
  const feedsOf = new Map<string, Feed[]>();
  return rules.map((rule, into) => {
    const feeds: Feed[] = [];
    feedsOf.set(rule.id, feeds).set(rule.name, feeds);
    if (rule.kind === 'correlation') {
      for (const [part, name] of rule.refers.entries()) feedsOf.get(name)!.push({ into, part });
    }
    const speaks = !quiet.has(rule.id) && !quiet.has(rule.name);
    return { rule, speaks, feeds, state: states.get(rule.id) ?? 'on' };
  });
}
