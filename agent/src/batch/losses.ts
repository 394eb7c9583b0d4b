// Loss counted but not yet in a signed header: one entry per sensor and reason.
import { HEADER_LOSSES_MAX, type Loss } from '@threatguard/proto';

/** Distinct sensors and reasons kept apart; beyond it (names are ours, so never in practice) they fold into one. */
const ENTRIES_MAX = 256;
const OVERFLOW_KEY = { sensor: 'agent', reason: 'queue_shed' };

type CountedLoss = Loss & { count: number; firstAtUs: number; lastAtUs: number };

export class LossLedger {
  readonly #entries = new Map<string, CountedLoss>();

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** Adds to what is known of this sensor and reason; the time span grows to hold both. */
  add(loss: Loss): void {
    const count = loss.count ?? 0;
    if (count <= 0) return;
    let { sensor = 'agent', reason = 'queue_shed' } = loss;
    if (!this.#entries.has(`${sensor} ${reason}`) && this.#entries.size >= ENTRIES_MAX) {
      ({ sensor, reason } = OVERFLOW_KEY);
    }
    const firstAtUs = loss.firstAtUs ?? loss.lastAtUs ?? 0;
    const lastAtUs = loss.lastAtUs ?? firstAtUs;
    const known = this.#entries.get(`${sensor} ${reason}`);
    this.#entries.set(`${sensor} ${reason}`, {
      sensor,
      reason,
      count: count + (known?.count ?? 0),
      firstAtUs: Math.min(firstAtUs, known?.firstAtUs ?? firstAtUs),
      lastAtUs: Math.max(lastAtUs, known?.lastAtUs ?? lastAtUs),
    });
  }

  /** Takes as many entries as one header holds; the rest waits for the next. Put back with `add` what was not sealed. */
  take(): Loss[] {
    const taken = [...this.#entries].slice(0, HEADER_LOSSES_MAX);
    for (const [key] of taken) this.#entries.delete(key);
    return taken.map(([, loss]) => loss);
  }
}
