import { closeSync, fdatasync, ftruncateSync, openSync, readFileSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { crc32c } from './crc32c.ts';
import {
  decodeRecordHeader,
  decodeSegmentHeader,
  doneMagic,
  encodeFiller,
  encodeSegmentHeader,
  type SegmentHeader,
} from './record.ts';
import { type DamagedPlace, type RecordPlace, type SegmentScan, scanRecords } from './scan.ts';

/** What is read of a record when its turn comes. */
export interface RecordContent {
  envelope: Buffer;
  /** Empty where the record has none. */
  wrappedKey: Uint8Array;
}

/** What opening a segment found. */
export interface OpenedSegment extends Omit<SegmentScan, 'end' | 'damaged'> {
  segment: Segment;
  /** Of records whose bytes cannot be believed: what their headers said, at least one each. Not counted at the next opening. */
  damagedEvents: number;
}

/** Nobody can say to which stream it belonged. */
export interface UnreadableSegment extends Pick<OpenedSegment, 'checkpoints' | 'damagedEvents'> {
  segment: undefined;
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
   * Opens what an earlier run wrote, cuts off an unfinished record and marks damaged ones as done. Where the segment header
   * cannot be believed the file is removed; the number of its events is returned, and what its records say of the
   * sources, which is true all the same.
   */
  static open(path: string): OpenedSegment | UnreadableSegment {
    const bytes = readFileSync(path);
    const header = decodeSegmentHeader(bytes);
    if (!header) {
      unlinkSync(path);
      const nowhere = { streamId: bytes, sequence: 0, headerDigest: bytes };
      const { records, checkpoints, damaged } = scanRecords(bytes, nowhere);
      const damagedEvents = records.reduce((sum, record) => sum + record.events, countEvents(damaged));
      return { segment: undefined, damagedEvents, checkpoints };
    }
    const { end, damaged, ...found } = scanRecords(bytes, header.position);
    const descriptor = openSync(path, 'r+');
    if (end < bytes.length) ftruncateSync(descriptor, end);
    const segment = new Segment(path, header, descriptor, end);
    for (const place of damaged) if (place.offset < end) segment.#markDamaged(place, bytes);
    return { segment, damagedEvents: countEvents(damaged), ...found };
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

  /** The record is counted as lost: it is neither sent nor counted again. */
  markDone({ offset, headerBytes }: RecordPlace): void {
    writeWhole(this.#descriptor, doneMagic(headerBytes), offset);
  }

  /** So that the next opening does not count it again. */
  #markDamaged({ offset, bytes, position, headerBytes }: DamagedPlace, all: Buffer): void {
    const mark =
      headerBytes > 0 ? doneMagic(headerBytes) : encodeFiller(all.subarray(offset, offset + bytes), position);
    if (mark) writeWhole(this.#descriptor, mark, offset);
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

function countEvents(damaged: readonly DamagedPlace[]): number {
  return damaged.reduce((sum, { events }) => sum + events, 0);
}
