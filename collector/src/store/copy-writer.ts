import type { Address } from './address.ts';
import { clampTimeUs, storableText } from './values.ts';

// The binary format of COPY (PostgreSQL manual, COPY, "Binary Format"): a header, rows of length-prefixed fields in the
// types' send format, and a trailer. All integers are big-endian.
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const NULL_LENGTH = -1;
/** 2000-01-01, where timestamptz counts from. */
const POSTGRES_EPOCH_US = 946_684_800_000_000;
// PGSQL_AF_INET and PGSQL_AF_INET6 of utils/inet.h.
const FAMILY = { 4: 2, 6: 3 } as const;

/** Writes rows for COPY ... WITH (FORMAT binary). Fields follow the order of the columns named to COPY. */
export class CopyWriter {
  #buffer: Buffer;
  #length: number;

  constructor(capacityBytes = 64 * 1024) {
    this.#buffer = Buffer.allocUnsafe(Math.max(capacityBytes, HEADER.length));
    this.#length = HEADER.copy(this.#buffer);
  }

  row(fields: number): void {
    this.#reserve(2);
    this.#length = this.#buffer.writeInt16BE(fields, this.#length);
  }

  null(): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeInt32BE(NULL_LENGTH, this.#length);
  }

  int2(value: number): void {
    this.#field(2);
    this.#length = this.#buffer.writeInt16BE(value, this.#length);
  }

  int4(value: number): void {
    this.#field(4);
    this.#length = this.#buffer.writeInt32BE(value, this.#length);
  }

  /** A safe integer; by halves, because BigInt would be made for each. */
  int8(value: number): void {
    this.#field(8);
    const high = Math.floor(value / 0x1_0000_0000);
    this.#buffer.writeInt32BE(high, this.#length);
    this.#buffer.writeUInt32BE(value - high * 0x1_0000_0000, this.#length + 4);
    this.#length += 8;
  }

  timestamp(timeUs: number): void {
    this.int8(clampTimeUs(timeUs) - POSTGRES_EPOCH_US);
  }

  bytes(value: Uint8Array): void {
    this.#field(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  text(value: string): void {
    const storable = storableText(value);
    this.#reserve(4 + storable.length * 3);
    const written = this.#buffer.write(storable, this.#length + 4);
    this.#length = this.#buffer.writeInt32BE(written, this.#length) + written;
  }

  address({ family, bytes }: Address): void {
    this.#field(4 + bytes.length);
    this.#buffer[this.#length++] = FAMILY[family];
    this.#buffer[this.#length++] = bytes.length * 8;
    this.#buffer[this.#length++] = 0; // inet, not cidr
    this.#buffer[this.#length++] = bytes.length;
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Everything written, with the trailer. The writer is done. */
  finish(): Buffer {
    this.#reserve(2);
    this.#length = this.#buffer.writeInt16BE(-1, this.#length);
    return this.#buffer.subarray(0, this.#length);
  }

  #field(bytes: number): void {
    this.#reserve(4 + bytes);
    this.#length = this.#buffer.writeInt32BE(bytes, this.#length);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

/** The 16 bytes of a UUID; undefined where the text is not one. */
export function uuidBytes(uuid: string): Buffer | undefined {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uuid)
    ? Buffer.from(uuid.replaceAll('-', ''), 'hex')
    : undefined;
}
