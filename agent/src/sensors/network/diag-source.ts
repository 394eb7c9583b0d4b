// Asks the kernel which sockets there are (sock_diag(7)) and hears from it which TCP sockets have just ended.
import { SystemCallError } from '../../kernel/libc.ts';
import {
  NETLINK_SOCK_DIAG,
  NetlinkSocket,
  NLM_F_DUMP,
  NLMSG_DONE,
  NLMSG_ERROR,
  parseNetlinkErrno,
  parseNetlinkMessages,
} from '../../kernel/netlink.ts';
import {
  AF_INET,
  AF_INET6,
  type DiagRequest,
  type DiagSocket,
  encodeDiagRequest,
  IPPROTO_TCP,
  IPPROTO_UDP,
  parseDiagDatagram,
  parseDiagSocket,
  SOCK_DIAG_BY_FAMILY,
} from './diag-parse.ts';

// Group SKNLGRP_INET_TCP_DESTROY is 1, SKNLGRP_INET6_TCP_DESTROY is 3 (linux/sock_diag.h).
const TCP_DESTROY_GROUPS = (1 << 0) | (1 << 2);
/** Every state a process can hold a connection or a listener in: not SYN_RECV, TIME_WAIT and CLOSE. */
const TCP_STATES = 0b1111_0011_0110;
/** An unconnected UDP socket: what "listening" is for UDP. */
const UDP_STATES = 1 << 7;
/** Sockets of one dump; a host with more is told so in the sensor's health. */
const SOCKETS_MAX = 262_144;

export interface DiagSnapshot {
  tcp: DiagSocket[];
  udp: DiagSocket[];
  /** Whether every socket is here; what is not in an incomplete one may well be alive. */
  complete: boolean;
}

export interface DestroyReader {
  onDestroyed(socket: DiagSocket): void;
  onOverrun(): void;
  onError(error: Error): void;
}

export class DiagSource {
  readonly #dumps = new NetlinkSocket({ protocol: NETLINK_SOCK_DIAG });
  #destroyed: NetlinkSocket | undefined;

  /** Whether ends of sockets are told by the kernel; where not, byte counts come with each snapshot. */
  get hearsDestroy(): boolean {
    return this.#destroyed !== undefined;
  }

  /** Asks to be told of TCP sockets that end, with their final byte counts; returns whether this kernel does. */
  watchDestroyed(reader: DestroyReader): boolean {
    try {
      this.#destroyed = new NetlinkSocket({ protocol: NETLINK_SOCK_DIAG, groups: TCP_DESTROY_GROUPS });
    } catch (error) {
      if (error instanceof SystemCallError) return false;
      throw error;
    }
    this.#destroyed.watch({
      onDatagram: (datagram) => {
        for (const socket of parseDiagDatagram(datagram)) reader.onDestroyed(socket);
      },
      onOverrun: reader.onOverrun,
      onError: reader.onError,
    });
    return true;
  }

  /** The sockets there are now, of this network namespace. Throws SystemCallError where the kernel refuses. */
  snapshot({ tcp: wantsTcp } = { tcp: true }): DiagSnapshot {
    const info = !this.hearsDestroy;
    const snapshot: DiagSnapshot = { tcp: [], udp: [], complete: true };
    for (const family of [AF_INET, AF_INET6]) {
      const tcp = !wantsTcp || this.#dump({ family, protocol: IPPROTO_TCP, states: TCP_STATES, info }, snapshot.tcp);
      const udp = this.#dump({ family, protocol: IPPROTO_UDP, states: UDP_STATES, info: false }, snapshot.udp);
      snapshot.complete &&= tcp && udp;
    }
    return snapshot;
  }

  /** Whether all of them are there. The kernel makes each part of a dump while we receive, so nothing here waits. */
  #dump(want: DiagRequest, into: DiagSocket[]): boolean {
    const sequence = this.#dumps.send({
      type: SOCK_DIAG_BY_FAMILY,
      flags: NLM_F_DUMP,
      payload: encodeDiagRequest(want),
    });
    const dump = { done: false, cut: false, errno: 0 };
    const onDatagram = (datagram: Uint8Array) => {
      for (const { type, sequence: answered, payload } of parseNetlinkMessages(datagram)) {
        if (answered !== sequence) continue;
        if (type === NLMSG_DONE) dump.done = true;
        if (type === NLMSG_ERROR) dump.errno = parseNetlinkErrno(payload);
        const socket = type === SOCK_DIAG_BY_FAMILY ? parseDiagSocket(payload) : undefined;
        if (socket && into.length < SOCKETS_MAX) into.push(socket);
        else if (socket) dump.cut = true;
      }
    };
    const onOverrun = () => {
      dump.cut = true;
    };
    while (!this.#dumps.drain({ onDatagram, onOverrun }));
    // A kernel without IPv6 has no such sockets; one that lists no TCP over IPv4 is of no use.
    if (dump.errno !== 0 && want.family === AF_INET && want.protocol === IPPROTO_TCP) {
      throw new SystemCallError('sock_diag', dump.errno);
    }
    return (dump.done || dump.errno !== 0) && !dump.cut;
  }

  /** Safe twice. */
  close(): void {
    this.#dumps.close();
    this.#destroyed?.close();
  }
}
