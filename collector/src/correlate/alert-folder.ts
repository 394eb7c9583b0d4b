// Detections of one rule about one entity become one alert that grows, instead of a flood.
//
// Invariants: #open holds at most `openAlertsMax` alerts by their folding key, least recently changed first; an alert in
// it is not closed and was last changed within the fold window when it is folded into. What leaves is only forgotten
// here: it stands in the store, and the next detection of its kind raises a new alert.
import { type Alert, AlertState, type Detection, type EventReference } from '@threatguard/proto';
import { type RandomBytes, UlidSource } from './ulid.ts';

export const FOLD_WINDOW_US = 60 * 60 * 1_000_000;
const OPEN_ALERTS_MAX = 50_000;
/** References kept in one alert: how it began, and what is newest. */
const ALERT_EVENTS_FIRST_MAX = 25;
const ALERT_EVENTS_NEWEST_MAX = 25;

export interface FoldContext {
  nowUs: number;
  /** The name people know an agent by; its id where it has none. */
  agentName(agentId: string): string;
}

export class AlertFolder {
  /** Alerts forgotten for lack of room while they could still have grown. */
  evicted = 0;
  readonly #foldWindowUs: number;
  readonly #openAlertsMax: number;
  readonly #ulids: UlidSource;
  readonly #open = new Map<string, Alert>();
  /** The folding key of each of them, by its id. */
  readonly #keys = new Map<string, string>();

  constructor(options: { foldWindowMs?: number; openAlertsMax?: number; random?: RandomBytes } = {}) {
    this.#foldWindowUs = options.foldWindowMs === undefined ? FOLD_WINDOW_US : options.foldWindowMs * 1000;
    this.#openAlertsMax = options.openAlertsMax ?? OPEN_ALERTS_MAX;
    this.#ulids = new UlidSource(options.random);
  }

  /**
   * The alerts these detections raised or changed, each once, as they stand after all of them: a copy that later
   * detections do not change. `observedRatio` is left as it was, 1 in a new alert; the caller knows what was lost.
   */
  fold(detections: readonly Detection[], context: FoldContext): Alert[] {
    this.#forgetEnded(context.nowUs);
    const changed = new Map<string, Alert>();
    for (const detection of detections) {
      const key = foldKey(detection.ruleId, detection.agentId, detection.entity);
      const known = this.#open.get(key);
      const continues = known !== undefined && !this.#hasEnded(known, context.nowUs);
      // One call is one change, however many detections it brings: the console sees one revision.
      const first = !continues || !changed.has(known.id!);
      const alert = continues ? grow(known, detection, context, first) : this.#raise(detection, context);
      this.#keep(key, alert);
      changed.set(alert.id!, alert);
    }
    return [...changed.values()];
  }

  /** Continues alerts as the store has them, after a restart or when a person changed one; a closed one ends there. */
  restore(alerts: readonly Alert[]): void {
    const oldestFirst = [...alerts].sort((a, b) => (a.updatedAtUs ?? 0) - (b.updatedAtUs ?? 0));
    for (const alert of oldestFirst) {
      const key = keyOf(alert);
      if (alert.state !== AlertState.CLOSED) this.#keep(key, { ...alert });
      else if (this.#open.get(key)?.id === alert.id) this.#forget(key);
    }
  }

  /** The alert with this id as it stands, where more of its kind would be folded into it. */
  find(id: string): Alert | undefined {
    const key = this.#keys.get(id);
    return key === undefined ? undefined : this.#open.get(key);
  }

  /** A person changed these: an open one goes on from here, unless another of its kind was raised since. */
  change(alerts: readonly Alert[]): void {
    for (const alert of alerts) {
      const other = this.#open.get(keyOf(alert));
      if (other === undefined || other.id === alert.id) this.restore([alert]);
    }
  }

  #raise(detection: Detection, { nowUs, agentName }: FoldContext): Alert {
    return {
      id: this.#ulids.next(Math.floor(nowUs / 1000)),
      ruleId: detection.ruleId,
      title: detection.ruleTitle,
      severity: detection.severity,
      state: AlertState.OPEN,
      techniques: [...(detection.techniques ?? [])],
      tactics: [...(detection.tactics ?? [])],
      reason: detection.reason,
      values: { ...detection.values },
      modelReason: detection.modelReason,
      agentId: detection.agentId,
      agentName: detection.agentId ? agentName(detection.agentId) : '',
      entity: detection.entity,
      count: 1,
      firstAtUs: detection.firstAtUs,
      lastAtUs: detection.lastAtUs,
      raisedAtUs: nowUs,
      updatedAtUs: nowUs,
      events: boundEvents([], detection.events ?? []),
      revision: 1,
      observedRatio: 1,
    };
  }

  #hasEnded(alert: Alert, nowUs: number): boolean {
    return nowUs - (alert.updatedAtUs ?? 0) > this.#foldWindowUs;
  }

  /** Those whose window is over, from the least recently changed on: each costs memory once and one look here. */
  #forgetEnded(nowUs: number): void {
    for (const [key, alert] of this.#open) {
      if (!this.#hasEnded(alert, nowUs)) return;
      this.#forget(key);
    }
  }

  #keep(key: string, alert: Alert): void {
    this.#forget(key);
    this.#open.set(key, alert);
    this.#keys.set(alert.id!, key);
    if (this.#open.size <= this.#openAlertsMax) return;
    this.#forget(this.#open.keys().next().value!);
    this.evicted++;
  }

  #forget(key: string): void {
    const alert = this.#open.get(key);
    if (!alert) return;
    this.#open.delete(key);
    this.#keys.delete(alert.id!);
  }
}

function grow(alert: Alert, detection: Detection, { nowUs }: FoldContext, firstOfCall: boolean): Alert {
  const newest = (detection.lastAtUs ?? 0) >= (alert.lastAtUs ?? 0);
  return {
    ...alert,
    severity: Math.max(alert.severity ?? 0, detection.severity ?? 0),
    reason: newest ? detection.reason : alert.reason,
    values: newest ? { ...detection.values } : alert.values,
    modelReason: newest ? detection.modelReason : alert.modelReason,
    count: (alert.count ?? 0) + 1,
    firstAtUs: Math.min(alert.firstAtUs ?? 0, detection.firstAtUs ?? 0),
    lastAtUs: Math.max(alert.lastAtUs ?? 0, detection.lastAtUs ?? 0),
    updatedAtUs: nowUs,
    events: boundEvents(alert.events ?? [], detection.events ?? []),
    revision: (alert.revision ?? 0) + (firstOfCall ? 1 : 0),
  };
}

/** First and newest, in order, none twice. */
function boundEvents(known: readonly EventReference[], added: readonly EventReference[]): EventReference[] {
  const unique = new Map<string, EventReference>();
  for (const event of [...known, ...added]) unique.set(referenceKey(event), event);
  const events = [...unique.values()];
  if (events.length <= ALERT_EVENTS_FIRST_MAX + ALERT_EVENTS_NEWEST_MAX) return events;
  return [...events.slice(0, ALERT_EVENTS_FIRST_MAX), ...events.slice(-ALERT_EVENTS_NEWEST_MAX)];
}

function referenceKey({ agentId, streamId, sequence, index }: EventReference): string {
  return `${agentId} ${Buffer.from(streamId ?? []).toString('hex')} ${sequence} ${index}`;
}

function keyOf({ ruleId, agentId, entity }: Alert): string {
  return foldKey(ruleId, agentId, entity);
}

function foldKey(ruleId: string | undefined, agentId: string | undefined, entity: string | undefined): string {
  return `${ruleId}\0${agentId ?? ''}\0${entity ?? ''}`;
}
