import type { Address } from './address.ts';
import { clampTimeUs, storableText } from './values.ts';

// The binary format of COPY (PostgreSQL manual, COPY, "Binary Format"): a header, rows of length-prefixed fields in the
// types' send format, and a trailer. All integers are big-endian, as DataView writes them.
export const COPY_HEADER: Uint8Array = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
export const COPY_TRAILER: Uint8Array = Buffer.from('\xff\xff', 'latin1');
const NULL_LENGTH = -1;
/** 2000-01-01, where timestamptz counts from. */
const POSTGRES_EPOCH_US = 946_684_800_000_000;
// PGSQL_AF_INET and PGSQL_AF_INET6 of utils/inet.h.
const FAMILY = { 4: 2, 6: 3 } as const;
/** Texts up to here are written unit by unit: cheaper than a call into native code, and most are this short. */
const SHORT_TEXT_UNITS = 96;

/** Writes rows for COPY ... WITH (FORMAT binary). Fields follow the order of the columns named to COPY. */
export class CopyWriter {
  #buffer: Buffer;
  #view: DataView;
  #length = 0;

  constructor(capacityBytes = 64 * 1024) {
    this.#buffer = Buffer.allocUnsafeSlow(capacityBytes);
    this.#view = new DataView(this.#buffer.buffer);
  }

  row(fields: number): void {
    this.#reserve(2);
    this.#view.setInt16(this.#length, fields);
    this.#length += 2;
  }

  null(): void {
    this.#reserve(4);
    this.#view.setInt32(this.#length, NULL_LENGTH);
    this.#length += 4;
  }

  int2(value: number): void {
    this.#field(2);
    this.#view.setInt16(this.#length, value);
    this.#length += 2;
  }

  int4(value: number): void {
    this.#field(4);
    this.#view.setInt32(this.#length, value);
    this.#length += 4;
  }

  /** A safe integer; by halves, because BigInt would be made for each. */
  int8(value: number): void {
    this.#field(8);
    const high = Math.floor(value / 0x1_0000_0000);
    this.#view.setInt32(this.#length, high);
    this.#view.setUint32(this.#length + 4, value - high * 0x1_0000_0000);
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

  /** Part of a buffer as one field, without a view of its own. */
  bytesWithin(source: Buffer, start: number, end: number): void {
    this.#field(end - start);
    source.copy(this.#buffer, this.#length, start, end);
    this.#length += end - start;
  }

  /** Whole fields, as another writer wrote them. */
  fields(encoded: Uint8Array): void {
    this.#reserve(encoded.length);
    this.#buffer.set(encoded, this.#length);
    this.#length += encoded.length;
  }

  text(value: string): void {
    const units = value.length;
    this.#reserve(4 + units * 3);
    const start = this.#length + 4;
    let at = start;
    if (units <= SHORT_TEXT_UNITS) {
      const buffer = this.#buffer;
      for (let index = 0; index < units; index++) {
        const unit = value.charCodeAt(index);
        if (unit === 0 || unit > 0x7f) break;
        buffer[at++] = unit;
      }
    }
    if (at - start < units) at = start + this.#buffer.write(storableText(value), start);
    this.#view.setInt32(this.#length, at - start);
    this.#length = at;
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

  /** A copy of the rows written so far. */
  rows(): Buffer {
    const taken = Buffer.allocUnsafeSlow(this.#length);
    this.#buffer.copy(taken, 0, 0, this.#length);
    return taken;
  }

  /** Everything written as a whole COPY, with header and trailer. */
  finish(): Buffer {
    return Buffer.concat([COPY_HEADER, this.#buffer.subarray(0, this.#length), COPY_TRAILER]);
  }

  /** Empty again; the buffer is kept. */
  clear(): void {
    this.#length = 0;
  }

  #field(bytes: number): void {
    this.#reserve(4 + bytes);
    this.#view.setInt32(this.#length, bytes);
    this.#length += 4;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** The 16 bytes of a UUID; undefined where the text is not one. */
export function uuidBytes(uuid: string): Buffer | undefined {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uuid)
    ? Buffer.from(uuid.replaceAll('-', ''), 'hex')
    : undefined;
}
