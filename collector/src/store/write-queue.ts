// What waits for the store, in two lanes: small items go before large ones, so that a single urgent event is not behind the
// backlog of a host that was offline for a day.
//
// Invariants: items of one agent leave in the order they came, and so do the revisions of one alert, and an incident never
// before an alert of it; an item overtakes only what shares neither with it. Large items are at least half of every group while there are any.
import type { Alert, Detection } from '@threatguard/proto';
import type { StorableBatch } from '../batch.ts';
import type { Incident } from '../correlate/incidents.ts';
import type { Entity } from '../correlate/risk.ts';
import type { RefusedEnvelope } from './store.ts';

/** One commit: large enough to pay for itself, small enough that the next one starts soon. */
const GROUP_ITEMS_MAX = 1024;
const GROUP_EVENTS_MAX = 16_384;
const GROUP_BYTES_MAX = 4 * 1024 * 1024;
/** Rows and evidence of some ten events: what an agent sends when something is urgent. */
export const SMALL_BYTES_MAX = 16 * 1024;

export interface Queued {
  batch: StorableBatch | undefined;
  detections: readonly Detection[];
  alerts: readonly Alert[];
  entities: readonly Entity[];
  incidents: readonly Incident[];
  refusal: RefusedEnvelope | undefined;
  bytes: number;
  resolve: (alerts: readonly Alert[]) => void;
  reject: (error: unknown) => void;
}

export class WriteQueue {
  readonly #small: Queued[] = [];
  readonly #large: Queued[] = [];
  /** Agents and alerts of the large lane, by how many items there are of each. */
  readonly #inLarge = new Map<string, number>();

  get length(): number {
    return this.#small.length + this.#large.length;
  }

  push(item: Queued): void {
    const keys = keysOf(item);
    if (item.bytes <= SMALL_BYTES_MAX && !keys.some((key) => this.#inLarge.has(key))) {
      this.#small.push(item);
      return;
    }
    this.#large.push(item);
    for (const key of keys) this.#inLarge.set(key, (this.#inLarge.get(key) ?? 0) + 1);
  }

  /** Removes and returns what goes into the next commit: at least one item where there is one. */
  nextGroup(): Queued[] {
    const room = { items: GROUP_ITEMS_MAX / 2, events: GROUP_EVENTS_MAX / 2, bytes: GROUP_BYTES_MAX / 2 };
    const small = take(this.#small, room);
    room.items += GROUP_ITEMS_MAX / 2;
    room.events += GROUP_EVENTS_MAX / 2;
    room.bytes += GROUP_BYTES_MAX / 2;
    const large = take(this.#large, room);
    for (const item of large) {
      for (const key of keysOf(item)) {
        const left = this.#inLarge.get(key)! - 1;
        if (left > 0) this.#inLarge.set(key, left);
        else this.#inLarge.delete(key);
      }
    }
    return [...small, ...large];
  }
}

function take(lane: Queued[], room: { items: number; events: number; bytes: number }): Queued[] {
  let length = 0;
  for (const { batch, bytes } of lane) {
    room.items -= 1;
    room.events -= batch?.eventCount ?? 0;
    room.bytes -= bytes;
    // One that is larger than a group goes alone.
    if (length > 0 && (room.items < 0 || room.events < 0 || room.bytes < 0)) break;
    length += 1;
  }
  return lane.splice(0, length);
}

/** What keeps items in order: the agent of a batch, the alerts it changes, and those its incidents are made of. */
function keysOf({ batch, alerts, incidents }: Queued): string[] {
  const named = new Set(alerts.map((alert) => alert.id));
  for (const incident of incidents) for (const { id } of incident.alerts) named.add(id);
  const keys = Array.from(named, (id) => `alert ${id}`);
  if (batch) keys.push(`agent ${batch.agentId}`);
  return keys;
}
