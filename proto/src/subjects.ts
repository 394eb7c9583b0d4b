import { Severity } from './v1.ts';

/** The JetStream stream that keeps alerts for consoles that were away. */
export const ALERT_STREAM = 'THREATGUARD_ALERTS';
/** Every alert subject. */
export const ALERT_SUBJECTS = 'threatguard.alerts.>';

/** Signed heads of the collector's tree of evidence, encoded SignedTreeHead: for whoever listens and keeps them. */
export const TREE_HEAD_SUBJECT = 'threatguard.tree-heads';

/** Said by a collector when it changed something that the others of its store hold in memory; no payload: they look. */
export const CHANGES_SUBJECT = 'threatguard.changes';

/** `threatguard.alerts.<severity>.<agent>`; the agent id is a UUID, so it is one safe token. */
export function alertSubject(severity: Severity, agentId: string): string {
  return `threatguard.alerts.${severityName(severity)}.${agentId || 'fleet'}`;
}

/** The severity as people write it: "high". */
export function severityName(severity: Severity): string {
  return (Severity[severity] ?? 'informational').toLowerCase();
}

/** The severity of a name as `severityName` gives it; undefined for any other text. */
export function parseSeverity(name: string): Severity | undefined {
  const value = Severity[name.toUpperCase() as keyof typeof Severity];
  return typeof value === 'number' && value > 0 ? value : undefined;
}
