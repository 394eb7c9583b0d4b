import { type Alert, type AlertFilter, Withheld } from '@threatguard/proto';
import { matcher } from '../store/field-match.ts';

/** Of an agent, as they are now. */
export type LabelsOf = (agentId: string) => Readonly<Record<string, string>> | undefined;

/** Whether an alert passes a filter. Pure; what a filter does not name it does not restrict. */
export function matchesAlert(alert: Alert, filter: AlertFilter, labelsOf: LabelsOf = () => undefined): boolean {
  return (
    (alert.severity ?? 0) >= (filter.severityMin ?? 0) &&
    (!filter.agent || filter.agent === alert.agentName || filter.agent === alert.agentId) &&
    (!filter.user || filter.user === alert.values?.['user.name']) &&
    (!filter.technique || (alert.techniques ?? []).some((technique) => isTechnique(technique, filter.technique!))) &&
    (!filter.state || filter.state === alert.state) &&
    (!filter.assignee || filter.assignee === alert.assignee) &&
    (!filter.sinceUs || (alert.lastAtUs ?? 0) >= filter.sinceUs) &&
    matchesWithheld(alert, filter) &&
    (!filter.untilUs || (alert.firstAtUs ?? 0) <= filter.untilUs) &&
    (filter.labels ?? []).every((label) => matcher(label)({ labels: labelsOf(alert.agentId ?? '') ?? {} }))
  );
}

function matchesWithheld(alert: Alert, { withheld }: AlertFilter): boolean {
  if (withheld === Withheld.WITHHELD_INCLUDED) return true;
  return Boolean(alert.withheld) === (withheld === Withheld.WITHHELD_ONLY);
}

/** "T1110" is every T1110.xxx too, but not T11100. */
function isTechnique(technique: string, wanted: string): boolean {
  const [have, want] = [technique.toUpperCase(), wanted.toUpperCase()];
  return have === want || have.startsWith(`${want}.`);
}
