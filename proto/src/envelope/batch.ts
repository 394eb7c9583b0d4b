import { zstdDecompressSync } from 'node:zlib';
import { eventSpans } from '../event-spans.ts';
import { RefusalError } from '../refusal.ts';
import { Batch, type HostEvent } from '../v1.ts';
import { decodeOrRefuse } from './bytes.ts';
import type { VerifiedHeader } from './header.ts';

/** What a header says of its payload. */
type AboutBatch = Pick<VerifiedHeader, 'batchBytes' | 'eventCount' | 'firstEventAtUs' | 'lastEventAtUs'>;

/** Events beside the bytes they were decoded from. */
export interface DecodedBatch {
  events: HostEvent[];
  /** The encoded Batch. */
  bytes: Uint8Array;
  /** Start and end of each event in `bytes`, in pairs; undefined where the batch holds more than events. */
  spans: Uint32Array | undefined;
}

/** The events of a payload; refuses as `decodeBatch` does. */
export function decodePayload(payload: Uint8Array, header: AboutBatch): HostEvent[] {
  return decodeBatch(payload, header).events;
}

/**
 * Decompresses and decodes a payload, and holds it against what the header says of it.
 * Throws RefusalError (`payload_malformed`, `count_mismatch`).
 */
export function decodeBatch(payload: Uint8Array, header: AboutBatch): DecodedBatch {
  const bytes = decodeOrRefuse(
    // The signed length bounds the output, so a bomb costs no more than a full batch.
    () => zstdDecompressSync(payload, { maxOutputLength: Math.max(1, header.batchBytes) }),
    'payload_malformed',
    'not zstd, or longer than the header says',
  );
  if (bytes.length !== header.batchBytes) throw new RefusalError('payload_malformed', 'shorter than the header says');
  const { events } = decodeOrRefuse(() => Batch.decode(bytes), 'payload_malformed', 'not a batch');
  if (events.length !== header.eventCount) {
    throw new RefusalError('count_mismatch', `${events.length} events where the header says ${header.eventCount}`);
  }
  const { firstAtUs, lastAtUs } = timeSpan(events);
  if (firstAtUs !== header.firstEventAtUs || lastAtUs !== header.lastEventAtUs) {
    throw new RefusalError('count_mismatch', 'the times of the events are not those of the header');
  }
  return { events, bytes, spans: eventSpans(bytes, events.length) };
}

/** The first and the last time of the events; 0 and 0 of none. */
export function timeSpan(events: readonly HostEvent[]): { firstAtUs: number; lastAtUs: number } {
  let firstAtUs = events.length > 0 ? Number.MAX_SAFE_INTEGER : 0;
  let lastAtUs = 0;
  for (const { observedAtUs = 0 } of events) {
    if (observedAtUs < firstAtUs) firstAtUs = observedAtUs;
    if (observedAtUs > lastAtUs) lastAtUs = observedAtUs;
  }
  return { firstAtUs, lastAtUs };
}
