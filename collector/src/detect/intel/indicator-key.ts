// What an indicator is found by: a byte for its kind, then its value as bytes. Addresses are bytes of their own, networks have their
// length before them, digests are what their hex says, names and URLs are text in UTF-8.
import { ADDRESS_BYTES_MAX, addressText, maskAddress, writeAddress } from './address-bytes.ts';
import { INDICATOR_KINDS, type IndicatorKind, type IndicatorValue } from './indicator.ts';
import { endpointText } from './normalise.ts';

/** The longest URL in UTF-8, and the byte of the kind. */
const KEY_BYTES_MAX = 8 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One key at a time, written where it is looked up from: nothing is made for a look that finds nothing. */
export class KeyWriter {
  readonly bytes = new Uint8Array(KEY_BYTES_MAX);
  length = 0;
  readonly #address = new Uint8Array(ADDRESS_BYTES_MAX);

  /** False where the value is not one of the kind. */
  write({ kind, value }: IndicatorValue): boolean {
    switch (kind) {
      case 'address':
        return this.address(value);
      case 'network': {
        const [address = '', bits] = value.split('/');
        return this.address(address) && this.network(Number(bits));
      }
      case 'endpoint': {
        const end = value.lastIndexOf(':');
        return this.address(value.slice(0, end).replace(/^\[|\]$/g, '')) && this.endpoint(Number(value.slice(end + 1)));
      }
      case 'domain':
      case 'url':
        return this.text(kind, value);
      default:
        return this.digest(kind, value);
    }
  }

  address(text: string): boolean {
    const length = writeAddress(text, this.#address);
    if (length === 0) return false;
    this.#begin('address');
    for (let index = 0; index < length; index++) this.bytes[this.length++] = this.#address[index]!;
    return true;
  }

  /** Makes the address that was written before a network around it. */
  network(prefixBits: number): boolean {
    const length = this.addressBytes;
    this.#begin('network');
    this.bytes[this.length++] = prefixBits;
    for (let index = 0; index < length; index++) this.bytes[this.length++] = this.#address[index]!;
    maskAddress(this.bytes, prefixBits, 2, this.length);
    return true;
  }

  /** Makes the address that was written before one with a port. */
  endpoint(port: number): boolean {
    const length = this.addressBytes;
    this.#begin('endpoint');
    for (let index = 0; index < length; index++) this.bytes[this.length++] = this.#address[index]!;
    this.bytes[this.length++] = port >> 8;
    this.bytes[this.length++] = port & 0xff;
    return true;
  }

  /** Of the address that was written last. */
  get addressBytes(): 4 | 16 {
    const [kind = 0] = this.bytes;
    const extra = INDICATOR_KINDS[kind] === 'endpoint' ? 3 : INDICATOR_KINDS[kind] === 'network' ? 2 : 1;
    return this.length - extra === 4 ? 4 : 16;
  }

  /** From a place in the text on: a name without its first labels. */
  text(kind: 'domain' | 'url', value: string, from = 0): boolean {
    this.#begin(kind);
    for (let index = from; index < value.length; index++) {
      const unit = value.charCodeAt(index);
      if (unit > 0x7f || this.length === KEY_BYTES_MAX) return this.#encoded(kind, value.slice(from));
      this.bytes[this.length++] = unit;
    }
    return this.length > 1;
  }

  #encoded(kind: 'domain' | 'url', value: string): boolean {
    this.#begin(kind);
    const { read, written } = encoder.encodeInto(value, this.bytes.subarray(1));
    this.length = written + 1;
    return read === value.length;
  }

  digest(kind: 'md5' | 'sha1' | 'sha256', value: string): boolean {
    this.#begin(kind);
    if (value.length !== DIGEST_CHARS[kind]) return false;
    for (let index = 0; index < value.length; index += 2) {
      const high = HEX[value.charCodeAt(index)] ?? 0xff;
      const low = HEX[value.charCodeAt(index + 1)] ?? 0xff;
      if (high > 15 || low > 15) return false;
      this.bytes[this.length++] = (high << 4) | low;
    }
    return true;
  }

  #begin(kind: IndicatorKind): void {
    this.bytes[0] = CODES[kind];
    this.length = 1;
  }
}

const CODES = Object.fromEntries(INDICATOR_KINDS.map((kind, code) => [kind, code])) as Record<IndicatorKind, number>;
const DIGEST_CHARS = { md5: 32, sha1: 40, sha256: 64 } as const;
const HEX = new Uint8Array(128).fill(0xff);
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  HEX[digit.charCodeAt(0)] = value;
  HEX[digit.toUpperCase().charCodeAt(0)] = value;
}

/** What a key stands for. */
export function readKey(key: Uint8Array): IndicatorValue {
  const kind = INDICATOR_KINDS[key[0] ?? 0] ?? 'domain';
  const rest = key.subarray(1);
  switch (kind) {
    case 'address':
      return { kind, value: addressText(rest) };
    case 'network':
      return { kind, value: `${addressText(rest.subarray(1))}/${rest[0]}` };
    case 'endpoint': {
      const port = rest.at(-2)! * 256 + rest.at(-1)!;
      return { kind, value: endpointText(addressText(rest.subarray(0, -2)), port) };
    }
    case 'domain':
    case 'url':
      return { kind, value: decoder.decode(rest.slice()) };
    default:
      return { kind, value: Buffer.from(rest).toString('hex') };
  }
}

/** A hash of 32 bits; two with different seeds tell a million keys apart as far as a table needs it. */
export function hashKey(key: Uint8Array, length: number, seed: number): number {
  let hash = seed ^ Math.imul(length, 0x9e37_79b1);
  for (let index = 0; index < length; index++) {
    hash = Math.imul(hash ^ key[index]!, 0x0100_0193);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
