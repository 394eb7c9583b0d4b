// The yardstick of bench:ingest: nothing but COPY of such rows into such a table.
import { randomBytes, randomUUID } from 'node:crypto';
import { type HostEvent, sha256 } from '@threatguard/proto';
import type { EnrichedBatch } from '../../collector/src/batch.ts';
import type { Database } from '../../collector/src/store/database.ts';
import { EVENT_COLUMNS } from '../../collector/src/store/event-columns.ts';
import { encodeEventRows } from '../../collector/src/store/event-rows.ts';
import { storeOver } from '../../collector/src/store/open.ts';
import { mixedEvent } from './event-mix.ts';

/** As many as the collector puts into a large commit. */
const ROWS_PER_COPY = 8_000;
const RETENTION_DAYS = 365;

/**
 * Rows per second into an empty store, opened, laid out and kept in shape as the collector does it: the events of so many
 * agents, the bytes that `bench:ingest` stores of them, a commit for each COPY. Only the time of the database counts, not
 * that of making rows. Disposes of the database.
 */
export async function copyRate(
  database: Database,
  { agents, seconds, eventsPerBatch }: { agents: number; seconds: number; eventsPerBatch: number },
): Promise<number> {
  const nowUs = Date.now() * 1000;
  await using store = await storeOver(database, nowUs);
  const days = RETENTION_DAYS;
  await store.keepUp(
    { events: days, evidence: days, losses: days, alerts: days, risk: days, audit: days, seriesMinute: days },
    nowUs,
  );
  const senders = Array.from({ length: agents }, () => ({
    agentId: randomUUID(),
    streamId: randomBytes(16),
    sequence: 0,
    nextEvent: 0,
  }));
  let turn = 0;
  const nextBatch = (): EnrichedBatch => {
    const sender = senders[turn++ % senders.length]!;
    const atUs = Date.now() * 1000;
    const events = Array.from({ length: eventsPerBatch }, (_, index) =>
      mixedEvent(sender.nextEvent + index, atUs + index),
    );
    sender.nextEvent += eventsPerBatch;
    sender.sequence += 1;
    return asEnriched(sender, events, atUs);
  };

  let rows = 0;
  let spentMs = 0;
  while (spentMs < seconds * 1000) {
    const batches = Array.from({ length: Math.ceil(ROWS_PER_COPY / eventsPerBatch) }, nextBatch);
    const copy = encodeEventRows(batches);
    const sinceMs = performance.now();
    await database.copyIn('events', EVENT_COLUMNS, copy);
    spentMs += performance.now() - sinceMs;
    rows += batches.length * eventsPerBatch;
  }
  return rows / (spentMs / 1000);
}

/** What of a batch becomes rows. */
function asEnriched(
  { agentId, streamId, sequence }: { agentId: string; streamId: Uint8Array; sequence: number },
  events: HostEvent[],
  atUs: number,
): EnrichedBatch {
  const header = { streamId, sequence, headerDigest: sha256(streamId) };
  const eventTimesUs = Float64Array.from(events, (event) => event.observedAtUs ?? 0);
  return { agentId, receivedAtUs: atUs, header, events, eventTimesUs } as unknown as EnrichedBatch;
}
