// Datagrams to unix sockets (unix(7)), which Node has streams of only.
import { closeDescriptor, openSocket, SystemCallError, sendTo } from './libc.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;
/** sun_path, with the NUL that ends a path. */
const PATH_BYTES_MAX = 108;

/**
 * Sends one datagram to the socket at `path`, absolute or abstract (`@name`); returns whether it was taken. Never waits:
 * where nobody listens or the queue is full, it is not taken.
 */
export function sendUnixDatagram(path: string, bytes: Uint8Array): boolean {
  const address = unixAddress(path);
  if (!address) return false;
  let fd: number | undefined;
  try {
    fd = openSocket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return sendTo(fd, bytes, address, MSG_NOSIGNAL) === bytes.length;
  } catch (error) {
    if (error instanceof SystemCallError) return false;
    throw error;
  } finally {
    if (fd !== undefined) closeDescriptor(fd);
  }
}

/** struct sockaddr_un: family u16, then the path; an abstract name begins with NUL and is as long as the address says. */
export function unixAddress(path: string): Uint8Array | undefined {
  const name = Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : `${path}\0`);
  if (!/^[/@]./.test(path) || name.length > PATH_BYTES_MAX) return undefined;
  const family = Buffer.alloc(2);
  family.writeUInt16LE(AF_UNIX);
  return Buffer.concat([family, name]);
}
