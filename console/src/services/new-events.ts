// Which of the events that are asked for again and again were not seen before. An event is stored some time after it
// happened, so each question reaches back over the one before; what comes twice is known by its reference.
import type { StoredEvent } from '@threatguard/proto';
import { eventId } from '../model/event.ts';

/** Events of one question. */
const ROWS_MAX = 1_000;
/** How long after it happened an event may be stored and still be shown. */
const LATE_US_MAX = 30_000_000;

export class NewEvents {
  readonly rowsMax = ROWS_MAX;
  /** There was more than one question brings. */
  missed = false;
  readonly #sinceUs: number;
  /** Times by reference, of what is young enough to come again. */
  readonly #seen = new Map<string, number>();
  #newestUs: number;

  constructor({ sinceUs }: { sinceUs: number }) {
    this.#sinceUs = sinceUs;
    this.#newestUs = sinceUs;
  }

  get askSinceUs(): number {
    return Math.max(this.#sinceUs, this.#newestUs - LATE_US_MAX);
  }

  /** Those that are new, oldest first; `rows` as the collector gives them, newest first. */
  take(rows: readonly StoredEvent[]): StoredEvent[] {
    const fresh = rows.filter((stored) => !this.#seen.has(eventId(stored)));
    this.missed = rows.length >= ROWS_MAX && fresh.length === rows.length;
    for (const stored of fresh) {
      const atUs = stored.eventAtUs ?? 0;
      this.#seen.set(eventId(stored), atUs);
      // A host whose clock runs ahead must not hide the others.
      if (atUs > this.#newestUs) this.#newestUs = Math.min(atUs, (stored.receivedAtUs ?? 0) || atUs);
    }
    for (const [key, atUs] of this.#seen) if (atUs < this.askSinceUs) this.#seen.delete(key);
    return fresh.reverse();
  }
}
