// The two headers of a segment file, little-endian. Nothing in them is believed before its CRC-32C fits.
//
//   segment header  magic "TGS1" | crc of the rest | boot id 16 | owner 32 | stream id 16 | sequence u64 | digest 32
//   record header   magic | crc of the rest | crc of payload | envelope bytes u32 | checkpoint bytes u32 | events u32
//                   | sequence u64 | first event us u64 | last event us u64 | digest 32 | epoch u32 | wrapped content key 40
//   magic           "TGR3", or "TGRE" where it is done; "TGR2" and "TGRD" of the version before, whose header ends with the
//                   digest: read and marked, and never written
//   record          record header, then the payload: an encoded Envelope, then the sources' checkpoints
//
// A record of the version before, "TGR2", ends its header after the digest: it is read, and never written.
//
// An envelope and the positions its events were read up to share one write and one checksum: both are there or neither.
// A record without an envelope carries checkpoints over into a new segment; it repeats the stream position.
// A done record was refused or is damaged, and its events are counted as lost: it is neither sent nor counted again. Where even its
// header could not be believed, another stands in its place that repeats the position before it.
//
// The segment header holds the stream position *before* its first record, so a segment without records still says
// where the stream stands. Stream, owner and boot never change within a segment.
import { DIGEST_BYTES, ENVELOPE_BYTES_MAX, STREAM_ID_BYTES, type StreamPosition } from '@threatguard/proto';
import { crc32c } from './crc32c.ts';

const SEGMENT_MAGIC = Buffer.from('TGS1');
/** What a record begins with, by its version and whether it is done. */
const MAGICS = [
  { magic: Buffer.from('TGR3'), former: false, done: false },
  { magic: Buffer.from('TGRE'), former: false, done: true },
  { magic: Buffer.from('TGR2'), former: true, done: false },
  { magic: Buffer.from('TGRD'), former: true, done: true },
] as const;
const [CURRENT, DONE, , FORMER_DONE] = MAGICS;
/** What all begin with. */
export const RECORD_MAGIC_START = Buffer.from('TGR');
const BOOT_ID_BYTES = 16;
const OWNER_BYTES = 32;
export const SEGMENT_HEADER_BYTES = 8 + BOOT_ID_BYTES + OWNER_BYTES + STREAM_ID_BYTES + 8 + DIGEST_BYTES;
const FORMER_HEADER_BYTES = 4 * 6 + 8 * 3 + DIGEST_BYTES;
/** AES-256 Key Wrap of 32 bytes (RFC 3394). */
const WRAPPED_KEY_BYTES = 40;
export const RECORD_HEADER_BYTES = FORMER_HEADER_BYTES + 4 + WRAPPED_KEY_BYTES;
/** All checkpoints of a record: 64 followed logs, each with as many rotations as a cursor holds. */
export const CHECKPOINTS_BYTES_MAX = 256 * 1024;

export interface SegmentHeader {
  /** The kernel's boot during which the segment was begun. */
  bootId: Uint8Array;
  /** Id of the key that signs what is in it. */
  owner: Uint8Array;
  position: StreamPosition;
}

/** What a record says of its envelope, so that it can be counted when it must be dropped unread. */
export interface RecordHeader {
  payloadCrc: number;
  /** Of the envelope; 0 where there is none. */
  length: number;
  checkpointBytes: number;
  events: number;
  sequence: number;
  firstAtUs: number;
  lastAtUs: number;
  headerDigest: Uint8Array;
  /** The ML-KEM epoch the envelope is sealed for; undefined where the record does not say, and the envelope does. */
  epoch: number | undefined;
  /** The envelope's content key, wrapped for this host; empty where the record has none. */
  wrappedKey: Uint8Array;
  /** Of this header: those of former versions are shorter. */
  headerBytes: number;
  done: boolean;
}

/** The four bytes that make a record with a header of this length a done one. */
export function doneMagic(headerBytes: number): Buffer {
  return headerBytes === RECORD_HEADER_BYTES ? DONE.magic : FORMER_DONE.magic;
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  SEGMENT_MAGIC.copy(bytes, 0);
  let at = 8;
  for (const part of [header.bootId, header.owner, header.position.streamId]) {
    bytes.set(part, at);
    at += part.length;
  }
  bytes.writeBigUInt64LE(BigInt(header.position.sequence), at);
  bytes.set(header.position.headerDigest, at + 8);
  bytes.writeUInt32LE(crc32c(bytes.subarray(8)), 4);
  return bytes;
}

export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < SEGMENT_HEADER_BYTES || !bytes.subarray(0, 4).equals(SEGMENT_MAGIC)) return undefined;
  if (bytes.readUInt32LE(4) !== crc32c(bytes.subarray(8, SEGMENT_HEADER_BYTES))) return undefined;
  let at = 8;
  const take = (length: number) => {
    at += length;
    return Uint8Array.from(bytes.subarray(at - length, at));
  };
  const bootId = take(BOOT_ID_BYTES);
  const owner = take(OWNER_BYTES);
  const streamId = take(STREAM_ID_BYTES);
  const sequence = Number(bytes.readBigUInt64LE(at));
  at += 8;
  return { bootId, owner, position: { streamId, sequence, headerDigest: take(DIGEST_BYTES) } };
}

