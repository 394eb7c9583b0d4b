// Where people's acts on alerts meet what detections do to the same alerts meanwhile.
//
// Invariants: acts of one collector happen one request after another, and of several collectors of a store only one makes the next
// version of an alert: it claims that first. Whatever must be read is read before; from looking at an alert in memory to handing
// its change to the writer nothing is awaited, so no detection comes in between. Alerts and the incidents that end or begin again
// with them are stored in one transaction, with the act and its audit entry.
import { type Alert, AlertState } from '@threatguard/proto';
import type { Correlator } from '../correlate/correlator.ts';
import type { Incident } from '../correlate/incident.ts';
import type { AuditActor } from '../store/audit-entry.ts';
import type { ActClaim, SharedStateStore } from '../store/shared-store.ts';
import type { Store } from '../store/store.ts';
import { Turns } from '../turns.ts';
import { type AlertActRecord, changeAlert, type Decision, TriageError, type TriageErrorCode } from './change-alert.ts';
import { endedWithAlerts } from './ended-incidents.ts';

export interface TriageTarget {
  /** Whole, or a prefix that only one alert has. */
  id: string;
  /** The version the analyst saw; undefined for whatever it is now. */
  version: number | undefined;
}

export type TriageResult =
  | { id: string; alert: Alert }
  | { id: string; refusal: TriageErrorCode; message: string; version?: number };

/** What one request changes: stored together or not at all, then published. */
export interface TriageChange {
  alerts: Alert[];
  incidents: Incident[];
  acts: AlertActRecord[];
}

export interface TriageDeskParts {
  store: Pick<Store, 'alertsByIdPrefix' | 'incidentsOfAlerts' | 'alertStates' | 'alertActs'>;
  correlator: Pick<Correlator, 'folder' | 'incidents'>;
  /** Stores a change and publishes its alerts; hands it to the writer before it first waits. */
  apply: (change: TriageChange) => Promise<void>;
  /** Where there are other collectors: what they claimed first is theirs. */
  claims?: Pick<SharedStateStore, 'claimActs' | 'releaseActs'> | undefined;
  nowUs: () => number;
}

export class TriageDesk {
  readonly #parts: TriageDeskParts;
  readonly #turns = new Turns();

  constructor(parts: TriageDeskParts) {
    this.#parts = parts;
  }

  /** One result for each target, in order. Rejects only where the store does not take what was changed. */
  act(targets: readonly TriageTarget[], decision: Decision, by: AuditActor): Promise<TriageResult[]> {
    return this.#turns.next(() => this.#act(targets, decision, by));
  }

  /** What was done about these at another collector, and is stored: what is in memory of them goes on from there. */
  takeIn(alerts: readonly Alert[]): Promise<void> {
    return this.#turns.next(() => this.#takeIn(alerts));
  }

