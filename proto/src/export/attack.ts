/** ATT&CK's enterprise tactics: short name -> id and title (attack.mitre.org, version 15). */
const TACTICS: Record<string, { id: string; title: string }> = {
  reconnaissance: { id: 'TA0043', title: 'Reconnaissance' },
  'resource-development': { id: 'TA0042', title: 'Resource Development' },
  'initial-access': { id: 'TA0001', title: 'Initial Access' },
  execution: { id: 'TA0002', title: 'Execution' },
  persistence: { id: 'TA0003', title: 'Persistence' },
  'privilege-escalation': { id: 'TA0004', title: 'Privilege Escalation' },
  'defense-evasion': { id: 'TA0005', title: 'Defense Evasion' },
  'credential-access': { id: 'TA0006', title: 'Credential Access' },
  discovery: { id: 'TA0007', title: 'Discovery' },
  'lateral-movement': { id: 'TA0008', title: 'Lateral Movement' },
  collection: { id: 'TA0009', title: 'Collection' },
  'command-and-control': { id: 'TA0011', title: 'Command and Control' },
  exfiltration: { id: 'TA0010', title: 'Exfiltration' },
  impact: { id: 'TA0040', title: 'Impact' },
};

export interface Tactic {
  /** Undefined for one ATT&CK does not have. */
  id: string | undefined;
  title: string;
}

export function tacticsOf(names: readonly string[] | null | undefined): Tactic[] {
  return (names ?? []).map((name) => (Object.hasOwn(TACTICS, name) ? TACTICS[name]! : { id: undefined, title: name }));
}

/** Techniques and sub-techniques apart; a sub-technique names its technique as well. */
export function techniquesOf(ids: readonly string[] | null | undefined): { techniques: string[]; subs: string[] } {
  const all = ids ?? [];
  return {
    techniques: [...new Set(all.map((id) => id.split('.')[0]!))],
    subs: [...new Set(all.filter((id) => id.includes('.')))],
  };
}
