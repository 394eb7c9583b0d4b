import { closeSync, fdatasync, ftruncateSync, openSync, readFileSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { readOwnHeader, type StreamPosition } from '@threatguard/proto';
import { crc32c } from './crc32c.ts';
import {
  decodeRecordHeader,
  decodeSegmentHeader,
  encodeSegmentHeader,
  RECORD_MAGIC,
  type RecordHeader,
  recordHeaderBytes,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
} from './record.ts';

/** Where a whole record lies in a segment, and what it counts for. */
export type RecordPlace = Omit<RecordHeader, 'headerDigest' | 'wrappedKey' | 'epoch'> & {
  offset: number;
  epoch: number;
};

/** What is read of a record when its turn comes. */
export interface RecordContent {
  envelope: Buffer;
  /** Empty where the record has none. */
  wrappedKey: Uint8Array;
}

/** What opening a segment found. */
export interface SegmentScan {
  segment: Segment;
  /** Those with an envelope. */
  records: RecordPlace[];
  /** Of the newest whole record; undefined where there is none. */
  checkpoints: Uint8Array | undefined;
  /** After its newest record, or as the segment header says where it has none. */
  position: StreamPosition;
  /** Records whose bytes cannot be believed; `events` is what their headers said, at least one each. */
  damaged: { records: number; events: number };
  /** The end was neither a whole record nor the beginning of one: a record that was sent may have stood there. */
  endUncertain: boolean;
}

export interface UnreadableSegment extends Pick<SegmentScan, 'checkpoints'> {
  unreadableEvents: number;
}

/** One file of the spool: a segment header, then records. Written at its end only; `bytes` is where that is. */
export class Segment {
  readonly path: string;
  readonly header: SegmentHeader;
  bytes: number;
  readonly #descriptor: number;

  private constructor(path: string, header: SegmentHeader, descriptor: number, bytes: number) {
    this.path = path;
    this.header = header;
    this.#descriptor = descriptor;
    this.bytes = bytes;
  }

  /** A new file of the header and `records`, written at once; where that fails there is no file. */
  static create(path: string, header: SegmentHeader, records: Buffer): Segment {
    const descriptor = openSync(path, 'wx+', 0o600);
    const bytes = Buffer.concat([encodeSegmentHeader(header), records]);
    try {
      writeWhole(descriptor, bytes, 0);
    } catch (error) {
      closeSync(descriptor);
      unlinkSync(path);
      throw error;
    }
    return new Segment(path, header, descriptor, bytes.length);
  }

  /**
   * Opens what an earlier run wrote and cuts off an unfinished record. Where the segment header cannot be believed the
   * file is removed, since nobody can say to which stream it belonged; the number of its events is returned, and what
   * its records say of the sources, which is true all the same.
   */
  static open(path: string): SegmentScan | UnreadableSegment {
    const bytes = readFileSync(path);
    const header = decodeSegmentHeader(bytes);
    if (!header) {
      unlinkSync(path);
      const nowhere = { streamId: bytes, sequence: 0, headerDigest: bytes };
      const { records, checkpoints, damaged } = scanRecords(bytes, nowhere);
      return { unreadableEvents: records.reduce((sum, record) => sum + record.events, damaged.events), checkpoints };
    }
    const { end, ...scan } = scanRecords(bytes, header.position);
    const descriptor = openSync(path, 'r+');
    if (end < bytes.length) ftruncateSync(descriptor, end);
    return { segment: new Segment(path, header, descriptor, end), ...scan };
  }

  /** One write; where it fails (a full disk) the file is as it was before, and the error is thrown. */
  append(record: Buffer): number {
    const offset = this.bytes;
    try {
      writeWhole(this.#descriptor, record, offset);
    } catch (error) {
      ftruncateSync(this.#descriptor, offset);
      throw error;
    }
    this.bytes += record.length;
    return offset;
  }

  /** Undefined where the disk no longer gives back what was written. */
  read(place: RecordPlace): RecordContent | undefined {
    const { headerBytes, length, checkpointBytes } = place;
    const record = Buffer.allocUnsafe(headerBytes + length + checkpointBytes);
    const read = readSync(this.#descriptor, record, 0, record.length, place.offset);
    if (read !== record.length || crc32c(record.subarray(headerBytes)) !== place.payloadCrc) return undefined;
    const wrappedKey = decodeRecordHeader(record)?.wrappedKey ?? new Uint8Array();
    return { envelope: record.subarray(headerBytes, headerBytes + length), wrappedKey };
  }

  /** Asks the disk to keep what was written, off the main thread. */
  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#descriptor, (error) => (error ? reject(error) : resolve()));
    });
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  remove(): void {
    closeSync(this.#descriptor);
    unlinkSync(this.path);
  }
}

function writeWhole(descriptor: number, bytes: Buffer, position: number): void {
  let written = 0;
  while (written < bytes.length) {
    written += writeSync(descriptor, bytes, written, bytes.length - written, position + written);
  }
}

function scanRecords(bytes: Buffer, before: StreamPosition) {
  const records: RecordPlace[] = [];
  const damaged = { records: 0, events: 0 };
  const count = (events: number) => {
    damaged.records++;
    damaged.events += Math.max(1, events);
  };
  let position = before;
  let checkpoints: Uint8Array | undefined;
  let endUncertain = false;
  let offset = Math.min(SEGMENT_HEADER_BYTES, bytes.length);
  let end = offset;
  while (offset < bytes.length) {
    const header = decodeRecordHeader(bytes, offset);
    const payloadStart = offset + (header?.headerBytes ?? 0);
    const envelopeEnd = payloadStart + (header?.length ?? 0);
    const payloadEnd = envelopeEnd + (header?.checkpointBytes ?? 0);
    if (!header || payloadEnd > bytes.length) {
      if (header?.length !== 0) count(header?.events ?? 1);
      const next = nextHeader(bytes, offset + 1);
      if (next === undefined) {
        endUncertain = !header && !isUnfinished(bytes.subarray(offset));
        break;
      }
      offset = next;
      continue;
    }
    const { headerDigest, wrappedKey: _, ...place } = header;
    position = { streamId: before.streamId, sequence: header.sequence, headerDigest };
    if (crc32c(bytes.subarray(payloadStart, payloadEnd)) === header.payloadCrc) {
      checkpoints = Uint8Array.from(bytes.subarray(envelopeEnd, payloadEnd));
      const epoch = header.epoch ?? epochOf(bytes.subarray(payloadStart, envelopeEnd));
      if (header.length > 0) records.push({ ...place, epoch, offset });
    } else if (header.length > 0) {
      count(header.events);
    }
    offset = payloadEnd;
    end = payloadEnd;
  }
  return { records, position, checkpoints, damaged, end, endUncertain };
}

/** Whether these bytes can be what a killed process wrote of a record header. */
function isUnfinished(bytes: Buffer): boolean {
  const whole = recordHeaderBytes(bytes);
  return whole !== undefined && bytes.length < whole;
}

/** Of an envelope in a record that does not say it. What cannot be read is taken for the oldest there can be. */
function epochOf(envelope: Buffer): number {
  if (envelope.length === 0) return 0;
  try {
    return readOwnHeader(envelope).kemEpoch || 1;
  } catch {
    return 1; // the checksum fits, so an earlier version wrote it like this: the collector will say what it is
  }
}

function nextHeader(bytes: Buffer, from: number): number | undefined {
  for (let at = bytes.indexOf(RECORD_MAGIC, from); at >= 0; at = bytes.indexOf(RECORD_MAGIC, at + 1)) {
    if (decodeRecordHeader(bytes, at)) return at;
  }
  return undefined;
}