/** A whole record, ready for one write. */
export function encodeRecord(
  record: Omit<RecordHeader, 'payloadCrc' | 'length' | 'checkpointBytes' | 'headerBytes' | 'epoch' | 'done'> & {
    epoch: number;
  },
  payload: { envelope: Uint8Array; checkpoints: Uint8Array },
): Buffer {
  const { envelope, checkpoints } = payload;
  const bytes = Buffer.allocUnsafe(RECORD_HEADER_BYTES + envelope.length + checkpoints.length);
  CURRENT.magic.copy(bytes, 0);
  bytes.set(envelope, RECORD_HEADER_BYTES);
  bytes.set(checkpoints, RECORD_HEADER_BYTES + envelope.length);
  bytes.writeUInt32LE(crc32c(bytes.subarray(RECORD_HEADER_BYTES)), 8);
  bytes.writeUInt32LE(envelope.length, 12);
  bytes.writeUInt32LE(checkpoints.length, 16);
  bytes.writeUInt32LE(record.events, 20);
  bytes.writeBigUInt64LE(BigInt(record.sequence), 24);
  bytes.writeBigUInt64LE(BigInt(Math.max(0, Math.trunc(record.firstAtUs))), 32);
  bytes.writeBigUInt64LE(BigInt(Math.max(0, Math.trunc(record.lastAtUs))), 40);
  bytes.set(record.headerDigest, 48);
  bytes.writeUInt32LE(record.epoch, FORMER_HEADER_BYTES);
  bytes.fill(0, FORMER_HEADER_BYTES + 4, RECORD_HEADER_BYTES);
  bytes.set(record.wrappedKey, FORMER_HEADER_BYTES + 4);
  bytes.writeUInt32LE(crc32c(bytes.subarray(8, RECORD_HEADER_BYTES)), 4);
  return bytes;
}

/** The header of a done record in the place of `damaged` bytes; undefined where they are too few or too many to be a record. */
export function encodeFiller(
  damaged: Buffer,
  { sequence, headerDigest }: Omit<StreamPosition, 'streamId'>,
): Buffer | undefined {
  const length = damaged.length - RECORD_HEADER_BYTES;
  if (length < 0 || length > ENVELOPE_BYTES_MAX) return undefined;
  const none = { events: 0, firstAtUs: 0, lastAtUs: 0, epoch: 0, wrappedKey: new Uint8Array() };
  const facts = { ...none, sequence, headerDigest };
  const record = encodeRecord(facts, {
    envelope: damaged.subarray(RECORD_HEADER_BYTES),
    checkpoints: new Uint8Array(),
  });
  DONE.magic.copy(record, 0);
  return record.subarray(0, RECORD_HEADER_BYTES);
}

/** The header at `offset`; undefined where there is none that can be believed. */
export function decodeRecordHeader(bytes: Buffer, offset = 0): RecordHeader | undefined {
  const found = MAGICS.find(({ magic }) => bytes.subarray(offset, offset + 4).equals(magic));
  if (!found) return undefined;
  const headerBytes = found.former ? FORMER_HEADER_BYTES : RECORD_HEADER_BYTES;
  const header = bytes.subarray(offset, offset + headerBytes);
  if (header.length < headerBytes) return undefined;
  if (header.readUInt32LE(4) !== crc32c(header.subarray(8))) return undefined;
  const length = header.readUInt32LE(12);
  const checkpointBytes = header.readUInt32LE(16);
  if (length > ENVELOPE_BYTES_MAX || checkpointBytes > CHECKPOINTS_BYTES_MAX) return undefined;
  return {
    payloadCrc: header.readUInt32LE(8),
    length,
    checkpointBytes,
    events: header.readUInt32LE(20),
    sequence: Number(header.readBigUInt64LE(24)),
    firstAtUs: Number(header.readBigUInt64LE(32)),
    lastAtUs: Number(header.readBigUInt64LE(40)),
    headerDigest: Uint8Array.from(header.subarray(48, 48 + DIGEST_BYTES)),
    headerBytes,
    ...readKey(header.subarray(FORMER_HEADER_BYTES)),
    done: found.done,
  };
}

/** What follows the digest. A key of zeros is none: wrapping makes no such bytes of any key. */
function readKey(bytes: Buffer): Pick<RecordHeader, 'epoch' | 'wrappedKey'> {
  if (bytes.length === 0) return { epoch: undefined, wrappedKey: new Uint8Array() };
  const wrapped = bytes.subarray(4);
  const none = wrapped.every((byte) => byte === 0);
  return { epoch: bytes.readUInt32LE(0), wrappedKey: none ? new Uint8Array() : Uint8Array.from(wrapped) };
}
