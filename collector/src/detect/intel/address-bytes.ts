// IP addresses as bytes, without an object for each: every network event has two.
import { isIPv6 } from 'node:net';

const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/** Room for any address. */
export const ADDRESS_BYTES_MAX = 16;

/**
 * Writes an address in network order and returns its length: 4, or 16, or 0 for what is none (scoped ones included). IPv4
 * mapped into IPv6 (RFC 4291 2.5.5.2) is IPv4.
 */
export function writeAddress(text: string, into: Uint8Array): 0 | 4 | 16 {
  if (writeIpv4(text, 0, into, 0)) return 4;
  if (!text.includes(':') || text.includes('%') || !isIPv6(text)) return 0;
  writeIpv6(text, into);
  if (!isMapped(into)) return 16;
  into.copyWithin(0, 12, 16);
  return 4;
}

/** Whether all of the text from `start` on is an IPv4 address; parts have no leading zeros, which some read as octal. */
function writeIpv4(text: string, start: number, into: Uint8Array, at: number): boolean {
  let parts = 0;
  let part = -1;
  for (let index = start; index <= text.length; index++) {
    const unit = index < text.length ? text.charCodeAt(index) : DOT;
    if (unit === DOT) {
      if (part < 0 || parts === 4) return false;
      into[at + parts++] = part;
      part = -1;
    } else if (unit >= ZERO && unit <= NINE) {
      if (part === 0) return false;
      part = (part < 0 ? 0 : part * 10) + unit - ZERO;
      if (part > 255) return false;
    } else return false;
  }
  return parts === 4;
}

/** Of a text that is an IPv6 address. */
function writeIpv6(text: string, into: Uint8Array): void {
  into.fill(0, 0, 16);
  const gap = text.indexOf('::');
  const head = gap < 0 ? text : text.slice(0, gap);
  let at = writeGroups(head, into, 0);
  if (gap < 0) return;
  const tail = new Uint8Array(16);
  const length = writeGroups(text.slice(gap + 2), tail, 0);
  at = 16 - length;
  into.set(tail.subarray(0, length), at);
}

function writeGroups(text: string, into: Uint8Array, from: number): number {
  let at = from;
  if (text === '') return at;
  for (const group of text.split(':')) {
    if (group.includes('.')) {
      writeIpv4(group, 0, into, at);
      at += 4;
    } else {
      const value = Number.parseInt(group, 16);
      into[at++] = value >> 8;
      into[at++] = value & 0xff;
    }
  }
  return at;
}

function isMapped(bytes: Uint8Array): boolean {
  for (let index = 0; index < 10; index++) if (bytes[index] !== 0) return false;
  return bytes[10] === 0xff && bytes[11] === 0xff;
}

/** As RFC 5952 writes it. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((bytes[index * 2]! << 8) | bytes[index * 2 + 1]!).toString(16),
  );
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  if (best.start < 0) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}

/** Clears what lies beyond a prefix, of an address that begins at `start` and ends at `end`. */
export function maskAddress(bytes: Uint8Array, prefixBits: number, start = 0, end = bytes.length): void {
  const partial = start + (prefixBits >> 3);
  if (partial >= end) return;
  bytes[partial] = bytes[partial]! & (0xff00 >> (prefixBits & 7));
  for (let index = partial + 1; index < end; index++) bytes[index] = 0;
}
