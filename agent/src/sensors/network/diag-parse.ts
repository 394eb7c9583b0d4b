// struct inet_diag_msg (linux/inet_diag.h, sock_diag(7)): one socket as the kernel describes it.
import { NETLINK_HEADER_BYTES, parseNetlinkAttributes, parseNetlinkMessages } from '../../kernel/netlink.ts';
import { formatIPv6 } from '../process/ebpf-record.ts';

export const TCP_LISTEN = 10;
export const TCP_SYN_SENT = 2;
export const SOCK_DIAG_BY_FAMILY = 20;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const AF_INET = 2;
export const AF_INET6 = 10;

const INET_DIAG_INFO = 2;
const MESSAGE_BYTES = 72;
// Offsets in struct tcp_info (linux/tcp.h); kernels before 4.19 end before the second pair.
const TCPI_BYTES_ACKED = 120;
const TCPI_BYTES_RECEIVED = 128;
const TCPI_BYTES_SENT = 200;
const TCPI_BYTES_RETRANSMITTED = 208;

export interface DiagSocket {
  /** The kernel's own name for this socket, never used twice while it runs. */
  cookie: number;
  state: number;
  localAddress: string;
  localPort: number;
  remoteAddress: string;
  remotePort: number;
  userId: number;
  /** 0 where no process holds it any more. */
  inode: number;
  /** Payload bytes, where tcp_info came with it. The kernel counts a received FIN as one byte. */
  bytesSent?: number;
  bytesReceived?: number;
  /** Whether the peer ever answered, where tcp_info came with it. */
  established?: boolean;
}

/** One payload of SOCK_DIAG_BY_FAMILY; undefined where it is too short to be one or of another address family. */
export function parseDiagSocket(payload: Uint8Array): DiagSocket | undefined {
  if (payload.length < MESSAGE_BYTES) return undefined;
  const family = payload[0];
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const socket: DiagSocket = {
    cookie: view.getUint32(44, true) + view.getUint32(48, true) * 2 ** 32,
    state: view.getUint8(1),
    localAddress: formatAddress(family, payload.subarray(8, 24)),
    localPort: view.getUint16(4),
    remoteAddress: formatAddress(family, payload.subarray(24, 40)),
    remotePort: view.getUint16(6),
    userId: view.getUint32(64, true),
    inode: view.getUint32(68, true),
  };
  for (const [type, value] of parseNetlinkAttributes(payload, MESSAGE_BYTES)) {
    if (type === INET_DIAG_INFO) readTcpInfo(socket, value);
  }
  return socket;
}

/** Every socket described in one datagram. */
export function parseDiagDatagram(datagram: Uint8Array): DiagSocket[] {
  return parseNetlinkMessages(datagram)
    .filter((message) => message.type === SOCK_DIAG_BY_FAMILY)
    .map((message) => parseDiagSocket(message.payload))
    .filter((socket) => socket !== undefined);
}

export interface DiagRequest {
  family: number;
  protocol: number;
  /** A bit for each TCP state. */
  states: number;
  /** Whether byte counts are to come with it. */
  info: boolean;
}

/** struct inet_diag_req_v2: every socket of a family and protocol in one of these states. */
export function encodeDiagRequest(want: DiagRequest): Uint8Array {
  const request = new Uint8Array(MESSAGE_BYTES - NETLINK_HEADER_BYTES);
  request[0] = want.family;
  request[1] = want.protocol;
  request[2] = want.info ? 1 << (INET_DIAG_INFO - 1) : 0;
  new DataView(request.buffer).setUint32(4, want.states, true);
  return request;
}

function readTcpInfo(socket: DiagSocket, info: Uint8Array): void {
  const view = new DataView(info.buffer, info.byteOffset, info.byteLength);
  const counter = (offset: number) => Number(view.getBigUint64(offset, true));
  if (info.length >= TCPI_BYTES_RECEIVED + 8) {
    socket.bytesReceived = counter(TCPI_BYTES_RECEIVED);
    socket.established = socket.bytesReceived + counter(TCPI_BYTES_ACKED) > 0;
  }
  if (info.length >= TCPI_BYTES_RETRANSMITTED + 8) {
    socket.bytesSent = Math.max(0, counter(TCPI_BYTES_SENT) - counter(TCPI_BYTES_RETRANSMITTED));
  }
}

function formatAddress(family: number, bytes: Uint8Array): string {
  return family === AF_INET ? bytes.subarray(0, 4).join('.') : formatIPv6(bytes);
}
