// Netlink (netlink(7), RFC 3549): datagrams to and from parts of the kernel, each a header of 16 bytes and a payload.
//   length u32, type u16, flags u16, sequence u32, port id u32
import {
  bindSocket,
  closeDescriptor,
  openSocket,
  receiveFrom,
  SystemCallError,
  sendTo,
  setSocketOption,
  watchReadable,
} from './libc.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const ENOBUFS = 105;

export const NETLINK_SOCK_DIAG = 4;
export const NETLINK_AUDIT = 9;
export const NETLINK_CONNECTOR = 11;

const NLM_F_REQUEST = 1;
export const NLM_F_ACK = 4;
export const NLM_F_DUMP = 0x300;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NETLINK_HEADER_BYTES = 16;

/** What the kernel may hold for us while we are busy: enough for seconds of a busy host, small beside its memory. */
const RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024;
/** One datagram: the kernel fills dumps to at most 32 KiB, an audit record has at most 8,970 bytes. */
const DATAGRAM_BYTES_MAX = 64 * 1024;
/** Datagrams taken in one go before the event loop has its turn again. */
const DATAGRAMS_PER_TURN_MAX = 2048;

export interface NetlinkMessage {
  type: number;
  flags: number;
  sequence: number;
  payload: Uint8Array;
}

/**
 * The messages of one datagram, in order; stops at the first whose length cannot be right. Payloads are views into
 * `datagram`.
 */
export function parseNetlinkMessages(datagram: Uint8Array): NetlinkMessage[] {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  const messages: NetlinkMessage[] = [];
  for (let offset = 0; offset + NETLINK_HEADER_BYTES <= datagram.length; ) {
    const length = view.getUint32(offset, true);
    if (length < NETLINK_HEADER_BYTES || offset + length > datagram.length) break;
    messages.push({
      type: view.getUint16(offset + 4, true),
      flags: view.getUint16(offset + 6, true),
      sequence: view.getUint32(offset + 8, true),
      payload: datagram.subarray(offset + NETLINK_HEADER_BYTES, offset + length),
    });
    offset += (length + 3) & ~3;
  }
  return messages;
}

/** Attributes (type, value) from `offset` to the end; stops at the first whose length cannot be right. */
export function* parseNetlinkAttributes(bytes: Uint8Array, offset: number): Generator<[number, Uint8Array]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  while (offset + 4 <= bytes.length) {
    const length = view.getUint16(offset, true);
    if (length < 4 || offset + length > bytes.length) return;
    yield [view.getUint16(offset + 2, true), bytes.subarray(offset + 4, offset + length)];
    offset += (length + 3) & ~3;
  }
}

/** The errno in the payload of NLMSG_ERROR; 0 where it is an acknowledgement, or too short to be either. */
export function parseNetlinkErrno(payload: Uint8Array): number {
  if (payload.length < 4) return 0;
  return Math.max(0, -new DataView(payload.buffer, payload.byteOffset, payload.byteLength).getInt32(0, true));
}

/** What `NetlinkSocket.drain` calls; the datagram is only valid during the call. */
export interface DatagramReader {
  onDatagram(datagram: Uint8Array): void;
  /** The kernel dropped datagrams because we were too slow; it does not say how many. */
  onOverrun(): void;
}

/** One netlink socket, non-blocking. Datagrams that do not come from the kernel are ignored. */
export class NetlinkSocket {
  readonly #fd: number;
  readonly #buffer = new Uint8Array(DATAGRAM_BYTES_MAX);
  readonly #sender = new Uint8Array(12);
  #watch: { close(): void } | undefined;
  #sequence = 0;
  #closed = false;

  /** Throws SystemCallError where this kernel or user may not have it. */
  constructor(options: { protocol: number; groups?: number; receiveBufferBytes?: number }) {
    this.#fd = openSocket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, options.protocol);
    try {
      bindSocket(this.#fd, netlinkAddress(options.groups ?? 0));
      setReceiveBuffer(this.#fd, options.receiveBufferBytes ?? RECEIVE_BUFFER_BYTES);
    } catch (error) {
      closeDescriptor(this.#fd);
      throw error;
    }
  }

  /** Sends one message to the kernel; returns its sequence number. */
  send(message: { type: number; flags: number; payload: Uint8Array }): number {
    const bytes = new Uint8Array(NETLINK_HEADER_BYTES + message.payload.length);
    const view = new DataView(bytes.buffer);
    const sequence = ++this.#sequence;
    view.setUint32(0, bytes.length, true);
    view.setUint16(4, message.type, true);
    view.setUint16(6, message.flags | NLM_F_REQUEST, true);
    view.setUint32(8, sequence, true);
    bytes.set(message.payload, NETLINK_HEADER_BYTES);
    sendTo(this.#fd, bytes, netlinkAddress(0));
    return sequence;
  }

  /** Takes what is there now; returns whether it took all of it. */
  drain(reader: DatagramReader): boolean {
    for (let taken = 0; taken < DATAGRAMS_PER_TURN_MAX && !this.#closed; taken++) {
      try {
        const length = receiveFrom(this.#fd, this.#buffer, this.#sender);
        if (length === undefined) return true;
        if (this.#fromKernel()) reader.onDatagram(this.#buffer.subarray(0, length));
      } catch (error) {
        if (!(error instanceof SystemCallError && error.errno === ENOBUFS)) throw error;
        reader.onOverrun();
      }
    }
    return this.#closed;
  }

  /** Drains whenever something arrives, until the socket is closed. A read error ends the watch and is reported. */
  watch(reader: DatagramReader & { onError(error: Error): void }): void {
    const read = () => {
      try {
        this.drain(reader);
      } catch (error) {
        this.#watch?.close();
        this.#watch = undefined;
        reader.onError(error as Error);
      }
    };
    this.#watch = watchReadable(this.#fd, read);
  }

  /** Safe twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watch?.close();
    closeDescriptor(this.#fd);
  }

  /** struct sockaddr_nl: the kernel's port id is 0; any process may send to ours. */
  #fromKernel(): boolean {
    return new DataView(this.#sender.buffer).getUint32(4, true) === 0;
  }
}

/** struct sockaddr_nl: family u16, padding u16, port id u32 (0: the kernel's choice), groups u32. */
function netlinkAddress(groups: number): Uint8Array {
  const address = new Uint8Array(12);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_NETLINK, true);
  view.setUint32(8, groups, true);
  return address;
}

/** Beyond net.core.rmem_max only with CAP_NET_ADMIN; an ordinary user gets as much as that allows. */
function setReceiveBuffer(fd: number, size: number): void {
  const bytes = new Uint8Array(new Uint32Array([size]).buffer);
  try {
    setSocketOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes);
  } catch (error) {
    if (!(error instanceof SystemCallError && error.code === 'EPERM')) throw error;
    setSocketOption(fd, SOL_SOCKET, SO_RCVBUF, bytes);
  }
}
