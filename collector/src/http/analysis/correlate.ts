// Alerts of any time, joined as they would have been when they came. Pure.
import type { Alert } from '@threatguard/proto';
import { entitiesOf, entityKey } from '../../correlate/entities.ts';
import type { Incident } from '../../correlate/incident.ts';
import { IncidentJoiner } from '../../correlate/incidents.ts';
import { orderTactics } from '../../correlate/tactics.ts';

const ENTITIES_MAX = 50;

export function correlateAlerts(alerts: readonly Alert[]): {
  incidents: Incident[];
  entities: { kind: string; name: string; alerts: string[] }[];
  tactics: string[];
} {
  const joiner = new IncidentJoiner();
  const incidents = new Map<string, Incident>();
  const named = new Map<string, { kind: string; name: string; alerts: string[] }>();
  const inOrder = [...alerts].sort((a, b) => (a.lastAtUs ?? 0) - (b.lastAtUs ?? 0));
  for (const alert of inOrder) {
    for (const incident of joiner.join([alert], alert.lastAtUs ?? 0)) incidents.set(incident.id, incident);
    for (const entity of entitiesOf(alert)) {
      const known = named.get(entityKey(entity)) ?? { ...entity, alerts: [] };
      known.alerts.push(alert.id ?? '');
      named.set(entityKey(entity), known);
    }
  }
  return {
    incidents: [...incidents.values()].sort((a, b) => b.severity - a.severity || b.alerts.length - a.alerts.length),
    entities: [...named.values()]
      .filter((entity) => entity.alerts.length > 1)
      .sort((a, b) => b.alerts.length - a.alerts.length)
      .slice(0, ENTITIES_MAX),
    tactics: orderTactics(alerts.flatMap(({ tactics }) => tactics ?? [])),
  };
}
