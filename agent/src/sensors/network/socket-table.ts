// What is known of this host's sockets, and what each new snapshot or end of a socket says that is new.
//
// Invariants: a socket is in `sockets` from the first snapshot that shows it until it is reported closed, once.
// A socket that a snapshot no longer shows is given one more snapshot's time, in which the kernel may still tell of its
// end with final byte counts. What the first snapshot shows was there before us and is never reported as new.
import { type DiagSocket, TCP_LISTEN, TCP_SYN_SENT } from './diag-parse.ts';
import type { DiagSnapshot } from './diag-source.ts';

/** Ports the kernel gives out by itself (net.ipv4.ip_local_port_range), both ends included. */
export interface PortRange {
  low: number;
  high: number;
}

export type SocketChange =
  | { kind: 'opened'; transport: 'tcp'; socket: DiagSocket; inbound: boolean }
  | { kind: 'closed'; transport: 'tcp'; socket: DiagSocket; inbound: boolean; durationUs: number; seenOpen: boolean }
  | { kind: 'listening'; transport: 'tcp' | 'udp'; socket: DiagSocket };

interface Known {
  socket: DiagSocket;
  listening: boolean;
  /** 0 where it was there before us: how long it lived is not known. */
  openedAtMs: number;
  reported: boolean;
  inbound: boolean;
  round: number;
}

/** A listener that took one connection and went (nc -l) still says for this long which way that connection went. */
const LISTENER_REMEMBERED_MS = 60_000;
/** An unbound client of a UDP service (DNS, QUIC) has a port of the kernel's choice, too, and is gone sooner than this. */
const UDP_EPHEMERAL_MS_MIN = 5_000;
/** Ended cookies kept against reporting one end twice: a dump under way may still show a socket that has just ended. */
const ENDED_MAX = 4096;

export class SocketTable {
  readonly #ports: PortRange;
  readonly #sockets = new Map<number, Known>();
  readonly #udp = new Map<number, { since: number; reported: boolean; round: number }>();
  readonly #listeners = new Map<number, number>();
  readonly #ended = new Set<number>();
  #round = 0;

  constructor(ports: PortRange) {
    this.#ports = ports;
  }

  /** What the kernel's present list says that is new. The first call gives nothing: it is what was there before. */
  update(snapshot: DiagSnapshot, nowMs: number): SocketChange[] {
    const baseline = this.#round++ === 0;
    const changes: SocketChange[] = [];
    for (const socket of snapshot.tcp) {
      if (socket.state === TCP_LISTEN) this.#listeners.set(socket.localPort, nowMs);
    }
    for (const socket of snapshot.tcp) {
      const change = this.#seeTcp(socket, baseline, nowMs);
      if (change) changes.push(change);
    }
    for (const socket of snapshot.udp) {
      const change = this.#seeUdp(socket, baseline, nowMs);
      if (change) changes.push(change);
    }
    if (snapshot.complete) changes.push(...this.#missing(nowMs));
    for (const [port, seenMs] of this.#listeners) {
      if (nowMs - seenMs > LISTENER_REMEMBERED_MS) this.#listeners.delete(port);
    }
    return changes;
  }

  /** The kernel says that this TCP socket has ended. */
  destroyed(socket: DiagSocket, nowMs: number): SocketChange | undefined {
    const known = this.#sockets.get(socket.cookie);
    if (this.#ended.has(socket.cookie)) return undefined;
    this.#end(socket.cookie);
    if (known) {
      const final = { ...known.socket, bytesSent: socket.bytesSent, bytesReceived: socket.bytesReceived };
      const opened = known.reported || socket.established === true;
      return opened && !known.listening ? this.#closed(known, final, nowMs) : undefined;
    }
    // Shorter than an interval: no snapshot showed it. Attempts that no peer answered are no connections.
    if (socket.remotePort === 0 || !socket.established) return undefined;
    const inbound = this.#isInbound(socket);
    return { kind: 'closed', transport: 'tcp', socket, inbound, durationUs: 0, seenOpen: false };
  }

  #seeTcp(socket: DiagSocket, baseline: boolean, nowMs: number): SocketChange | undefined {
    if (this.#ended.has(socket.cookie)) return undefined;
    const listening = socket.state === TCP_LISTEN;
    let known = this.#sockets.get(socket.cookie);
    // No process holds it: not yet accepted, or closed and kept by the kernel for its last segments (FIN_WAIT2).
    if (!known && socket.inode === 0) return undefined;
    if (!known || known.listening !== listening) {
      const inbound = !listening && this.#isInbound(socket);
      known = { socket, listening, openedAtMs: baseline ? 0 : nowMs, reported: baseline, inbound, round: 0 };
      this.#sockets.set(socket.cookie, known);
    }
    // Whose an orphan was is in the earlier sight of it.
    known.socket = { ...socket, inode: socket.inode || known.socket.inode };
    known.round = this.#round;
    if (known.reported || socket.state === TCP_SYN_SENT) return undefined;
    known.reported = true;
    if (listening) return { kind: 'listening', transport: 'tcp', socket };
    return { kind: 'opened', transport: 'tcp', socket, inbound: known.inbound };
  }

  #seeUdp(socket: DiagSocket, baseline: boolean, nowMs: number): SocketChange | undefined {
    if (socket.localPort === 0) return undefined;
    const known = this.#udp.get(socket.cookie) ?? { since: nowMs, reported: baseline, round: 0 };
    this.#udp.set(socket.cookie, known);
    known.round = this.#round;
    const settled = !this.#isEphemeral(socket.localPort) || nowMs - known.since >= UDP_EPHEMERAL_MS_MIN;
    if (known.reported || !settled) return undefined;
    known.reported = true;
    return { kind: 'listening', transport: 'udp', socket };
  }

  #missing(nowMs: number): SocketChange[] {
    const changes: SocketChange[] = [];
    for (const [cookie, known] of this.#sockets) {
      if (known.round >= this.#round - 1) continue;
      this.#end(cookie);
      if (known.reported && !known.listening) changes.push(this.#closed(known, known.socket, nowMs));
    }
    for (const [cookie, known] of this.#udp) {
      if (known.round !== this.#round) this.#udp.delete(cookie);
    }
    return changes;
  }

  #closed(known: Known, socket: DiagSocket, nowMs: number): SocketChange {
    const durationUs = known.openedAtMs === 0 ? 0 : Math.max(0, nowMs - known.openedAtMs) * 1000;
    return { kind: 'closed', transport: 'tcp', socket, inbound: known.inbound, durationUs, seenOpen: true };
  }

  #end(cookie: number): void {
    this.#sockets.delete(cookie);
    this.#ended.add(cookie);
    for (const oldest of this.#ended) {
      if (this.#ended.size <= ENDED_MAX) break;
      this.#ended.delete(oldest);
    }
  }

  /** Where no listener was ever seen, the port the kernel chose is the one that connected. */
  #isInbound(socket: DiagSocket): boolean {
    if (this.#listeners.has(socket.localPort)) return true;
    return !this.#isEphemeral(socket.localPort) && this.#isEphemeral(socket.remotePort);
  }

  #isEphemeral(port: number): boolean {
    return port >= this.#ports.low && port <= this.#ports.high;
  }
}
