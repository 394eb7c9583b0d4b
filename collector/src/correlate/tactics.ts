/** ATT&CK's enterprise tactics by their short names, in the order an intrusion goes through them (attack.mitre.org). */
export const TACTICS_IN_ORDER: readonly string[] = [
  'reconnaissance',
  'resource-development',
  'initial-access',
  'execution',
  'persistence',
  'privilege-escalation',
  'defense-evasion',
  'credential-access',
  'discovery',
  'lateral-movement',
  'collection',
  'command-and-control',
  'exfiltration',
  'impact',
];

const RANKS = new Map(TACTICS_IN_ORDER.map((tactic, rank) => [tactic, rank]));

/** The earliest of some tactics; those ATT&CK does not know, and none at all, come last. */
export function tacticRank(tactics: readonly string[]): number {
  return Math.min(TACTICS_IN_ORDER.length, ...tactics.map((tactic) => RANKS.get(tactic) ?? TACTICS_IN_ORDER.length));
}

/** In ATT&CK's order, none twice. */
export function orderTactics(tactics: Iterable<string>): string[] {
  return [...new Set(tactics)].sort((a, b) => tacticRank([a]) - tacticRank([b]) || (a < b ? -1 : 1));
}
