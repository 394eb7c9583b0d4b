// Alerts that belong together become one story.
//
// Two alerts belong together when both changed within JOIN_WINDOW and share
//   - an address, a user, or a process image outside the system's own directories; or
//   - a host, within HOST_WINDOW and with different tactics: on one host much happens that has nothing to do with each other.
// An entity that more than BUSY_ALERTS alerts name within the window joins nothing: a scanner everybody meets, or a host
// that alarms all day, is no story. An incident begins with alerts of two different rules (the health of an agent counts as
// one), grows to at most ALERTS_MAX alerts, and ends a JOIN_WINDOW after its last change or SPAN_MAX after it was raised.
// Incidents are never merged; an alert that belongs to two joins the one it shares more with, of equal ones the older.
//
// Invariants: #recent holds the alerts of the window, at most `alertsMax`, least recently changed first; #byEntity indexes
// exactly those; #open holds at most `incidentsMax` incidents, least recently changed first. What leaves is only forgotten
// here: it stands in the store.
import { type Alert, Severity } from '@threatguard/proto';
import { type EntityName, entitiesOf, entityKey } from './entities.ts';
import { emptyIncident, type Incident, type JoiningAlert, tellIncident } from './incident.ts';
import { type RandomBytes, UlidSource } from './ulid.ts';

export const JOIN_WINDOW_US = 3_600_000_000;
const HOST_WINDOW_US = 15 * 60_000_000;
const SPAN_US_MAX = 24 * 3_600_000_000;
export const BUSY_ALERTS = 24;
export const ALERTS_MAX = 64;
/** Entities one alert is remembered by: a rule that folds by address names another user each time. */
const ALERT_ENTITIES_MAX = 16;
const RECENT_ALERTS_MAX = 20_000;
const INCIDENTS_MAX = 2_000;

const SYSTEM_IMAGE = /^\/(usr\/)?(s?bin|lib|lib64|libexec)\//;

interface RecentAlert extends JoiningAlert {
  entities: Map<string, EntityName>;
  changedAtUs: number;
  incidentId: string | undefined;
}

export class IncidentJoiner {
  /** Alerts and incidents forgotten for lack of room while they could still have been joined. */
  evicted = 0;
  readonly #recent = new Map<string, RecentAlert>();
  readonly #byEntity = new Map<string, Set<string>>();
  readonly #open = new Map<string, Incident>();
  readonly #limits: { alertsMax: number; incidentsMax: number };
  readonly #ulids: UlidSource;

  constructor(options: { alertsMax?: number; incidentsMax?: number; random?: RandomBytes } = {}) {
    const { alertsMax = RECENT_ALERTS_MAX, incidentsMax = INCIDENTS_MAX } = options;
    this.#limits = { alertsMax, incidentsMax };
    this.#ulids = new UlidSource(options.random);
  }

  get size(): { alerts: number; entities: number; incidents: number } {
    return { alerts: this.#recent.size, entities: this.#byEntity.size, incidents: this.#open.size };
  }

  /** The incidents these alerts began or changed, each once, as they stand after all of them. */
  join(alerts: readonly Alert[], nowUs: number): Incident[] {
    this.#forgetEnded(nowUs);
    const changed = new Map<string, Incident>();
    for (const alert of alerts) {
      const placed = this.#place(this.#remember(alert, nowUs), nowUs);
      if (!placed) continue;
      const told = tellIncident(placed.incident, placed.joined, nowUs);
      // One call is one change, however many alerts it brings.
      const incident = { ...told, revision: told.revision + (changed.has(told.id) ? 0 : 1) };
      this.#keep(incident);
      changed.set(incident.id, incident);
    }
    return [...changed.values()];
  }

  /** Continues incidents and the alerts of the last window, as the store has them; a closed incident ends. */
  restore(incidents: readonly Incident[], alerts: readonly Alert[]): void {
    const byChange = <T extends { updatedAtUs?: number }>(list: readonly T[]) =>
      [...list].sort((a, b) => (a.updatedAtUs ?? 0) - (b.updatedAtUs ?? 0));
    for (const alert of byChange(alerts)) this.#remember(alert, alert.updatedAtUs ?? 0);
    for (const incident of byChange(incidents)) {
      if (incident.state === 'closed') this.#open.delete(incident.id);
      else this.#keep(incident);
      for (const { id } of incident.alerts) {
        const recent = this.#recent.get(id);
        if (recent) recent.incidentId = incident.id;
      }
    }
  }

  /** Open incidents that have one of these alerts. */
  holding(alertIds: readonly string[]): Incident[] {
    const wanted = new Set(alertIds);
    return [...this.#open.values()].filter(({ alerts }) => alerts.some(({ id }) => wanted.has(id)));
  }

  /** An alert was closed: what comes later does not join it. */
  leave(alertId: string): void {
    const recent = this.#recent.get(alertId);
    if (recent) this.#forget(recent);
  }

  /** Incidents were closed, or opened again, with their alerts. */
  change(incidents: readonly Incident[]): void {
    this.restore(incidents, []);
  }

  /** The incident an alert belongs to, and who joins it with this change; undefined where it stands alone. */
  #place(alert: RecentAlert, nowUs: number): { incident: Incident; joined: RecentAlert[] } | undefined {
    if (alert.incidentId !== undefined) {
      const incident = this.#open.get(alert.incidentId);
      return incident && { incident, joined: [alert] };
    }
    if (alert.severity <= Severity.INFORMATIONAL) return undefined;
    const related = this.#related(alert);
    const loose = [alert, ...related.keys()].filter(({ incidentId }) => incidentId === undefined);
    const incident = this.#best(related) ?? this.#begin(loose, nowUs);
    if (!incident) return undefined;
    const joined = loose.slice(0, ALERTS_MAX - incident.alerts.length);
    for (const each of joined) each.incidentId = incident.id;
    return { incident, joined };
  }

  /** Recent alerts that belong together with this one, and by how many entities. */
  #related(alert: RecentAlert): Map<RecentAlert, number> {
    const related = new Map<RecentAlert, number>();
    for (const [key, entity] of alert.entities) {
      const ids = this.#byEntity.get(key)!;
      if (ids.size > BUSY_ALERTS || (entity.kind === 'process' && SYSTEM_IMAGE.test(entity.name))) continue;
      for (const id of ids) {
        const other = this.#recent.get(id)!;
        if (other === alert || other.severity <= Severity.INFORMATIONAL) continue;
        if (entity.kind === 'host' && !followsOnHost(alert, other)) continue;
        related.set(other, (related.get(other) ?? 0) + 1);
      }
    }
    return related;
  }

