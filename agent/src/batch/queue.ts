// Events between the sensors and the sealer, oldest first. Invariants: never more than the limits after `push`;
// `durable` of an entry is called once and in the order of emission, also when the entry is shed.
import type { HostEvent } from '@threatguard/proto';
import { SHED_VALUES, shedValue } from './urgent.ts';

export interface QueueLimits {
  eventsMax: number;
  bytesMax: number;
}

export interface QueuedEvent {
  event: HostEvent;
  /** Encoded size within a Batch. */
  bytes: number;
  /** It is in memory only: its source cannot be read again. */
  held: boolean;
  durable?: (() => void) | undefined;
}

type ValuedEvent = QueuedEvent & { value: number };

/** One sixteenth goes at once, so that a flood pays one walk over the queue for many events. */
const SHED_SHARE = 16;

export class EventQueue {
  readonly #limits: QueueLimits;
  readonly #onShed: (entry: QueuedEvent) => void;
  #entries: ValuedEvent[] = [];
  #bytes = 0;
  readonly #countByValue = new Array<number>(SHED_VALUES).fill(0);

  constructor(limits: QueueLimits, onShed: (entry: QueuedEvent) => void) {
    this.#limits = limits;
    this.#onShed = onShed;
  }

  get length(): number {
    return this.#entries.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(entry: QueuedEvent): void {
    const value = shedValue(entry.event);
    this.#entries.push({ ...entry, value });
    this.#bytes += entry.bytes;
    this.#countByValue[value]!++;
    while (this.#entries.length > this.#limits.eventsMax || this.#bytes > this.#limits.bytesMax) this.#shed();
  }

  /** An event that does not enter: its `durable` is called when its turn has come, so now or with the newest entry. */
  passOn(durable: (() => void) | undefined): void {
    if (!durable) return;
    const newest = this.#entries.at(-1);
    if (newest) newest.durable = inOrder(newest.durable, durable);
    else durable();
  }

  /** Takes the oldest events, as many as fit within both limits, at least one where there is one. */
  take(eventsMax: number, bytesMax: number): QueuedEvent[] {
    let count = 0;
    let bytes = 0;
    while (count < this.#entries.length && count < eventsMax) {
      const next = this.#entries[count]!.bytes;
      if (count > 0 && bytes + next > bytesMax) break;
      bytes += next;
      count++;
    }
    this.#bytes -= bytes;
    const taken = this.#entries.splice(0, count);
    for (const { value } of taken) this.#countByValue[value]!--;
    return taken;
  }

  /** Drops the oldest of the least value: up to a sixteenth of the queue, at least one. */
  #shed(): void {
    const value = this.#countByValue.findIndex((count) => count > 0);
    let left = Math.max(1, Math.floor(this.#limits.eventsMax / SHED_SHARE));
    const kept: ValuedEvent[] = [];
    for (const entry of this.#entries) {
      if (left === 0 || entry.value !== value) {
        kept.push(entry);
        continue;
      }
      left--;
      this.#bytes -= entry.bytes;
      this.#countByValue[value]!--;
      this.#onShed(entry);
      const before = kept.at(-1);
      if (!entry.durable) continue;
      if (before) before.durable = inOrder(before.durable, entry.durable);
      else entry.durable();
    }
    this.#entries = kept;
  }
}

function inOrder(first: (() => void) | undefined, second: () => void): () => void {
  if (!first) return second;
  return () => {
    first();
    second();
  };
}
