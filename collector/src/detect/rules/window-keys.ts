import { digestOf, type Rule } from './rule.ts';

/**
 * By rule, what stays the same for as long as its matches and windows mean the same: it, and everything it refers to, looks
 * for the same. Rules stand in the order of `linkRules`.
 */
export function windowKeys(rules: readonly Rule[]): string[] {
  const known = new Map<string, string>();
  return rules.map((rule) => {
    const refers = rule.kind === 'correlation' ? rule.refers.map((name) => known.get(name)) : [];
    const key = digestOf([rule.id, rule.definition, refers]);
    known.set(rule.id, key).set(rule.name, key);
    return key;
  });
}