  #best(related: ReadonlyMap<RecentAlert, number>): Incident | undefined {
    const shared = new Map<Incident, number>();
    for (const [{ incidentId = '' }, count] of related) {
      const incident = this.#open.get(incidentId);
      if (!incident || incident.alerts.length >= ALERTS_MAX) continue;
      shared.set(incident, (shared.get(incident) ?? 0) + count);
    }
    const [best] = [...shared].sort(([one, a], [other, b]) => b - a || (one.id < other.id ? -1 : 1));
    return best?.[0];
  }

  /** A new incident, empty so far, where the alerts are of two different rules. */
  #begin(alerts: readonly RecentAlert[], nowUs: number): Incident | undefined {
    if (new Set(alerts.map(ruleFamily)).size < 2) return undefined;
    return emptyIncident(this.#ulids.next(Math.floor(nowUs / 1000)), nowUs);
  }

  #remember(alert: Alert, nowUs: number): RecentAlert {
    const { id = '', ruleId = '', title = '', severity = 0, tactics = [], firstAtUs = nowUs, lastAtUs = nowUs } = alert;
    const known = this.#recent.get(id);
    const entities = known?.entities ?? new Map<string, EntityName>();
    for (const entity of entitiesOf(alert)) {
      if (entities.size < ALERT_ENTITIES_MAX) entities.set(entityKey(entity), entity);
    }
    const recent = { id, ruleId, title, severity, tactics, firstAtUs, lastAtUs, entities, changedAtUs: nowUs };
    if (known) this.#recent.delete(id);
    // The same object for as long as it is known: others hold it while one call goes on.
    const kept = Object.assign(known ?? { incidentId: undefined }, recent);
    this.#recent.set(id, kept);
    for (const key of entities.keys()) this.#byEntity.set(key, (this.#byEntity.get(key) ?? new Set()).add(id));
    if (this.#recent.size > this.#limits.alertsMax) {
      this.#forget(this.#recent.values().next().value!);
      this.evicted++;
    }
    return kept;
  }

  #keep(incident: Incident): void {
    this.#open.delete(incident.id);
    this.#open.set(incident.id, incident);
    if (this.#open.size <= this.#limits.incidentsMax) return;
    this.#open.delete(this.#open.keys().next().value!);
    this.evicted++;
  }

  #forgetEnded(nowUs: number): void {
    for (const recent of this.#recent.values()) {
      if (nowUs - recent.changedAtUs <= JOIN_WINDOW_US) break;
      this.#forget(recent);
    }
    for (const [id, { updatedAtUs, raisedAtUs }] of this.#open) {
      // Not in the order of their beginning, so every one is looked at; they are few.
      if (nowUs - updatedAtUs > JOIN_WINDOW_US || nowUs - raisedAtUs > SPAN_US_MAX) this.#open.delete(id);
    }
  }

  #forget({ id, entities }: RecentAlert): void {
    this.#recent.delete(id);
    for (const key of entities.keys()) {
      const ids = this.#byEntity.get(key);
      ids?.delete(id);
      if (ids?.size === 0) this.#byEntity.delete(key);
    }
  }
}

function followsOnHost(a: RecentAlert, b: RecentAlert): boolean {
  const known = new Set(a.tactics);
  const another = b.tactics.some((tactic) => !known.has(tactic)) || b.tactics.length < known.size;
  return another && Math.abs(a.changedAtUs - b.changedAtUs) <= HOST_WINDOW_US;
}

function ruleFamily({ ruleId }: RecentAlert): string {
  return ruleId.startsWith('health/') ? 'health' : ruleId;
}
