// What a batch contains, as a set of terms small enough to be asked of every batch there is: a search for what is rare looks
// only at the batches that may contain it (term-search.ts). A Bloom filter over hashes of 16 bits:
//
//   texts       each three bytes in a row, with one before its beginning and one after its end that no text contains: so any
//               part of a text of three bytes or more, and two at an end, can be looked for
//   numbers     the value
//   addresses   the address, and the networks it lies in
//
// Terms are of a column: a port is not a process id. A part of a batch has its own set: at most so many terms that few of
// others' seem to be in it, and of one hour, so that its times say which day it stands in. What is said not to be in a part
// is not in it; the opposite is only likely. Made of the rows as they are stored, as series are.

import type { FieldFilter } from '@threatguard/proto';
import { type Address, type AddressRange, parseAddress, parseAddressRange } from './address.ts';
import { CopyWriter } from './copy-writer.ts';
import { EVENT_COLUMNS, FIELD_COLUMNS } from './event-columns.ts';
import { type RowFields, readRowFields, readTime } from './event-row-reader.ts';
import { parseNumber } from './field-match.ts';
import { storableText } from './values.ts';

export const TERM_COLUMNS = ['first_event_at', 'last_event_at', 'received_at', 'agent_id', 'terms'];

const AT = EVENT_COLUMNS.indexOf('event_at');
const RECEIVED = EVENT_COLUMNS.indexOf('received_at');
const AGENT = EVENT_COLUMNS.indexOf('agent_id');
/** Family, bits, a flag and the length stand before the bytes of an inet. */
const INET_HEADER_BYTES = 4;
const IPV4_BYTES = 4;

/** No part reaches over the end of an hour. */
export const PART_US = 3_600_000_000;
/** Four parts as long as they get. */
const TERM_ROWS_BYTES_TYPICAL = 4 * 1024 + 512;
const HASHES = 0x1_0000;
/** Of one part: then its set has 1 KiB, which the database keeps in the row. */
const TERMS_MAX = 2_048;
/** Between four and eight bits for a term: between a quarter and an eighth of them are set. */
const BITS_PER_TERM = 4;
const SET_BYTES_MIN = 16;
/** A number has no neighbours that must be there too, as three bytes of a longer text do: it stands for so many terms. */
const HASHES_PER_VALUE = 5;
/** Looked for at once: more say nothing new. */
const WANTED_TERMS_MAX = 32;
/** Bits of an address that a network is named by: every range that is as long as one of them or longer is found. */
const PREFIX_BITS = { 4: [16, 24, 32], 6: [32, 48, 64, 128] } as const;
/** No byte of UTF-8 text as it is stored. */
const END = 0;

interface TermColumn {
  /** Of EVENT_COLUMNS. */
  place: number;
  kind: 'text' | 'number' | 'address';
}

const COLUMNS: readonly TermColumn[] = Object.values(FIELD_COLUMNS).map(({ column, kind }) => ({
  place: EVENT_COLUMNS.indexOf(column),
  kind,
}));

/** Each hash at most once; `reset` costs nothing, because a number marks whose round a hash was seen in. */
class TermSet {
  readonly #seenIn = new Uint32Array(HASHES);
  readonly #hashes = new Uint16Array(HASHES);
  #round = 0;
  size = 0;

  reset(): void {
    this.#round++;
    this.size = 0;
  }

