import { type Alert, type AlertFilter, Withheld } from '@threatguard/proto';

/** Whether an alert passes a filter. Pure; what a filter does not name it does not restrict. */
export function matchesAlert(alert: Alert, filter: AlertFilter): boolean {
  return (
    (alert.severity ?? 0) >= (filter.severityMin ?? 0) &&
    (!filter.agent || filter.agent === alert.agentName || filter.agent === alert.agentId) &&
    (!filter.user || filter.user === alert.values?.['user.name']) &&
    (!filter.technique || (alert.techniques ?? []).some((technique) => isTechnique(technique, filter.technique!))) &&
    (!filter.state || filter.state === alert.state) &&
    (!filter.assignee || filter.assignee === alert.assignee) &&
    (!filter.sinceUs || (alert.lastAtUs ?? 0) >= filter.sinceUs) &&
    matchesWithheld(alert, filter) &&
    (!filter.untilUs || (alert.firstAtUs ?? 0) <= filter.untilUs)
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
