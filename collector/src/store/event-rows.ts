import { ECS_FIELDS, type EcsValue, HostEvent } from '@threatguard/proto';
import type { EnrichedBatch } from '../batch.ts';
import { parseAddress } from './address.ts';
import { CopyWriter, uuidBytes } from './copy-writer.ts';
import { type ColumnKind, FIELD_COLUMNS } from './event-columns.ts';
import { StoreError } from './store.ts';
import { storableCode } from './values.ts';

const FIELDS = Object.entries(FIELD_COLUMNS).map(([field, { column, kind }]) => ({
  read: ECS_FIELDS[field]!.read,
  column,
  kind,
}));

/** Columns of `events` in the order encodeEventRows writes them. */
export const EVENT_COLUMNS: readonly string[] = [
  'event_at',
  'observed_at',
  'received_at',
  'agent_id',
  'stream_id',
  'sequence',
  'event_index',
  'class',
  'activity',
  'outcome',
  ...FIELDS.map(({ column }) => column),
  'event',
];

/** What a row costs on average, for the first guess of the buffer. */
const ROW_BYTES_TYPICAL = 512;

/**
 * The events of batches as binary COPY into `events`. No event can make the COPY fail: what a column cannot hold is NULL
 * there (not an address) or replaced (NUL), and stands unchanged in the encoded event.
 */
export function encodeEventRows(batches: readonly EnrichedBatch[]): Buffer {
  const rows = batches.reduce((sum, batch) => sum + batch.events.length, 0);
  const writer = new CopyWriter(rows * ROW_BYTES_TYPICAL + 64);
  for (const batch of batches) writeBatch(writer, batch);
  return writer.finish();
}

function writeBatch(writer: CopyWriter, batch: EnrichedBatch): void {
  const agentId = requireUuid(batch.agentId);
  for (const [index, event] of batch.events.entries()) {
    writer.row(EVENT_COLUMNS.length);
    writer.timestamp(batch.eventTimesUs[index] ?? 0);
    writer.timestamp(event.observedAtUs ?? 0);
    writer.timestamp(batch.receivedAtUs);
    writer.bytes(agentId);
    writer.bytes(batch.header.streamId);
    writer.int8(batch.header.sequence);
    writer.int4(index);
    writer.int2(storableCode(event.class));
    writer.int2(storableCode(event.activity));
    writer.int2(storableCode(event.outcome));
    for (const { read, kind } of FIELDS) WRITE[kind](writer, read(event));
    writer.bytes(HostEvent.encode(event).finish());
  }
}

const WRITE: Record<ColumnKind, (writer: CopyWriter, value: EcsValue) => void> = {
  text: (writer, value) => (value === undefined ? writer.null() : writer.text(String(value))),
  number: (writer, value) => (Number.isSafeInteger(value) ? writer.int8(Number(value)) : writer.null()),
  address: (writer, value) => {
    const address = value === undefined ? undefined : parseAddress(String(value));
    if (address) writer.address(address);
    else writer.null();
  },
};

/** The 16 bytes of an agent's id, which the collector itself gave it when it enrolled. */
export function requireUuid(agentId: string): Buffer {
  const bytes = uuidBytes(agentId);
  if (!bytes) throw new StoreError('rejected', `not an agent id: ${JSON.stringify(agentId.slice(0, 64))}`);
  return bytes;
}
