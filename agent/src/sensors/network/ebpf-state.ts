// What the kernel program writes as a TCP socket becomes a connection or ends: one table for who writes and who reads.
import { addressAt, decodeSocket, type SocketEnds, u64 } from '../process/ebpf-decode.ts';
import { KIND } from '../process/ebpf-record.ts';

/** Byte offsets, little-endian. */
export const STATE = {
  kind: 0, // u32, KIND.socketState
  bootNs: 8, // u64, nanoseconds since boot
  key: 16, // u64, the kernel's address of the socket: unique among those there are
  cookie: 24, // u64, the socket's name in sock_diag; 0 where nobody has asked for it
  ends: 32, // as in SOCKET of a process's record
  bytesSent: 88, // u64, payload, with what was sent again
  bytesSentAgain: 96, // u64
  bytesReceived: 104, // u64
  flags: 112, // u64, bits of enum sock_flags
  before: 120, // u32, TCP states
  now: 124, // u32
  userId: 128, // u32, of whoever made the socket
  sourcePort: 132, // u16, network order; at its end the socket has given its local port back, but not this
  bytes: 136,
} as const;

/** SOCK_DONE (net/sock.h): the peer said that it was done. The kernel counts that as a byte received. */
const FLAG_DONE = 2;

export interface StateRecord extends SocketEnds {
  bootNs: number;
  key: number;
  cookie: number;
  before: number;
  now: number;
  userId: number;
  /** Payload, each byte once. */
  bytesSent: number;
  bytesReceived: number;
}

/** Decodes one record, or returns undefined where it is none of these. */
export function decodeState(bytes: Buffer): StateRecord | undefined {
  if (bytes.length < STATE.bytes || bytes.readUInt32LE(STATE.kind) !== KIND.socketState) return undefined;
  const ended = bytes.readUInt32LE(STATE.flags) & FLAG_DONE ? 1 : 0;
  const ends = decodeSocket(bytes, STATE.ends);
  return {
    ...ends,
    localPort: ends.localPort || bytes.readUInt16BE(STATE.sourcePort),
    bootNs: u64(bytes, STATE.bootNs),
    key: addressAt(bytes, STATE.key),
    cookie: u64(bytes, STATE.cookie),
    before: bytes.readUInt32LE(STATE.before),
    now: bytes.readUInt32LE(STATE.now),
    userId: bytes.readUInt32LE(STATE.userId),
    bytesSent: Math.max(0, u64(bytes, STATE.bytesSent) - u64(bytes, STATE.bytesSentAgain)),
    bytesReceived: Math.max(0, u64(bytes, STATE.bytesReceived) - ended),
  };
}
