import type { Alert } from '@threatguard/proto';

/** Alerts remembered; the one unchanged longest is forgotten first. */
const REMEMBERED_MAX = 10_000;

/** What an alert's arrival is to someone who watches. */
export type Arrival = 'new' | 'risen' | 'changed' | 'known';

/** Tells the new from the repeated over several sources: by id and revision, so a catch-up shows nothing twice. */
export class SeenAlerts {
  readonly #known = new Map<string, { revision: number; severity: number }>();
  readonly #sinceUs: number;

  /** Alerts first raised before `sinceUs` are not news when they change. */
  constructor(sinceUs: number) {
    this.#sinceUs = sinceUs;
  }

  note(alert: Alert): Arrival {
    const id = alert.id ?? '';
    const revision = alert.revision ?? 0;
    const severity = alert.severity ?? 0;
    const known = this.#known.get(id);
    if (known && revision <= known.revision) return 'known';
    this.#known.delete(id);
    this.#known.set(id, { revision, severity });
    if (this.#known.size > REMEMBERED_MAX) this.#forgetOldest();
    if (known) return severity > known.severity ? 'risen' : 'changed';
    return revision <= 1 || (alert.raisedAtUs ?? 0) >= this.#sinceUs ? 'new' : 'changed';
  }

  #forgetOldest(): void {
    const oldest = this.#known.keys().next();
    if (!oldest.done) this.#known.delete(oldest.value);
  }
}
