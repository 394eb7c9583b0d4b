// What an incident is, and how it is told: its alerts in the order of the story, its title from where they begin and end.
import { type EntityName, entityKey } from './entities.ts';
import { orderTactics, tacticRank } from './tactics.ts';

/** Entities an incident names. */
const ENTITIES_MAX = 64;

interface IncidentAlert {
  id: string;
  ruleId: string;
  title: string;
  severity: number;
  tactics: string[];
  firstAtUs: number;
}

export interface Incident {
  /** ULID, lower case. */
  id: string;
  /** 1 when raised, one more at each change. */
  revision: number;
  title: string;
  /** The highest of its alerts. */
  severity: number;
  state: 'open' | 'closed';
  /** In ATT&CK's order. */
  tactics: string[];
  /** By tactic, then by time. */
  alerts: IncidentAlert[];
  entities: EntityName[];
  firstAtUs: number;
  lastAtUs: number;
  raisedAtUs: number;
  updatedAtUs: number;
}

/** An alert as it joins: with whom it is about, and until when. */
export interface JoiningAlert extends IncidentAlert {
  entities: ReadonlyMap<string, EntityName>;
  lastAtUs: number;
}

/** One without alerts yet; `tellIncident` gives it the first. */
export function emptyIncident(id: string, raisedAtUs: number): Incident {
  const times = { firstAtUs: Number.MAX_SAFE_INTEGER, lastAtUs: 0, raisedAtUs, updatedAtUs: raisedAtUs };
  return { id, revision: 0, title: '', severity: 0, state: 'open', tactics: [], alerts: [], entities: [], ...times };
}

/** The incident with these alerts as they are now. */
export function tellIncident(incident: Incident, joined: readonly JoiningAlert[], nowUs: number): Incident {
  const alerts = new Map(incident.alerts.map((alert) => [alert.id, alert]));
  const entities = new Map(incident.entities.map((entity) => [entityKey(entity), entity]));
  for (const { id, ruleId, title, severity, tactics, firstAtUs, ...more } of joined) {
    alerts.set(id, { id, ruleId, title, severity, tactics, firstAtUs });
    for (const [key, entity] of more.entities) {
      if (entities.size < ENTITIES_MAX || entities.has(key)) entities.set(key, entity);
    }
  }
  const inOrder = [...alerts.values()].sort(
    (a, b) => tacticRank(a.tactics) - tacticRank(b.tactics) || a.firstAtUs - b.firstAtUs || (a.id < b.id ? -1 : 1),
  );
  const tactics = orderTactics(inOrder.flatMap((alert) => alert.tactics));
  return {
    ...incident,
    title: titleOf(tactics, [...entities.values()]),
    severity: Math.max(...inOrder.map(({ severity }) => severity)),
    tactics,
    alerts: inOrder,
    entities: [...entities.values()],
    firstAtUs: Math.min(incident.firstAtUs, ...joined.map((alert) => alert.firstAtUs)),
    lastAtUs: Math.max(incident.lastAtUs, ...joined.map((alert) => alert.lastAtUs)),
    updatedAtUs: Math.max(nowUs, incident.updatedAtUs),
  };
}

/** `initial access to persistence: web-1, 192.0.2.1` */
function titleOf(tactics: readonly string[], entities: readonly EntityName[]): string {
  const words = (tactic: string) => tactic.replaceAll('-', ' ');
  const span =
    tactics.length > 1 ? `${words(tactics[0]!)} to ${words(tactics.at(-1)!)}` : words(tactics[0] ?? 'alerts');
  const about = (['host', 'address', 'user'] as const).flatMap((kind) => {
    const [first, ...others] = entities.filter((entity) => entity.kind === kind);
    return first ? [others.length > 0 ? `${first.name} and ${others.length} more` : first.name] : [];
  });
  return about.length > 0 ? `${span}: ${about.slice(0, 2).join(', ')}` : span;
}
