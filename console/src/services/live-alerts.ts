import type { Alert } from '@threatguard/proto';
import { latestFirst } from '../model/alert.ts';

/** Alerts kept in memory; older ones are in `alerts list`. */
export const LIVE_ALERTS_MAX = 500;

/**
 * What a list shows of an alert and acts on it by; the view of one alert asks for the whole. References to events are most of an
 * alert, and each keeps the whole message alive that it was read from.
 */
function summaryOf({ events: _, modelReason: __, triage, ...shown }: Alert): Alert {
  const { probability, modelVersion } = triage ?? {};
  return { ...shown, ...(triage && { triage: { probability, modelVersion } }) };
}

/**
 * Summaries of the newest alerts as they are now, each id once with its newest revision.
 * Invariant: at most LIVE_ALERTS_MAX, least recently changed first.
 */
export class LiveAlerts {
  /** Whether what was raised before is in it. */
  filled = false;
  readonly #byId = new Map<string, Alert>();

  /** False where it is known already. */
  add(alert: Alert): boolean {
    const id = alert.id ?? '';
    const known = this.#byId.get(id);
    if (known && (known.revision ?? 0) >= (alert.revision ?? 0)) return false;
    this.#byId.delete(id);
    this.#byId.set(id, summaryOf(alert));
    if (this.#byId.size > LIVE_ALERTS_MAX) this.#byId.delete(this.#byId.keys().next().value!);
    return true;
  }

  get size(): number {
    return this.#byId.size;
  }

  find(id: string): Alert | undefined {
    return this.#byId.get(id);
  }

  /** As `alerts list` has them. */
  latestFirst(): Alert[] {
    return latestFirst([...this.#byId.values()]);
  }
}
