import { EventClass, HostEvent } from '@threatguard/proto';
import type { AnalysedBatch, EnrichedBatch, StorableBatch } from '../batch.ts';
import { parseAddress } from './address.ts';
import { encodeTermRows } from './batch-terms.ts';
import { COPY_HEADER, COPY_TRAILER, CopyWriter, uuidBytes } from './copy-writer.ts';
import { EVENT_COLUMNS } from './event-columns.ts';
import { countSeries } from './series-counts.ts';
import { StoreError } from './store-error.ts';
import { storableCode, storableCount } from './values.ts';

/** A typical batch fits; after one that does not, the next begins with this again. */
const ROWS_BYTES_TYPICAL = 512 * 1024;
const ROWS_BYTES_KEPT_MAX = 8 * ROWS_BYTES_TYPICAL;

// Rows are made one batch at a time and copied out whole, so one buffer serves them all.
let scratch = new CopyWriter(ROWS_BYTES_TYPICAL);

/**
 * The batch without its events: they become rows of binary COPY. No event can make the COPY fail: what a column cannot
 * hold is NULL there (not an address) or replaced (NUL), and stands unchanged in the encoded event.
 */
export function toStorable(batch: AnalysedBatch): StorableBatch {
  const { events, eventTimesUs, encoded: _, ...rest } = batch;
  const eventRows = encodeRows(batch);
  return {
    ...rest,
    eventCount: events.length,
    firstEventAtUs: eventTimesUs.reduce((a, b) => Math.min(a, b), Number.MAX_SAFE_INTEGER),
    lastEventAtUs: eventTimesUs.reduce((a, b) => Math.max(a, b), 0),
    eventRows,
    termRows: encodeTermRows(eventRows),
    series: countSeries(eventRows),
  };
}

/** The events of batches as a whole COPY into `events`. */
export function encodeEventRows(batches: readonly EnrichedBatch[]): Buffer {
  return Buffer.concat([COPY_HEADER, ...batches.map(encodeRows), COPY_TRAILER]);
}

function encodeRows(batch: EnrichedBatch): Buffer {
  scratch.clear();
  writeBatch(scratch, batch);
  const rows = scratch.rows();
  if (rows.length > ROWS_BYTES_KEPT_MAX) scratch = new CopyWriter(ROWS_BYTES_TYPICAL);
  return rows;
}

function writeBatch(writer: CopyWriter, batch: EnrichedBatch): void {
  const envelope = envelopeFields(batch);
  const { events, eventTimesUs } = batch;
  const { bytes, spans } = batch.encoded ?? {};
  const source = bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let index = 0; index < events.length; index++) {
    const event = events[index]!;
    writer.row(EVENT_COLUMNS.length);
    writer.timestamp(eventTimesUs[index] ?? 0);
    writer.timestamp(event.observedAtUs ?? 0);
    writer.fields(envelope);
    writer.int4(index);
    writer.int2(storableCode(event.class));
    writer.int2(storableCode(event.activity));
    writer.int2(storableCode(event.outcome));
    writeFields(writer, event);
    number(writer, networkBytes(event));
    if (source && spans) writer.bytesWithin(source, spans[index * 2]!, spans[index * 2 + 1]!);
    else writer.bytes(HostEvent.encode(event).finish());
  }
}

/** What all events of an envelope have in common, encoded once. */
function envelopeFields({ receivedAtUs, agentId, header }: EnrichedBatch): Uint8Array {
  const writer = new CopyWriter(128);
  writer.timestamp(receivedAtUs);
  writer.bytes(requireUuid(agentId));
  writer.bytes(header.streamId);
  writer.int8(header.sequence);
  return writer.rows();
}

/**
 * The columns of FIELD_COLUMNS in its order, with the values ECS_FIELDS reads. They stand here one by one because this
 * runs for every event; a test holds them against that table.
 */
function writeFields(writer: CopyWriter, event: HostEvent): void {
  const { user, targetUser, process, network, authentication } = event;
  text(writer, event.sensor);
  text(writer, event.serviceName);
  text(writer, user?.name);
  number(writer, user?.id);
  text(writer, targetUser?.name);
  number(writer, process?.pid || undefined);
  text(writer, process?.name);
  text(writer, process?.executable);
  text(writer, process?.args?.join(' '));
  number(writer, process?.parentPid || undefined);
  text(writer, process?.parentName);
  text(writer, process?.parentExecutable);
  address(writer, network?.sourceAddress || authentication?.sourceAddress);
  number(writer, network?.sourcePort || authentication?.sourcePort || undefined);
  address(writer, network?.destinationAddress);
  number(writer, network?.destinationPort || undefined);
  text(writer, event.file?.path);
}

/** Sent and received, of network events; undefined for all others. */
function networkBytes({ class: kind, network }: HostEvent): number | undefined {
  if (kind !== EventClass.NETWORK || !network) return undefined;
  return storableCount(storableCount(network.bytesSent) + storableCount(network.bytesReceived));
}

function text(writer: CopyWriter, value: string | undefined): void {
  if (value) writer.text(value);
  else writer.null();
}

function number(writer: CopyWriter, value: number | null | undefined): void {
  if (Number.isSafeInteger(value)) writer.int8(value!);
  else writer.null();
}

function address(writer: CopyWriter, value: string | undefined): void {
  const parsed = value ? parseAddress(value) : undefined;
  if (parsed) writer.address(parsed);
  else writer.null();
}

/** The 16 bytes of an agent's id, which the collector itself gave it when it enrolled. */
export function requireUuid(agentId: string): Buffer {
  const bytes = uuidBytes(agentId);
  if (!bytes) throw new StoreError('rejected', `not an agent id: ${JSON.stringify(agentId.slice(0, 64))}`);
  return bytes;
}
