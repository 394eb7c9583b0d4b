// What is known of TCP connections from their changes of state, each as the kernel told it. Pure.
//
// Invariants: a connection is reported opened once, with its process where one took it, and then closed once. One that
// ended before it was accepted waits for that, HELD_NS_MAX at most; one that nobody accepted is only reported closed. At most CONNECTIONS_MAX are remembered, oldest forgotten first; the end of a
// forgotten one is reported all the same, without process and duration.
import type { SocketEnds } from '../process/ebpf-decode.ts';
import type { StateRecord } from './ebpf-state.ts';
import { TCP } from './tcp-state.ts';

/** Of about 300 bytes each; those of one process share what is known of it. */
const CONNECTIONS_MAX = 32_768;
/** A server that is slower than this to accept has its clients' ends reported without it. */
const HELD_NS_MAX = 5e9;

/** A process begins to connect or to listen, or has accepted: `state` is the one the socket takes. */
export interface SocketAct<Owner> {
  key: number;
  state: number;
  ends: SocketEnds;
  bootNs: number;
  owner: Owner;
}

interface Connection<Owner> {
  ends: SocketEnds;
  inbound: boolean;
  owner: Owner | undefined;
  /** 0 until the peer has answered. */
  establishedBootNs: number;
  reported: boolean;
  /** Set where it ended before it was accepted. */
  ended?: StateRecord;
}

/** One that was there before us. */
export interface Baseline<Owner> {
  inbound: boolean;
  owner: Owner | undefined;
}

export type ConnectionChange<Owner> = { bootNs: number; ends: SocketEnds; owner: Owner | undefined } & (
  | { kind: 'listening' }
  | { kind: 'opened'; inbound: boolean; userId?: number }
  | {
      kind: 'closed';
      inbound: boolean;
      userId: number;
      bytesSent: number;
      bytesReceived: number;
      /** 0 where it was there before us. */
      durationNs: number;
    }
);

export class ConnectionTable<Owner> {
  readonly #connections = new Map<number, Connection<Owner>>();
  /** Those that ended before they were accepted, oldest first. */
  readonly #held = new Set<number>();
  readonly #baseline: Map<number, Baseline<Owner>>;
  readonly #guessInbound: (ends: SocketEnds) => boolean;

  /** `baseline` is what was there before, by cookie; `guessInbound` decides where nothing is known of a connection. */
  constructor(baseline: Map<number, Baseline<Owner>>, guessInbound: (ends: SocketEnds) => boolean) {
    this.#baseline = baseline;
    this.#guessInbound = guessInbound;
  }

  acted({ key, state, ends, bootNs, owner }: SocketAct<Owner>): ConnectionChange<Owner>[] {
    if (state === TCP.listen) return [{ kind: 'listening', bootNs, ends, owner }];
    if (state === TCP.synSent) {
      return this.#remember(key, { ends, inbound: false, owner, establishedBootNs: 0, reported: false });
    }
    const known = this.#connections.get(key);
    if (known?.reported) return [];
    const establishedBootNs = known?.establishedBootNs || bootNs;
    const taken = { ends: known?.ends ?? ends, inbound: true, owner, establishedBootNs, reported: true };
    const opened: ConnectionChange<Owner> = {
      kind: 'opened',
      bootNs: establishedBootNs,
      ends: taken.ends,
      owner,
      inbound: true,
    };
    if (!known?.ended) return [opened, ...this.#remember(key, taken)];
    this.#forget(key);
    return [opened, closedChange(taken, known.ended)];
  }

  changed(record: StateRecord): ConnectionChange<Owner>[] {
    if (record.now === TCP.close) return this.#close(record);
    const known = this.#connections.get(record.key);
    // Of what came in it is not known yet who will take it.
    const inbound = known && !known.ended ? known.inbound : record.before === TCP.synReceived;
    const { bootNs, userId } = record;
    const owner = known?.ended ? undefined : known?.owner;
    const accepted = inbound && owner !== undefined; // taken before the handshake was over (TCP Fast Open)
    const reported = !inbound || accepted;
    const before = this.#remember(record.key, { ends: record, inbound, owner, establishedBootNs: bootNs, reported });
    return inbound ? before : [...before, { kind: 'opened', bootNs, ends: record, owner, inbound, userId }];
  }

  /** Ends of connections that nobody has accepted in time. */
  expire(nowBootNs: number): ConnectionChange<Owner>[] {
    const changes: ConnectionChange<Owner>[] = [];
    for (const key of this.#held) {
      const connection = this.#connections.get(key);
      if (connection?.ended && nowBootNs - connection.ended.bootNs < HELD_NS_MAX) break;
      changes.push(...this.#forget(key));
    }
    return changes;
  }

  #close(record: StateRecord): ConnectionChange<Owner>[] {
    const known = this.#connections.get(record.key);
    if (known?.ended) return [];
    if (known && known.establishedBootNs > 0 && !known.reported) {
      known.ended = record;
      this.#held.add(record.key);
      return [];
    }
    this.#connections.delete(record.key);
    if (known && known.establishedBootNs > 0) return [closedChange(known, record)];
    if (NEVER_CONNECTED.has(record.before) || record.remotePort === 0) return [];
    const before = this.#baseline.get(record.cookie);
    this.#baseline.delete(record.cookie);
    const inbound = before ? before.inbound : this.#guessInbound(record);
    return [closedChange({ ends: record, inbound, owner: before?.owner, establishedBootNs: record.bootNs }, record)];
  }

  /** Returns what there was still to say of those that had to be forgotten for it. */
  #remember(key: number, connection: Connection<Owner>): ConnectionChange<Owner>[] {
    const changes = this.#forget(key);
    this.#connections.set(key, connection);
    if (this.#connections.size > CONNECTIONS_MAX) changes.push(...this.#forget(this.#connections.keys().next().value!));
    return changes;
  }

  #forget(key: number): ConnectionChange<Owner>[] {
    const known = this.#connections.get(key);
    this.#connections.delete(key);
    this.#held.delete(key);
    return known?.ended && !known.reported ? [closedChange(known, known.ended)] : [];
  }
}

function closedChange<Owner>(
  { ends, inbound, owner, establishedBootNs }: Omit<Connection<Owner>, 'reported'>,
  { bootNs, userId, bytesSent, bytesReceived }: StateRecord,
): ConnectionChange<Owner> {
  const durationNs = Math.max(0, bootNs - establishedBootNs);
  return { kind: 'closed', bootNs, ends, owner, inbound, userId, bytesSent, bytesReceived, durationNs };
}

const NEVER_CONNECTED = new Set<number>([TCP.synSent, TCP.synReceived, TCP.close, TCP.listen]);
