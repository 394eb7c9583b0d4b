// An incident is closed with the last of its alerts, and open again with the first that is. Pure.
import { type Alert, AlertState } from '@threatguard/proto';
import type { Correlator } from '../correlate/correlator.ts';
import type { Incident } from '../correlate/incident.ts';

/** Those of the incidents of these alerts whose state changes with them, one revision on. */
export function endedWithAlerts(parts: {
  /** Alerts as they are from now on. */
  alerts: readonly Alert[];
  /** Incidents they belong to as the store has them; one in memory is newer. */
  stored: readonly Incident[];
  /** Of the alerts of those, as stored. */
  states: ReadonlyMap<string, AlertState>;
  correlator: Pick<Correlator, 'folder' | 'incidents'>;
  nowUs: number;
}): Incident[] {
  const { alerts, stored, states, correlator, nowUs } = parts;
  const changed = new Map(alerts.map(({ id, state }) => [id!, state ?? AlertState.OPEN]));
  const stateOf = (id: string) => changed.get(id) ?? correlator.folder.find(id)?.state ?? states.get(id);
  const current = new Map(stored.map((incident) => [incident.id, incident]));
  for (const incident of correlator.incidents.holding([...changed.keys()])) current.set(incident.id, incident);
  return [...current.values()].flatMap((incident) => {
    // An alert that has aged out of the store no longer waits for anybody.
    const done = incident.alerts.every(({ id }) => (stateOf(id) ?? AlertState.CLOSED) === AlertState.CLOSED);
    const state = done ? 'closed' : 'open';
    if (state === incident.state) return [];
    return [
      { ...incident, state, revision: incident.revision + 1, updatedAtUs: Math.max(nowUs, incident.updatedAtUs) },
    ];
  });
}
