// Loss counted but not yet in a signed header: one entry per sensor and reason. With a page (loss-page.ts) it outlives
// kill -9, and so does the number of events that were taken from the kernel and not sealed yet.
import { HEADER_LOSSES_MAX, type HostEvent, type Loss, type LossReason } from '@threatguard/proto';
import type { LossPage } from './loss-page.ts';

/** Distinct sensors and reasons kept apart; beyond it (names are ours, so never in practice) they fold into one. */
const ENTRIES_MAX = 256;
const OVERFLOW_KEY = { sensor: 'agent', reason: 'queue_shed' };
/** What becomes of an event held in memory where the agent is killed, unless its source is read again. */
const HELD: LossReason = 'agent_killed';

type CountedLoss = Loss & { sensor: string; reason: string; count: number; firstAtUs: number; lastAtUs: number };
/** `paged` of the count stand in the page. */
type Entry = CountedLoss & { paged: number };

export class LossLedger {
  readonly #entries = new Map<string, Entry>();
  readonly #page: LossPage | undefined;

  constructor(page?: LossPage) {
    this.#page = page;
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** Takes over what the run before did not seal; `position` is what its newest spooled record says. The count of events. */
  recover(position: string | undefined): number {
    const losses = this.#page?.unsealed(position) ?? [];
    for (const loss of losses) this.#merge(loss, loss.count ?? 0);
    return losses.reduce((sum, loss) => sum + (loss.count ?? 0), 0);
  }

  /** Adds to what is known of this sensor and reason; the time span grows to hold both. */
  add(loss: Loss): void {
    if ((loss.count ?? 0) <= 0) return;
    const { sensor, reason, count, firstAtUs, lastAtUs } = this.#merge(loss, loss.count ?? 0);
    this.#page?.add(sensor, reason as LossReason, count, { firstAtUs, lastAtUs });
  }

  /** As `add`, of events whose source is read again after a kill: they are lost only once the next header says so. */
  addReadAgain(loss: Loss): void {
    if ((loss.count ?? 0) > 0) this.#merge(loss, 0);
  }

  /** Takes as many entries as one header holds; the rest waits for the next. Put back with `add` what was not sealed. */
  take(): Loss[] {
    const taken = [...this.#entries].slice(0, HEADER_LOSSES_MAX);
    for (const [key, { sensor, reason, paged }] of taken) {
      this.#entries.delete(key);
      if (paged > 0) this.#page?.cover(sensor, reason, paged);
    }
    return taken.map(([, { paged: _, ...loss }]) => loss);
  }

  /** An event is in memory only, and its source cannot be read again. */
  hold(event: HostEvent): void {
    const atUs = event.observedAtUs ?? 0;
    this.#page?.add(sensorOf(event), HELD, 1, { firstAtUs: atUs, lastAtUs: atUs });
  }

  /** An event that was held became a loss, which is counted by its own reason. */
  drop(event: HostEvent): void {
    this.#page?.takeBack(sensorOf(event), HELD, 1);
  }

  /** The record made next has this event, which was held. */
  seal(event: HostEvent): void {
    this.#page?.cover(sensorOf(event), HELD, 1);
  }

  /** The record is written, or its events were counted lost and its losses put back. */
  settle(): void {
    this.#page?.settle();
  }

  /** What the record made next covers, for its checkpoints. */
  position(): string | undefined {
    return this.#page?.position();
  }

  /** Into the entries; gives what was added, under the name it is counted by. */
  #merge(loss: Loss, paged: number): CountedLoss {
    let { sensor = 'agent', reason = 'queue_shed' } = loss;
    if (!this.#entries.has(`${sensor} ${reason}`) && this.#entries.size >= ENTRIES_MAX) {
      ({ sensor, reason } = OVERFLOW_KEY);
    }
    const count = loss.count ?? 0;
    const firstAtUs = loss.firstAtUs ?? loss.lastAtUs ?? 0;
    const lastAtUs = loss.lastAtUs ?? firstAtUs;
    const known = this.#entries.get(`${sensor} ${reason}`);
    this.#entries.set(`${sensor} ${reason}`, {
      sensor,
      reason,
      count: count + (known?.count ?? 0),
      paged: paged + (known?.paged ?? 0),
      firstAtUs: Math.min(firstAtUs, known?.firstAtUs ?? firstAtUs),
      lastAtUs: Math.max(lastAtUs, known?.lastAtUs ?? lastAtUs),
    });
    return { sensor, reason, count, firstAtUs, lastAtUs };
  }
}

function sensorOf(event: HostEvent): string {
  return event.sensor || 'agent';
}
