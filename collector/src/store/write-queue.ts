// What waits for the store, in two lanes that are committed beside each other: small items are not behind the backlog of a
// host that was offline for a day.
//
// Invariants: items of one agent are committed in the order they came, and so are the revisions of one alert, and an
// incident never before an alert of it. An item therefore holds its keys, the agent and the alerts, from when it is pushed
// until it is settled; what shares a key with something in the large lane goes there too, and a large item waits while the
// small lane holds one of its keys.
import type { Alert, Detection } from '@threatguard/proto';
import type { StorableBatch } from '../batch.ts';
import type { Incident } from '../correlate/incidents.ts';
import type { Entity } from '../correlate/risk.ts';
import type { RefusedEnvelope } from './store.ts';

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
  refusal: RefusedEnvelope | undefined;
  bytes: number;
  resolve: (alerts: readonly Alert[]) => void;
  reject: (error: unknown) => void;
}

export type LaneName = 'small' | 'large';

interface Lane {
  readonly queue: Queued[];
  /** Keys of what is queued or being committed, by how many items have them. */
  readonly held: Map<string, number>;
}

export class WriteQueue {
  readonly #small: Lane = { queue: [], held: new Map() };
  readonly #large: Lane = { queue: [], held: new Map() };

  /** Puts an item behind those of its lane, and says which that is. */
  push(item: Queued): LaneName {
    const keys = keysOf(item);
    const small = item.bytes <= SMALL_BYTES_MAX && !keys.some((key) => this.#large.held.has(key));
    const { queue, held } = small ? this.#small : this.#large;
    queue.push(item);
    for (const key of keys) held.set(key, (held.get(key) ?? 0) + 1);
    return small ? 'small' : 'large';
  }

  isEmpty(lane: LaneName): boolean {
    return this.#lane(lane).queue.length === 0;
  }

  /** Removes and returns what goes into the next commit of a lane; none while the first of it has to wait for the other. */
  take(lane: LaneName, bytesMax = GROUP_BYTES_MAX): Queued[] {
    const { queue } = this.#lane(lane);
    let [events, bytes, length] = [0, 0, 0];
    for (const item of queue) {
      if (lane === 'large' && keysOf(item).some((key) => this.#small.held.has(key))) break;
      events += item.batch?.eventCount ?? 0;
      bytes += item.bytes;
      // One that is larger than a group goes alone.
      if (length > 0 && (length === GROUP_ITEMS_MAX || events > GROUP_EVENTS_MAX || bytes > bytesMax)) break;
      length += 1;
    }
    return queue.splice(0, length);
  }

  /** These are stored or given up: others may have their keys. */
  settle(lane: LaneName, items: readonly Queued[]): void {
    const { held } = this.#lane(lane);
    for (const key of items.flatMap(keysOf)) {
      const left = held.get(key)! - 1;
      if (left > 0) held.set(key, left);
      else held.delete(key);
    }
  }

  #lane(name: LaneName): Lane {
    return name === 'small' ? this.#small : this.#large;
  }
}

/** What keeps items in order: the agent of a batch, the alerts it changes, and those its incidents are made of. */
function keysOf({ batch, alerts, incidents }: Queued): string[] {
  const named = new Set(alerts.map((alert) => alert.id));
  for (const incident of incidents) for (const { id } of incident.alerts) named.add(id);
  const keys = Array.from(named, (id) => `alert ${id}`);
  if (batch) keys.push(`agent ${batch.agentId}`);
  return keys;
}
