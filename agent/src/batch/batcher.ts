// Gathers events into batches. A batch leaves when it is full, when its oldest event has waited long enough, or a few
// milliseconds after an urgent event; whatever was queued before goes along, so order is kept.
import { BATCH_BYTES_MAX, BATCH_EVENTS_MAX, HostEvent, type Loss } from '@threatguard/proto';
import type { SensorSink } from '../sensors/sensor.ts';
import { clipEvent } from './clip.ts';
import type { LossLedger } from './losses.ts';
import { EventQueue, type QueueLimits } from './queue.ts';
import { isUrgent } from './urgent.ts';

export interface BatcherOptions {
  /** Longest wait of an ordinary event. */
  ageMsMax?: number;
  /** Longest wait of an urgent one, so that what belongs together shares an envelope. */
  urgentMs?: number;
  /** Whether so much is spooled before this event that nobody will see it at once in any case. */
  isBehind?: () => boolean;
  /** What may wait at once; beyond it the least valuable events are shed and counted. */
  queue?: QueueLimits;
  /** Whether the host can spare the work of this event; one that is not admitted is counted as `cpu_ceiling`. */
  admits?: (event: HostEvent) => boolean;
  losses: LossLedger;
  nowUs: () => number;
  /** Takes a batch within BATCH_EVENTS_MAX and BATCH_BYTES_MAX; an empty one carries losses only. Never throws. */
  into: (events: HostEvent[]) => void;
}

const AGE_MS_MAX = 1000;
const URGENT_MS = 5;
/**
 * Longest wait of an urgent event while what is spooled has to go out first. With an envelope for each, 15 minutes beside a slow
 * collector left 9,700 of them, of a few events each, which it then had to take one by one (measured).
 */
const URGENT_BEHIND_MS = 250;
/** Four full batches: about a second of the busiest host. */
const QUEUE_LIMITS: QueueLimits = { eventsMax: 4 * BATCH_EVENTS_MAX, bytesMax: 2 * BATCH_BYTES_MAX };
/** Tag and length of one entry of Batch.events. */
const ENTRY_OVERHEAD_BYTES = 6;

export class Batcher implements SensorSink, AsyncDisposable {
  readonly #options: BatcherOptions;
  readonly #queue: EventQueue;
  #ageTimer: NodeJS.Timeout | undefined;
  #urgentTimer: NodeJS.Timeout | undefined;
  #fullTurn: NodeJS.Immediate | undefined;
  #closed = false;

  constructor(options: BatcherOptions) {
    this.#options = options;
    this.#queue = new EventQueue(options.queue ?? QUEUE_LIMITS, ({ event, held }) => {
      this.#countEvent(event, 'queue_shed', held);
      if (held) options.losses.drop(event);
    });
  }

  get queuedEvents(): number {
    return this.#queue.length;
  }

  emit(event: HostEvent, durable?: () => void): void {
    if (this.#closed) return;
    // What its source can read again after a kill is not in danger here.
    const held = durable === undefined;
    if (this.#options.admits?.(event) === false) {
      this.#countEvent(event, 'cpu_ceiling', held);
      this.#queue.passOn(durable);
      this.#schedule(false);
      return;
    }
    let clipped: HostEvent;
    let bytes: number;
    try {
      const { event: within, cut } = clipEvent(event);
      clipped = within;
      if (cut) this.#countEvent(event, 'line_oversized', held);
      bytes = HostEvent.encode(clipped).len + ENTRY_OVERHEAD_BYTES;
    } catch {
      // Values of a wrong type: one event may be lost for it, and is counted; the batch and the agent go on.
      this.#countEvent(event, 'queue_shed', held);
      this.#queue.passOn(durable);
      return;
    }
    this.#queue.push({ event: clipped, bytes, held, durable });
    if (held) this.#options.losses.hold(clipped);
    this.#schedule(isUrgent(clipped));
  }

  lose(loss: Loss): void {
    this.#options.losses.add(loss);
    if (!this.#closed) this.#schedule(false);
  }

  /** Hands on everything queued, now. */
  flush(): void {
    this.#clearTimers();
    while (this.#queue.length > 0 || !this.#options.losses.isEmpty) {
      const losses = !this.#options.losses.isEmpty;
      const taken = this.#queue.take(BATCH_EVENTS_MAX, BATCH_BYTES_MAX);
      // Before `into`, which writes the sources' positions in one record with these events; nothing comes in between.
      for (const { event, held, durable } of taken) {
        if (held) this.#options.losses.seal(event);
        durable?.();
      }
      this.#options.into(taken.map(({ event }) => event));
      // Losses that could not be sealed (a full disk) wait for the next batch instead of being tried for ever.
      if (taken.length === 0 && losses) break;
    }
  }

  /** Flushes what is queued and takes nothing more. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.flush();
  }

  #schedule(urgent: boolean): void {
    const { ageMsMax = AGE_MS_MAX, urgentMs = URGENT_MS } = this.#options;
    if (this.#queue.length >= BATCH_EVENTS_MAX || this.#queue.bytes >= BATCH_BYTES_MAX) {
      // Not within emit: a sensor reading a burst is never held up by sealing.
      this.#fullTurn ??= setImmediate(() => this.flush());
    } else if (urgent) {
      const waitMs = this.#options.isBehind?.() ? Math.max(urgentMs, URGENT_BEHIND_MS) : urgentMs;
      this.#urgentTimer ??= setTimeout(() => this.flush(), waitMs);
    }
    this.#ageTimer ??= setTimeout(() => this.flush(), ageMsMax);
  }

  #clearTimers(): void {
    clearTimeout(this.#ageTimer);
    clearTimeout(this.#urgentTimer);
    clearImmediate(this.#fullTurn);
    this.#ageTimer = this.#urgentTimer = this.#fullTurn = undefined;
  }

  #countEvent(event: HostEvent, reason: 'queue_shed' | 'cpu_ceiling' | 'line_oversized', held: boolean): void {
    const atUs = event.observedAtUs || this.#options.nowUs();
    const loss = { sensor: event.sensor || 'agent', reason, count: 1, firstAtUs: atUs, lastAtUs: atUs };
    if (held) this.#options.losses.add(loss);
    else this.#options.losses.addReadAgain(loss);
  }
}
