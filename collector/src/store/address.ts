import { isIPv4, isIPv6 } from 'node:net';

const DOT = 0x2e;
const ZERO = 0x30;

export interface Address {
  family: 4 | 6;
  /** 4 or 16 bytes, network order. */
  bytes: Uint8Array;
}

/** An IPv4 or IPv6 address as inet holds it; undefined for anything else, scoped addresses (fe80::1%eth0) included. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { family: 4, bytes: ipv4Bytes(text) };
  if (isIPv6(text) && !text.includes('%')) return { family: 6, bytes: ipv6Bytes(text) };
  return undefined;
}

export interface AddressRange extends Address {
  prefixBits: number;
}

/** `10.0.0.0/8`; host bits may be set, they do not count. Undefined for anything else, a bare address included. */
export function parseAddressRange(text: string): AddressRange | undefined {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const address = match ? parseAddress(match[1]!) : undefined;
  const prefixBits = Number(match?.[2]);
  return address && prefixBits <= address.bytes.length * 8 ? { ...address, prefixBits } : undefined;
}

/** Whether the address lies in the range; never across families. */
export function addressInRange(address: Address, range: AddressRange): boolean {
  if (address.family !== range.family) return false;
  for (let bit = 0; bit < range.prefixBits; bit += 8) {
    const mask = range.prefixBits - bit >= 8 ? 0xff : (0xff << (8 - (range.prefixBits - bit))) & 0xff;
    if (((address.bytes[bit >> 3]! ^ range.bytes[bit >> 3]!) & mask) !== 0) return false;
  }
  return true;
}

/** Of a text that is an IPv4 address; by hand, because every network event has two. */
function ipv4Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(4);
  let part = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === DOT) part++;
    else bytes[part] = bytes[part]! * 10 + unit - ZERO;
  }
  return bytes;
}

function ipv6Bytes(text: string): Uint8Array {
  const [head = '', tail] = text.split('::');
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  return Uint8Array.from([...front, ...new Array<number>(16 - front.length - back.length).fill(0), ...back]);
}

function groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return [...ipv4Bytes(group)];
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