  async #takeIn(alerts: readonly Alert[]): Promise<void> {
    const { correlator, apply, nowUs } = this.#parts;
    const concerned = await this.#incidentsOf(alerts.map(({ id }) => id!));
    const newer = alerts.filter(({ id, triageVersion }) => {
      const known = correlator.folder.find(id!);
      return known === undefined || (known.triageVersion ?? 0) < (triageVersion ?? 0);
    });
    const news: Alert[] = [];
    const merged = newer.map((stored) => {
      const known = correlator.folder.find(stored.id!);
      const alert = goOnFrom(known, stored);
      if ((known?.revision ?? 0) < (stored.revision ?? 0)) return alert;
      // Detections came here before the decision was heard of: others get both together.
      const next = { ...alert, revision: (alert.revision ?? 0) + 1, updatedAtUs: nowUs() };
      news.push(next);
      return next;
    });
    const incidents = endedWithAlerts({ ...concerned, alerts: merged, correlator, nowUs: nowUs() });
    this.#remember(merged, incidents);
    if (news.length > 0) await apply({ alerts: news, incidents: [], acts: [] });
  }

  async #act(targets: readonly TriageTarget[], decision: Decision, by: AuditActor): Promise<TriageResult[]> {
    const { store, correlator, apply, nowUs } = this.#parts;
    const found = await Promise.all(targets.map(({ id }) => findOne(store, id)));
    const stored = found.filter((each): each is Alert => !(each instanceof TriageError));
    const concerned = await this.#incidentsOf(stored.map(({ id }) => id!));
    const claims = stored.map((alert): ActClaim => {
      const { id, triageVersion } = goOnFrom(correlator.folder.find(alert.id!), alert);
      return { alertId: id!, version: (triageVersion ?? 0) + 1 };
    });
    const claimed = await this.#parts.claims?.claimActs(claims);

    const atUs = nowUs();
    const acts = new Map<string, AlertActRecord>();
    const results = targets.map(({ id, version }, index): TriageResult => {
      const known = found[index]!;
      if (known instanceof TriageError) return { id, refusal: known.code, message: known.message };
      const alertId = known.id!;
      const before = goOnFrom(correlator.folder.find(alertId), known);
      try {
        if (acts.has(alertId)) throw new TriageError('no_change', 'it is named twice');
        if (version !== undefined && version !== (before.triageVersion ?? 0)) {
          throw new TriageError('conflict', 'somebody acted on it meanwhile');
        }
        if (claimed && !claimed.has(alertId))
          throw new TriageError('conflict', 'somebody acts on it at this moment; look at it again');
        const after = changeAlert(before, decision, atUs);
        acts.set(alertId, { before, after, decision, by, atUs });
        return { id: alertId, alert: after };
      } catch (error) {
        if (!(error instanceof TriageError)) throw error;
        return { id: alertId, refusal: error.code, message: error.message, version };
      }
    });
    const unused = (made: boolean) =>
      claims.filter(({ alertId }) => claimed?.has(alertId) && !(made && acts.has(alertId)));
    if (acts.size > 0) {
      const alerts = Array.from(acts.values(), ({ after }) => after);
      const incidents = endedWithAlerts({ ...concerned, alerts, correlator, nowUs: atUs });
      this.#remember(alerts, incidents);
      try {
        await apply({ alerts, incidents, acts: [...acts.values()] });
      } catch (error) {
        this.#takeBack([...acts.values()]);
        await this.#release(unused(false));
        throw error;
      }
    }
    await this.#release(unused(true));
    return Promise.all(results.map((result) => this.#explained(result)));
  }

  /** Incidents these alerts belong to, and the states of all alerts of those, as the store has them. */
  async #incidentsOf(alertIds: readonly string[]): Promise<{ stored: Incident[]; states: Map<string, AlertState> }> {
    const { store, correlator } = this.#parts;
    const stored = await store.incidentsOfAlerts(alertIds);
    const members = [...stored, ...correlator.incidents.holding(alertIds)].flatMap(({ alerts }) => alerts);
    return { stored, states: await store.alertStates([...new Set(members.map(({ id }) => id))]) };
  }

  #remember(alerts: readonly Alert[], incidents: readonly Incident[]): void {
    const { folder, incidents: joiner } = this.#parts.correlator;
    folder.change(alerts);
    for (const { id, state } of alerts) if (state === AlertState.CLOSED) joiner.leave(id!);
    joiner.change(incidents);
  }

  /** Otherwise they end by themselves. */
  async #release(claims: readonly ActClaim[]): Promise<void> {
    if (claims.length > 0) await this.#parts.claims?.releaseActs(claims).catch(() => undefined);
  }

  /** Nothing was stored: alerts in memory go on from what they were, detections that came since included. */
  #takeBack(acts: readonly AlertActRecord[]): void {
    const { folder } = this.#parts.correlator;
    for (const { before, after } of acts) {
      const { state, assignee, verdict, triageVersion } = before;
      const now = folder.find(after.id!) ?? after;
      folder.change([{ ...now, state, assignee, verdict, triageVersion, revision: (now.revision ?? 0) + 1 }]);
    }
  }

  /** A conflict names who was quicker, and what they did. */
  async #explained(result: TriageResult): Promise<TriageResult> {
    if (!('refusal' in result) || result.refusal !== 'conflict' || result.version === undefined) return result;
    const since = (await this.#parts.store.alertActs(result.id)).filter(
      ({ version }) => version > (result.version ?? 0),
    );
    const told = since.map(({ actorId, action, atUs }) => {
      return `${actorId || 'somebody'}: ${action} at ${new Date(atUs / 1000).toISOString()}`;
    });
    return { ...result, message: `changed meanwhile by ${told.join(', ') || 'somebody'}; look at it again` };
  }
}

/**
 * An alert as it is in memory, where there it is, and as the store has it, perhaps from another collector: the newer of both, with
 * what people decided last.
 */
function goOnFrom(known: Alert | undefined, stored: Alert): Alert {
  if (!known) return stored;
  const newer = (known.revision ?? 0) >= (stored.revision ?? 0) ? known : stored;
  const { state, assignee, verdict, triageVersion } =
    (known.triageVersion ?? 0) >= (stored.triageVersion ?? 0) ? known : stored;
  return { ...newer, state, assignee, verdict, triageVersion };
}

async function findOne(store: Pick<Store, 'alertsByIdPrefix'>, id: string): Promise<Alert | TriageError> {
  const [alert, ...others] = await store.alertsByIdPrefix(id);
  if (!alert) return new TriageError('not_found', 'no alert has this id; threatguard alerts list shows them');
  if (others.length > 0 && alert.id !== id) {
    const candidates = [alert, ...others].map((match) => match.id).join(', ');
    return new TriageError('ambiguous', `several alerts begin with this; give more of the id: ${candidates}`);
  }
  return alert;
}
