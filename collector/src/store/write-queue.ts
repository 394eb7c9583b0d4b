// What waits for the store, in lanes that are committed beside each other: one for small items, which are so not behind the
// backlog of a host that was offline for a day, and some for large ones, so that the database never waits for the next.
//
// Invariants: items of one agent are committed in the order they came, and so are the revisions of one alert, and an
// incident never before an alert of it. An item therefore holds its keys, the agent and the alerts, from when it is pushed
// until it is settled. Within a lane order is order of arrival; what shares a key with something in another lane goes
// there too, or waits where keys of several lanes meet. The oldest item never waits, so some lane always goes on.
import type { Alert, Detection } from '@threatguard/proto';
import type { StorableBatch } from '../batch.ts';
import type { Incident } from '../correlate/incident.ts';
import type { Entity } from '../correlate/risk.ts';
import type { AlertActRecord } from '../triage/change-alert.ts';
import type { PileMove, RefusedEnvelope } from './commit-group.ts';

/** One commit: large enough to pay for itself, small enough that the next one starts soon. */
const GROUP_ITEMS_MAX = 1024;
const GROUP_EVENTS_MAX = 16_384;
export const GROUP_BYTES_MAX = 4 * 1024 * 1024;
/** Rows and evidence of some ten events: what an agent sends when something is urgent. */
const SMALL_BYTES_MAX = 32 * 1024;

export interface Queued {
  batch: StorableBatch | undefined;
  detections: readonly Detection[];
  alerts: readonly Alert[];
  entities: readonly Entity[];
  incidents: readonly Incident[];
  pile: readonly PileMove[];
  refusal: RefusedEnvelope | undefined;
  acts: readonly AlertActRecord[];
  bytes: number;
  resolve: (alerts: readonly Alert[]) => void;
  reject: (error: unknown) => void;
}

/** The lane of small items; those after it are for large ones. */
export const SMALL_LANE = 0;

interface Lane {
  queue: Queued[];
  /** Of what is queued or being committed. */
  bytes: number;
}

export class WriteQueue {
  readonly #lanes: readonly Lane[];
  /** Who holds a key, in order of arrival. */
  readonly #holders = new Map<string, { item: Queued; lane: number }[]>();

  constructor(largeLanes = 1) {
    this.#lanes = Array.from({ length: 1 + largeLanes }, () => ({ queue: [], bytes: 0 }));
  }

  /** Puts an item behind those of its lane, and says which that is. */
  push(item: Queued): number {
    const keys = keysOf(item);
    const lane = this.#laneFor(item, keys);
    const { [lane]: into } = this.#lanes;
    into!.queue.push(item);
    into!.bytes += item.bytes;
    for (const key of keys) {
      const holders = this.#holders.get(key);
      if (holders) holders.push({ item, lane });
      else this.#holders.set(key, [{ item, lane }]);
    }
    return lane;
  }

  isEmpty(lane: number): boolean {
    return this.#lanes[lane]!.queue.length === 0;
  }

  /** Removes and returns what goes into the next commit of a lane; none while the first of it has to wait for another. */
  take(lane: number, bytesMax = GROUP_BYTES_MAX): Queued[] {
    const { queue } = this.#lanes[lane]!;
    let [events, bytes, length] = [0, 0, 0];
    for (const item of queue) {
      if (this.#waits(item, lane)) break;
      events += item.batch?.eventCount ?? 0;
      bytes += item.bytes;
      // One that is larger than a group goes alone.
      if (length > 0 && (length === GROUP_ITEMS_MAX || events > GROUP_EVENTS_MAX || bytes > bytesMax)) break;
      length += 1;
    }
    return queue.splice(0, length);
  }

  /** These, taken from a lane, are stored or given up: others may have their keys. */
  settle(lane: number, items: readonly Queued[]): void {
    for (const item of items) {
      this.#lanes[lane]!.bytes -= item.bytes;
      for (const key of keysOf(item)) {
        const left = this.#holders.get(key)!.filter((holder) => holder.item !== item);
        if (left.length > 0) this.#holders.set(key, left);
        else this.#holders.delete(key);
      }
    }
  }

  /** A large lane that has a key of the item already, else the small lane for a small one, else the emptiest. */
  #laneFor(item: Queued, keys: readonly string[]): number {
    for (const key of keys) {
      const held = this.#holders.get(key)?.find(({ lane }) => lane !== SMALL_LANE);
      if (held) return held.lane;
    }
    if (item.bytes <= SMALL_BYTES_MAX) return SMALL_LANE;
    let emptiest = 1;
    for (let lane = 2; lane < this.#lanes.length; lane++) {
      if (this.#lanes[lane]!.bytes < this.#lanes[emptiest]!.bytes) emptiest = lane;
    }
    return emptiest;
  }

  #waits(item: Queued, lane: number): boolean {
    return keysOf(item).some((key) => {
      const first = this.#holders.get(key)!.find((holder) => holder.item === item || holder.lane !== lane);
      return first!.item !== item;
    });
  }
}

/** What keeps items in order: the agent of a batch, the alerts it changes or moves, and those its incidents are made of. */
function keysOf({ batch, alerts, incidents, pile }: Queued): string[] {
  const named = new Set(alerts.map((alert) => alert.id));
  for (const incident of incidents) for (const { id } of incident.alerts) named.add(id);
  for (const { alertId } of pile) named.add(alertId);
  const keys = Array.from(named, (id) => `alert ${id}`);
  if (batch) keys.push(`agent ${batch.agentId}`);
  return keys;
}
