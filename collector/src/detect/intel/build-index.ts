// Makes an index of the records of all sources. Two passes: which records are of one key, then the memory in one piece each.
import { INDICATOR_KINDS } from './indicator.ts';
import { hashKey } from './indicator-key.ts';
import {
  CHECK_SEED,
  CLAIM_BYTES,
  ENTRY_HEADER_BYTES,
  type IndexBuffers,
  SLOT_SEED,
  type SourceOfClaims,
} from './intel-index.ts';
import { keyOf, type PackedRecord, readRecords } from './packed-records.ts';

export interface SourceRecords {
  id: number;
  about: SourceOfClaims;
  chunks: readonly Uint8Array[];
}

/** Of the slots, so that a search ends soon. */
const LOAD_MAX = 0.7;
/** Sources that say something of one value; more add nothing. */
const CLAIMS_MAX = 255;
/** Of all labels together; what comes after has none. */
const LABELS_BYTES_MAX = 64 * 1024 * 1024;

const NETWORK = INDICATOR_KINDS.indexOf('network');

/** Leaves out what has ended by `nowUs`, and what `isWithdrawn` says of a key and the number of its source. */
export function buildIndex(
  sources: readonly SourceRecords[],
  nowUs: number,
  isWithdrawn: (key: Uint8Array, source: number) => boolean = () => false,
): IndexBuffers {
  const nowSeconds = nowUs / 1e6;
  const gathered = gather(
    sources,
    (record, source) => !hasEnded(record, nowSeconds) && !isWithdrawn(keyOf(record), source),
  );
  return write(gathered, sources);
}

interface Gathered {
  records: PackedRecord[];
  /** Index of the source of each record. */
  owners: Uint16Array;
  /** By slot: the second hash, and the first record of the key plus one. */
  slots: Uint32Array;
  /** The next record of the same key, plus one. */
  next: Uint32Array;
}

function untilOf({ chunk, start }: PackedRecord): number {
  return (
    ((chunk[start + 10]! << 24) | (chunk[start + 11]! << 16) | (chunk[start + 12]! << 8) | chunk[start + 13]!) >>> 0
  );
}

function hasEnded(record: PackedRecord, nowSeconds: number): boolean {
  const until = untilOf(record);
  return until !== 0 && until <= nowSeconds;
}

function gather(
  sources: readonly SourceRecords[],
  isWanted: (record: PackedRecord, source: number) => boolean,
): Gathered {
  const records: PackedRecord[] = [];
  const ends: number[] = [];
  for (const { id, chunks } of sources) {
    for (const record of readRecords(chunks)) if (isWanted(record, id)) records.push(record);
    ends.push(records.length);
  }
  let capacity = 2;
  while (capacity * LOAD_MAX < records.length) capacity *= 2;
  const slots = new Uint32Array(capacity * 2);
  const next = new Uint32Array(records.length);
  const owners = new Uint16Array(records.length);
  let owner = 0;
  for (const [index, record] of records.entries()) {
    while (index >= ends[owner]!) owner++;
    owners[index] = owner;
    place(records, index, record, { slots, next, capacity });
  }
  return { records, owners, slots, next };
}

/** The newest record of a key comes first in its row. */
function place(
  records: readonly PackedRecord[],
  index: number,
  record: PackedRecord,
  { slots, next, capacity }: { slots: Uint32Array; next: Uint32Array; capacity: number },
): void {
  const key = keyOf(record);
  const check = hashKey(key, key.length, CHECK_SEED);
  for (let slot = hashKey(key, key.length, SLOT_SEED) & (capacity - 1); ; slot = (slot + 1) & (capacity - 1)) {
    const head = slots[slot * 2 + 1]!;
    if (head !== 0 && (slots[slot * 2] !== check || !isSameKey(records[head - 1]!, record))) continue;
    next[index] = head;
    slots[slot * 2] = check;
    slots[slot * 2 + 1] = index + 1;
    return;
  }
}

function isSameKey(one: PackedRecord, other: PackedRecord): boolean {
  if (one.keyLength !== other.keyLength) return false;
  for (let at = 0; at < one.keyLength; at++) {
    if (one.chunk[one.keyStart + at] !== other.chunk[other.keyStart + at]) return false;
  }
  return true;
}

