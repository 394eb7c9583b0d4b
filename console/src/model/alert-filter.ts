import { type Alert, type AlertFilter, Withheld } from '@threatguard/proto';

/** Whether an alert passes; the collector answers the same question in SQL, this one is for streams, and leaves labels to him. */
export function matchesAlert(alert: Alert, filter: AlertFilter): boolean {
  const { severityMin, agent, user, technique, state, assignee, sinceUs, untilUs, withheld } = filter;
  const values = alert.values ?? {};
  if (severityMin && (alert.severity ?? 0) < severityMin) return false;
  if (agent && alert.agentId !== agent && alert.agentName !== agent) return false;
  if (user && values['user.name'] !== user) return false;
  if (technique && !(alert.techniques ?? []).some((each) => each === technique || each.startsWith(`${technique}.`))) {
    return false;
  }
  if (alert.withheld ? !withheld : withheld === Withheld.WITHHELD_ONLY) return false;
  if (state && alert.state !== state) return false;
  if (assignee && alert.assignee !== assignee) return false;
  if (sinceUs && (alert.lastAtUs ?? 0) < sinceUs) return false;
  return !(untilUs && (alert.firstAtUs ?? 0) > untilUs);
}
