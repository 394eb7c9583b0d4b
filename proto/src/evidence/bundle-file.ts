// The bundle as a file: MAGIC, then records, each a big-endian uint32 with its length and the encoded BundleRecord.
import { ENVELOPE_BYTES_MAX } from '../limits.ts';
import { BundleRecord } from '../v1.ts';

/** Like that of PNG: a transfer that takes it for text spoils it, and that shows. */
export const BUNDLE_MAGIC: Uint8Array = Uint8Array.from([0x89, 0x54, 0x47, 0x45, 0x56, 0x0d, 0x0a, 0x1a]);
export const BUNDLE_VERSION = 1;
/** One record: an envelope, opened, with its header and signature. What a reader holds in memory at most. */
const BUNDLE_RECORD_BYTES_MAX = ENVELOPE_BYTES_MAX + 64 * 1024;

const LENGTH_BYTES = 4;

const BUNDLE_RECORD_KINDS = [
  'start',
  'trustAnchors',
  'head',
  'earlierHead',
  'agent',
  'alert',
  'detection',
  'entry',
  'run',
  'envelope',
  'end',
] as const;

export type BundleRecordKind = (typeof BUNDLE_RECORD_KINDS)[number];
/** One record as what it is: `{ kind: 'entry', value: BundleEntry }` and so on. */
export type BundlePart = {
  [Kind in BundleRecordKind]: { kind: Kind; value: NonNullable<BundleRecord[Kind]> };
}[BundleRecordKind];

export type BundleErrorCode = 'not_a_bundle' | 'version_unsupported';

/** The file is nothing that could be examined. The message is for people. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
  readonly code: BundleErrorCode;

  constructor(code: BundleErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** A record as it stands in the file, its length before it. Throws RangeError for one beyond the limit: a fault of ours. */
export function encodeRecord(record: BundleRecord): Buffer {
  const body = BundleRecord.encode(record).finish();
  if (body.length > BUNDLE_RECORD_BYTES_MAX) throw new RangeError(`a bundle's record of ${body.length} bytes`);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/**
 * The record that these bytes are the one encoding of; undefined where they hold none, more than one, a field that is not
 * known, or the same said in another way: two readers must never see two things.
 */
export function decodeRecord(bytes: Uint8Array): BundlePart | undefined {
  let record: BundleRecord;
  try {
    record = BundleRecord.decode(bytes);
    if (Buffer.compare(BundleRecord.encode(record).finish(), bytes) !== 0) return undefined;
  } catch {
    return undefined;
  }
  const [kind, ...others] = BUNDLE_RECORD_KINDS.filter((name) => Object.hasOwn(record, name) && record[name] != null);
  if (!kind || others.length > 0) return undefined;
  return { kind, value: record[kind] } as BundlePart;
}

/** `frame` is the record with its length, as digests cover it. */
export type BundleItem =
  | { kind: 'record'; record: Uint8Array; frame: Uint8Array }
  | { kind: 'broken'; why: 'truncated' | 'oversized' };

/**
 * The records of a file in any pieces, one in memory at a time. A file that ends within a record, or claims one beyond the
 * limit, ends with `broken`. Throws BundleError `not_a_bundle` where it does not begin as one.
 */
export async function* readBundle(chunks: AsyncIterable<Uint8Array>): AsyncIterable<BundleItem> {
  const input = new Pieces(chunks);
  const magic = await input.take(BUNDLE_MAGIC.length);
  if (!magic || Buffer.compare(magic, BUNDLE_MAGIC) !== 0) {
    throw new BundleError('not_a_bundle', 'this file does not begin as an evidence bundle does');
  }
  for (;;) {
    const prefix = await input.take(LENGTH_BYTES);
    if (!prefix) {
      if (input.left > 0) yield { kind: 'broken', why: 'truncated' };
      return;
    }
    const length = Buffer.from(prefix.buffer, prefix.byteOffset, LENGTH_BYTES).readUInt32BE();
    if (length > BUNDLE_RECORD_BYTES_MAX) {
      yield { kind: 'broken', why: 'oversized' };
      return;
    }
    const record = await input.take(length);
    if (!record) {
      yield { kind: 'broken', why: 'truncated' };
      return;
    }
    yield { kind: 'record', record, frame: Buffer.concat([prefix, record]) };
  }
}

/** Pieces of a file, taken in other pieces. */
class Pieces {
  readonly #source: AsyncIterator<Uint8Array>;
  #waiting: Uint8Array[] = [];
  /** Bytes that came and were not taken. */
  left = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#source = chunks[Symbol.asyncIterator]();
  }

  /** Exactly so many bytes; undefined where the file has fewer. */
  async take(bytes: number): Promise<Uint8Array | undefined> {
    while (this.left < bytes) {
      const next = await this.#source.next();
      if (next.done) return undefined;
      this.#waiting.push(next.value);
      this.left += next.value.length;
    }
    const whole = this.#waiting.length === 1 ? this.#waiting[0]! : Buffer.concat(this.#waiting);
    this.#waiting = whole.length > bytes ? [whole.subarray(bytes)] : [];
    this.left -= bytes;
    return whole.subarray(0, bytes);
  }
}