function write(gathered: Gathered, sources: readonly SourceRecords[]): IndexBuffers {
  const { slots, next, records, owners } = gathered;
  const labels = new Labels(records);
  const shared = new SharedArrayBuffer(slots.byteLength);
  const slotsOut = new Uint32Array(shared);
  slotsOut.set(slots);
  const entries = new SharedArrayBuffer(entriesBytes(gathered));
  const bytes = new Uint8Array(entries);
  const view = new DataView(entries);
  const counts = INDICATOR_KINDS.map(() => 0);
  const prefixes = { 4: new Set<number>(), 16: new Set<number>() };
  let firstEndSeconds = 0;
  let at = 0;
  for (let slot = 0; slot < slots.length; slot += 2) {
    const head = slots[slot + 1]!;
    if (head === 0) continue;
    const key = keyOf(records[head - 1]!);
    slotsOut[slot + 1] = at + 1;
    counts[key[0]!] = counts[key[0]!]! + 1;
    if (key[0] === NETWORK) prefixes[key.length === 6 ? 4 : 16].add(key[1]!);
    view.setUint16(at, key.length);
    bytes.set(key, at + ENTRY_HEADER_BYTES);
    let claimAt = at + ENTRY_HEADER_BYTES + key.length;
    let claims = 0;
    for (let index = head; index !== 0 && claims < CLAIMS_MAX; index = next[index - 1]!, claims++) {
      const record = records[index - 1]!;
      const until = untilOf(record);
      if (until !== 0 && (firstEndSeconds === 0 || until < firstEndSeconds)) firstEndSeconds = until;
      view.setUint16(claimAt, sources[owners[index - 1]!]!.id);
      bytes.set(record.chunk.subarray(record.start + 4, record.start + 14), claimAt + 2);
      view.setUint32(claimAt + 12, labels.place(record));
      claimAt += CLAIM_BYTES;
    }
    view.setUint8(at + 2, claims);
    at = claimAt;
  }
  return {
    slots: shared,
    entries,
    labels: labels.shared(),
    counts,
    prefixes4: [...prefixes[4]].sort((a, b) => b - a),
    prefixes6: [...prefixes[16]].sort((a, b) => b - a),
    sources: sources.map(({ id, about }) => [id, about] as const),
    firstEndSeconds,
    digest: '',
  };
}

function entriesBytes({ slots, next, records }: Gathered): number {
  let total = 0;
  for (let slot = 1; slot < slots.length; slot += 2) {
    const head = slots[slot]!;
    if (head === 0) continue;
    let claims = 0;
    for (let index = head; index !== 0 && claims < CLAIMS_MAX; index = next[index - 1]!) claims++;
    total += ENTRY_HEADER_BYTES + records[head - 1]!.keyLength + claims * CLAIM_BYTES;
  }
  return total;
}

/** Each text once: a feed says the same of most of its entries. */
class Labels {
  readonly #places = new Map<string, number>();
  #bytes: Uint8Array;
  #length = 0;

  constructor(records: readonly PackedRecord[]) {
    const most = records.reduce((sum, { labelLength }) => sum + (labelLength > 0 ? labelLength + 2 : 0), 0);
    this.#bytes = new Uint8Array(Math.min(most, LABELS_BYTES_MAX));
  }

  place({ chunk, keyStart, keyLength, labelLength }: PackedRecord): number {
    if (labelLength === 0) return 0;
    const start = keyStart + keyLength;
    const label = chunk.subarray(start, start + labelLength);
    const text = Buffer.from(label.buffer, label.byteOffset, label.length).toString('latin1');
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    if (this.#length + labelLength + 2 > this.#bytes.length) return 0;
    const place = this.#length + 1;
    this.#bytes[this.#length++] = labelLength >> 8;
    this.#bytes[this.#length++] = labelLength & 0xff;
    this.#bytes.set(label, this.#length);
    this.#length += labelLength;
    this.#places.set(text, place);
    return place;
  }

  shared(): SharedArrayBuffer {
    const shared = new SharedArrayBuffer(this.#length);
    new Uint8Array(shared).set(this.#bytes.subarray(0, this.#length));
    return shared;
  }
}