  add(hash: number): void {
    if (this.#seenIn[hash] === this.#round) return;
    this.#seenIn[hash] = this.#round;
    this.#hashes[this.size++] = hash;
  }

  /** As `get_bit` of PostgreSQL counts bits: from the lowest of the first byte. Its length is a power of two. */
  bits(): Uint8Array {
    let length = SET_BYTES_MIN;
    while (length * 8 < Math.min(this.size, TERMS_MAX) * BITS_PER_TERM) length *= 2;
    const bits = new Uint8Array(length);
    const mask = length * 8 - 1;
    for (let index = 0; index < this.size; index++) {
      const bit = this.#hashes[index]! & mask;
      bits[bit >> 3] = bits[bit >> 3]! | (1 << (bit & 7));
    }
    return bits;
  }

  list(): number[] {
    return [...this.#hashes.subarray(0, this.size)];
  }
}

// Batches are taken one at a time, so one set serves them all.
const scratch = new TermSet();

/** Rows of binary COPY into `batch_terms`, without header and trailer, of rows into `events`. */
export function encodeTermRows(eventRows: Uint8Array): Buffer {
  const writer = new CopyWriter(TERM_ROWS_BYTES_TYPICAL);
  let part: { firstUs: number; lastUs: number; receivedUs: number; agentId: Uint8Array } | undefined;
  const finish = () => {
    if (!part) return;
    writer.row(TERM_COLUMNS.length);
    writer.timestamp(part.firstUs);
    writer.timestamp(part.lastUs);
    writer.timestamp(part.receivedUs);
    writer.bytes(part.agentId);
    writer.bytes(scratch.bits());
  };
  for (const row of readRowFields(eventRows)) {
    const atUs = readTime(row, AT);
    if (!part || hourOf(part.firstUs) !== hourOf(atUs) || scratch.size >= TERMS_MAX) {
      finish();
      scratch.reset();
      const agent = row.starts[AGENT]!;
      const agentId = row.buffer.subarray(agent, agent + row.lengths[AGENT]!);
      part = { firstUs: atUs, lastUs: atUs, receivedUs: readTime(row, RECEIVED), agentId };
    }
    part.firstUs = Math.min(part.firstUs, atUs);
    part.lastUs = Math.max(part.lastUs, atUs);
    addRow(row);
  }
  finish();
  return writer.rows();
}

const hourOf = (timeUs: number) => Math.floor(timeUs / PART_US);

function addRow({ buffer, starts, lengths }: RowFields): void {
  for (let column = 0; column < COLUMNS.length; column++) {
    const { place, kind } = COLUMNS[column]!;
    const length = lengths[place]!;
    if (length < 0) continue;
    const start = starts[place]!;
    if (kind === 'text') addText(column, buffer, start, start + length);
    else if (kind === 'number') addValue(column, buffer.readInt32BE(start), buffer.readInt32BE(start + 4));
    else addAddress(column, buffer, start + INET_HEADER_BYTES, start + length);
  }
}

function addText(column: number, bytes: Uint8Array, start: number, end: number): void {
  let three = END;
  for (let place = start; place <= end; place++) {
    three = ((three & 0xffff) << 8) | (place < end ? bytes[place]! : END);
    if (place > start) scratch.add(hashOf(column, three));
  }
}

function hashOf(column: number, three: number): number {
  return Math.imul((column << 24) | three, 0x9e37_79b1) >>> 16;
}

function addValue(column: number, high: number, low: number): void {
  let hash = Math.imul(low ^ Math.imul(high, 0x85eb_ca6b) ^ (column << 24), 0xc2b2_ae35);
  for (let turn = 0; turn < HASHES_PER_VALUE; turn++) {
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d);
    scratch.add(hash >>> 16);
  }
}

function addAddress(column: number, bytes: Uint8Array, start: number, end: number): void {
  for (const bits of PREFIX_BITS[end - start === IPV4_BYTES ? 4 : 6]) addNetwork(column, bytes, start, bits);
}

function addNetwork(column: number, bytes: Uint8Array, start: number, prefixBits: number): void {
  let hash = 0;
  for (let place = start; place < start + prefixBits / 8; place++) hash = Math.imul(hash, 0x0100_0193) ^ bytes[place]!;
  addValue(column, prefixBits, hash);
}

/**
 * Hashes that the terms of every batch with an answer hold; none where a filter says nothing that terms hold. Filters that
 * are negated, and parts that are too short, are left to the rest of the search.
 */
export function wantedTerms(filters: readonly FieldFilter[]): number[] {
  scratch.reset();
  for (const { field = '', value = '', negated } of filters) {
    if (negated || !Object.hasOwn(FIELD_COLUMNS, field)) continue;
    const column = Object.keys(FIELD_COLUMNS).indexOf(field);
    wantValue(column, FIELD_COLUMNS[field]!.kind, storableText(value));
  }
  return spread(scratch.list());
}

function wantValue(column: number, kind: TermColumn['kind'], value: string): void {
  if (kind === 'text') wantParts(column, value.split('*'));
  else if (value.includes('*')) return;
  else if (kind === 'number') wantNumber(column, parseNumber(value));
  else wantAddress(column, parseAddressRange(value) ?? parseAddress(value));
}

function wantNumber(column: number, number: number | undefined): void {
  if (number === undefined) return;
  const high = Math.floor(number / 0x1_0000_0000);
  addValue(column, high | 0, number - high * 0x1_0000_0000);
}

function wantAddress(column: number, address: (Address & Partial<AddressRange>) | undefined): void {
  if (!address) return;
  const bits = address.prefixBits ?? address.bytes.length * 8;
  const known = PREFIX_BITS[address.family].findLast((each) => each <= bits);
  if (known) addNetwork(column, address.bytes, 0, known);
}

/** Literal parts of a pattern: the first stands at the beginning, the last at the end. */
function wantParts(column: number, parts: readonly string[]): void {
  for (const [index, part] of parts.entries()) {
    const bytes = [...Buffer.from(part)];
    if (index === 0 && part !== '') bytes.unshift(END);
    if (index === parts.length - 1 && part !== '') bytes.push(END);
    for (let place = 2; place < bytes.length; place++) {
      scratch.add(hashOf(column, (bytes[place - 2]! << 16) | (bytes[place - 1]! << 8) | bytes[place]!));
    }
  }
}

/** From all over a long text, because hosts have their beginnings in common. */
function spread(hashes: readonly number[]): number[] {
  if (hashes.length <= WANTED_TERMS_MAX) return [...hashes];
  return Array.from(
    { length: WANTED_TERMS_MAX },
    (_, index) => hashes[Math.floor((index * hashes.length) / WANTED_TERMS_MAX)]!,
  );
}

/** A condition over `batch_terms e`; the hashes are our own numbers. */
export function termsCondition(hashes: readonly number[]): string {
  return hashes.map((hash) => `get_bit(e.terms, ${hash} & (octet_length(e.terms) * 8 - 1)) = 1`).join(' and ');
}
