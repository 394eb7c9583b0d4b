// Indicators of one source as they are stored and handed between threads: records one after another in chunks of bytes.
//
//   key length u16, label length u16, flags u8, confidence u8, since u32, until u32 (seconds; 0 for none), key, label (UTF-8)
//
// Flags: bits 0-1 the side, bit 2 subdomains, bits 3-5 the TLP and one more, 0 for none. Confidence 255 is none. The label is what a
// match says beside the numbers: about, techniques and tactics.

import { type Indicator, SIDES, TLPS } from './indicator.ts';
import { KeyWriter } from './indicator-key.ts';

/** Several make a statement; one is a value of a row. */
const CHUNK_BYTES = 1024 * 1024;
const RECORD_HEADER_BYTES = 14;
export const NO_CONFIDENCE = 255;

export interface Label {
  about: string;
  techniques: readonly string[];
  tactics: readonly string[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Where a record stands, and what its numbers are; of a chunk that this module wrote. */
export interface PackedRecord {
  chunk: Uint8Array;
  start: number;
  keyStart: number;
  keyLength: number;
  labelLength: number;
  end: number;
}

export class RecordWriter {
  readonly chunks: Uint8Array[] = [];
  count = 0;
  readonly #keys = new KeyWriter();
  #chunk = new Uint8Array(CHUNK_BYTES);
  #view = new DataView(this.#chunk.buffer);
  #length = 0;

  /** False where the value cannot be written as a key. */
  add(indicator: Indicator, sinceUs: number): boolean {
    if (!this.#keys.write(indicator)) return false;
    const label = encoder.encode(labelText(indicator));
    const { bytes, length } = this.#keys;
    this.#reserve(RECORD_HEADER_BYTES + length + label.length);
    const view = this.#view;
    const at = this.#length;
    view.setUint16(at, length);
    view.setUint16(at + 2, label.length);
    view.setUint8(at + 4, flagsOf(indicator));
    view.setUint8(at + 5, indicator.confidence ?? NO_CONFIDENCE);
    view.setUint32(at + 6, Math.floor(sinceUs / 1e6));
    view.setUint32(at + 10, Math.ceil((indicator.untilUs ?? 0) / 1e6));
    this.#chunk.set(bytes.subarray(0, length), at + RECORD_HEADER_BYTES);
    this.#chunk.set(label, at + RECORD_HEADER_BYTES + length);
    this.#length += RECORD_HEADER_BYTES + length + label.length;
    this.count++;
    return true;
  }

  /** A record as it stands elsewhere. */
  copy({ chunk, start, end }: PackedRecord): void {
    this.#reserve(end - start);
    this.#chunk.set(chunk.subarray(start, end), this.#length);
    this.#length += end - start;
    this.count++;
  }

  /** All chunks; nothing is added after it. */
  finish(): Uint8Array[] {
    if (this.#length > 0) this.chunks.push(this.#chunk.slice(0, this.#length));
    this.#length = 0;
    return this.chunks;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= CHUNK_BYTES) return;
    this.chunks.push(this.#chunk.slice(0, this.#length));
    this.#length = 0;
  }
}

export function* readRecords(chunks: Iterable<Uint8Array>): Iterable<PackedRecord> {
  for (const chunk of chunks) {
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    for (let start = 0; start + RECORD_HEADER_BYTES <= chunk.length; ) {
      const keyLength = view.getUint16(start);
      const labelLength = view.getUint16(start + 2);
      const keyStart = start + RECORD_HEADER_BYTES;
      const end = keyStart + keyLength + labelLength;
      yield { chunk, start, keyStart, keyLength, labelLength, end };
      start = end;
    }
  }
}

export function keyOf({ chunk, keyStart, keyLength }: PackedRecord): Uint8Array {
  return chunk.subarray(keyStart, keyStart + keyLength);
}

function flagsOf({ side, subdomains, tlp }: Indicator): number {
  return SIDES.indexOf(side) | (subdomains ? 4 : 0) | ((tlp === undefined ? 0 : TLPS.indexOf(tlp) + 1) << 3);
}

export function readFlags(flags: number): Pick<Indicator, 'side' | 'subdomains' | 'tlp'> {
  return { side: SIDES[flags & 3] ?? 'any', subdomains: (flags & 4) !== 0, tlp: TLPS[(flags >> 3) - 1] };
}

function labelText({ about, techniques, tactics }: Label): string {
  if (about === '' && techniques.length === 0 && tactics.length === 0) return '';
  return `${about.toWellFormed()}\0${techniques.join(' ')}\0${tactics.join(' ')}`;
}

export function readLabel(bytes: Uint8Array): Label {
  // A copy: TextDecoder does not read memory that threads share.
  const [about = '', techniques = '', tactics = ''] = decoder.decode(bytes.slice()).split('\0');
  return { about, techniques: techniques.split(' ').filter(Boolean), tactics: tactics.split(' ').filter(Boolean) };
}
