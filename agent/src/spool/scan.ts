// What the bytes of a segment hold, found from its beginning to its end.
import { readOwnHeader, type StreamPosition } from '@threatguard/proto';
import { crc32c } from './crc32c.ts';
import {
  decodeRecordHeader,
  RECORD_HEADER_BYTES,
  RECORD_MAGIC_START,
  type RecordHeader,
  SEGMENT_HEADER_BYTES,
} from './record.ts';

const MAGIC_BYTES = 4;

/** Where a whole record lies in a segment, and what it counts for. */
export type RecordPlace = Omit<RecordHeader, 'headerDigest' | 'done' | 'wrappedKey' | 'epoch'> & {
  offset: number;
  epoch: number;
};

/** Bytes that cannot be believed. */
export interface DamagedPlace {
  offset: number;
  bytes: number;
  /** What its header said, at least one. */
  events: number;
  /** Of a header that can be believed, where only what follows cannot; 0 where it cannot either. */
  headerBytes: number;
  /** Where the stream stood before it. */
  position: StreamPosition;
}

export interface SegmentScan {
  /** Those with an envelope that is still to be sent. */
  records: RecordPlace[];
  /** Of the newest whole record; undefined where there is none. */
  checkpoints: Uint8Array | undefined;
  /** After its newest record, or as the segment header says where it has none. */
  position: StreamPosition;
  damaged: DamagedPlace[];
  /** The end was neither a whole record nor the beginning of one: a record that was sent may have stood there. */
  endUncertain: boolean;
  /** Where the newest whole record ends. */
  end: number;
}

/** `before` is the position that the segment's header states. */
export function scanRecords(bytes: Buffer, before: StreamPosition): SegmentScan {
  const records: RecordPlace[] = [];
  const damaged: DamagedPlace[] = [];
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
      const next = nextHeader(bytes, offset + 1);
      const place = { offset, bytes: (next ?? bytes.length) - offset, headerBytes: 0, position };
      if (header?.length !== 0 && !header?.done) damaged.push({ ...place, events: Math.max(1, header?.events ?? 1) });
      if (next === undefined) {
        endUncertain = !header && !isUnfinished(bytes.subarray(offset));
        break;
      }
      offset = next;
      continue;
    }
    const { headerDigest, done, wrappedKey: _, ...place } = header;
    const isWhole = crc32c(bytes.subarray(payloadStart, payloadEnd)) === header.payloadCrc;
    if (isWhole && !isFiller(header)) {
      checkpoints = Uint8Array.from(bytes.subarray(envelopeEnd, payloadEnd));
      const epoch = header.epoch ?? epochOf(bytes.subarray(payloadStart, envelopeEnd));
      if (header.length > 0 && !done) records.push({ ...place, epoch, offset });
    } else if (!isWhole && header.length > 0 && !done) {
      const events = Math.max(1, header.events);
      damaged.push({ offset, bytes: payloadEnd - offset, events, headerBytes: header.headerBytes, position });
    }
    position = { streamId: before.streamId, sequence: header.sequence, headerDigest };
    offset = payloadEnd;
    end = payloadEnd;
  }
  return { records, position, checkpoints, damaged, end, endUncertain };
}

/** It stands where nothing is known: of no source, either. */
function isFiller({ done, events, firstAtUs, checkpointBytes }: RecordHeader): boolean {
  return done && events === 0 && firstAtUs === 0 && checkpointBytes === 0;
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

/** Whether these bytes can be what a killed process wrote of a record header. */
function isUnfinished(bytes: Buffer): boolean {
  const start = Math.min(bytes.length, RECORD_MAGIC_START.length);
  return bytes.length < RECORD_HEADER_BYTES && bytes.subarray(0, start).equals(RECORD_MAGIC_START.subarray(0, start));
}

function nextHeader(bytes: Buffer, from: number): number | undefined {
  for (
    let at = bytes.indexOf(RECORD_MAGIC_START, from);
    at >= 0;
    at = bytes.indexOf(RECORD_MAGIC_START, at + MAGIC_BYTES)
  ) {
    if (decodeRecordHeader(bytes, at)) return at;
  }
  return undefined;
}
