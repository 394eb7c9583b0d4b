import { EVENT_COLUMNS } from './event-columns.ts';

/** 2000-01-01, where timestamptz counts from. */
const POSTGRES_EPOCH_US = 946_684_800_000_000;
const AT = EVENT_COLUMNS.indexOf('event_at');
const CLASS = EVENT_COLUMNS.indexOf('class');
const OUTCOME = EVENT_COLUMNS.indexOf('outcome');
const USER = EVENT_COLUMNS.indexOf('user_name');
const BYTES = EVENT_COLUMNS.indexOf('network_bytes');

export interface EventRow {
  eventAtUs: number;
  class: number;
  outcome: number;
  /** Empty where the event names nobody. */
  user: string;
  /** Sent and received, of network events; 0 for all others. */
  bytes: number;
}

/** Where the fields of a row stand in `buffer`, by their place in EVENT_COLUMNS; a length of -1 is NULL. */
export interface RowFields {
  buffer: Buffer;
  starts: Uint32Array;
  lengths: Int32Array;
}

/**
 * Reads back rows of binary COPY made for EVENT_COLUMNS: what is counted is what is stored, to the letter. The rows are
 * our own, so their form is relied upon (PostgreSQL manual, COPY, "Binary Format"). One object serves all rows.
 */
export function* readRowFields(rows: Uint8Array): Iterable<RowFields> {
  const buffer = Buffer.from(rows.buffer, rows.byteOffset, rows.length);
  const starts = new Uint32Array(EVENT_COLUMNS.length);
  const lengths = new Int32Array(EVENT_COLUMNS.length);
  const row = { buffer, starts, lengths };
  for (let place = 0; place < buffer.length; ) {
    place += 2; // the number of fields, which is that of the columns
    for (let column = 0; column < EVENT_COLUMNS.length; column++) {
      const length = buffer.readInt32BE(place);
      starts[column] = place + 4;
      lengths[column] = length;
      place += 4 + Math.max(length, 0);
    }
    yield row;
  }
}

export function* readEventRows(rows: Uint8Array): Iterable<EventRow> {
  for (const row of readRowFields(rows)) {
    const { buffer, starts, lengths } = row;
    const user = starts[USER]!;
    yield {
      eventAtUs: readTime(row, AT),
      class: buffer.readInt16BE(starts[CLASS]),
      outcome: buffer.readInt16BE(starts[OUTCOME]),
      user: buffer.toString('utf8', user, user + Math.max(lengths[USER]!, 0)),
      bytes: lengths[BYTES]! < 0 ? 0 : readInt8(buffer, starts[BYTES]!),
    };
  }
}

export function readTime({ buffer, starts }: RowFields, column: number): number {
  return readInt8(buffer, starts[column]!) + POSTGRES_EPOCH_US;
}

/** A safe integer, without a BigInt for each. */
function readInt8(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at) * 0x1_0000_0000 + buffer.readUInt32BE(at + 4);
}
