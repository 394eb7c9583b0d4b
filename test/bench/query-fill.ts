// The store of bench:query: 200 agents, 30 days, the mix of event-mix.ts with a few users, addresses and programs that are rare.
import { createHash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import { type Alert, AlertState, type EventReference, type HostEvent, Severity } from '@threatguard/proto';
import type { EnrichedBatch } from '../../collector/src/batch.ts';
import { encodeTermRows, TERM_COLUMNS } from '../../collector/src/store/batch-terms.ts';
import { EMPTY_GROUP } from '../../collector/src/store/commit-group.ts';
import { COPY_HEADER, COPY_TRAILER, CopyWriter, uuidBytes } from '../../collector/src/store/copy-writer.ts';
import type { Database } from '../../collector/src/store/database.ts';
import { EVENT_COLUMNS } from '../../collector/src/store/event-columns.ts';
import { encodeEventRows } from '../../collector/src/store/event-rows.ts';
import type { Store } from '../../collector/src/store/store.ts';
import { makeAgent } from '../support/stores.ts';
import { countsItself, refreshSeries } from '../support/timescale.ts';
import { mixedEvent } from './event-mix.ts';

export const AGENTS = 200;
export const DAYS = 30;
export const END_US = 1_790_000_000_000_000;
const DAY_US = 86_400_000_000;
export const START_US = END_US - DAYS * DAY_US;
export const ALERTS = 20_000;
/** A smaller store has fewer alerts. */
const EVENTS_PER_ALERT = 25;
/** Of the series: a console shows minutes of a day at most. */
const SERIES_MINUTE_DAYS = 2;
/** Connections that commits come by at a time, each with rows of its own in the totals of the fleet. */
const SLOTS_USED = 3;
const EVENTS_PER_BATCH = 50;
const BATCHES_PER_COPY = 400;
/** One event in so many is of a user, an address and a program that are seen this seldom. */
const RARE_EVERY = 9_973;

export const agentId = (index: number) => `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`;
export const agentName = (index: number) => `host-${String(index).padStart(3, '0')}`;
const streamId = (agent: number) => createHash('sha256').update(agentId(agent)).digest().subarray(0, 16);

function eventAt(index: number, atUs: number): HostEvent {
  const event = mixedEvent(index, atUs);
  if (index % RARE_EVERY !== 0) return event;
  const number = (index / RARE_EVERY) % 100;
  return {
    ...event,
    user: { name: `visitor${number}`, id: 5000 + number },
    process: { ...event.process, executable: `/tmp/.cache/tool${number}` },
    network: { transport: 'tcp', sourceAddress: `203.0.113.${number}`, sourcePort: 4444, destinationPort: 31_337 },
  };
}

/** Batch `number` of so many: of the agents in turn, its events spread over the time their round takes. */
function batchOf(number: number, rounds: number): EnrichedBatch {
  const agent = number % AGENTS;
  const round = Math.floor(number / AGENTS);
  const stepUs = (END_US - START_US) / (rounds * EVENTS_PER_BATCH);
  const events = Array.from({ length: EVENTS_PER_BATCH }, (_, index) => {
    const atUs = Math.trunc(START_US + (round * EVENTS_PER_BATCH + index + agent / AGENTS) * stepUs);
    return eventAt(number * EVENTS_PER_BATCH + index, atUs);
  });
  const times = Float64Array.from(events, (event) => event.observedAtUs ?? 0);
  return {
    agentId: agentId(agent),
    receivedAtUs: times[EVENTS_PER_BATCH - 1],
    header: { streamId: streamId(agent), sequence: round + 1 },
    events,
    eventTimesUs: times,
  } as unknown as EnrichedBatch;
}

const ENVELOPE_COLUMNS =
  'agent_id stream_id sequence header_digest received_at first_event_at last_event_at event_count quarantined has_terms'.split(
    ' ',
  );

function encodeEnvelopeRows(batches: readonly EnrichedBatch[]): Buffer {
  const writer = new CopyWriter();
  for (const { agentId: id, header, receivedAtUs, eventTimesUs } of batches) {
    writer.row(ENVELOPE_COLUMNS.length);
    writer.bytes(uuidBytes(id)!);
    writer.bytes(header.streamId);
    writer.int8(header.sequence);
    writer.bytes(createHash('sha256').update(`${id} ${header.sequence}`).digest());
    writer.timestamp(receivedAtUs);
    writer.timestamp(eventTimesUs[0]!);
    writer.timestamp(eventTimesUs.at(-1)!);
    writer.int4(eventTimesUs.length);
    writer.bytes(Uint8Array.of(0));
    writer.bytes(Uint8Array.of(1));
  }
  return writer.finish();
}

/**
 * Stores at least so many events with their envelopes, series, and up to ALERTS alerts; returns how many events, how fast
 * COPY took them, and how long all of it was.
 */
export async function fill(
  database: Database,
  store: Store,
  wanted: number,
): Promise<{ events: number; rate: number; tookMs: number }> {
  const rounds = Math.ceil(wanted / (AGENTS * EVENTS_PER_BATCH));
  const batches = rounds * AGENTS;
  await makeDays(database);
  for (let agent = 0; agent < AGENTS; agent++) await addAgent(store, agent);
  const startedMs = performance.now();
  let copied: Promise<void> = Promise.resolve();
  for (let first = 0; first < batches; first += BATCHES_PER_COPY) {
    const length = Math.min(BATCHES_PER_COPY, batches - first);
    const group = Array.from({ length }, (_, index) => batchOf(first + index, rounds));
    const rows = group.map((batch) => encodeEventRows([batch]).subarray(COPY_HEADER.length, -COPY_TRAILER.length));
    const terms = rows.map(encodeTermRows);
    const envelopes = encodeEnvelopeRows(group);
    // The next group is encoded while the database takes this one.
    await copied;
    copied = database.transaction(async (session) => {
      await session.copyIn('events', EVENT_COLUMNS, [COPY_HEADER, ...rows, COPY_TRAILER]);
      await session.copyIn('batch_terms', TERM_COLUMNS, [COPY_HEADER, ...terms, COPY_TRAILER]);
      await session.copyIn('envelopes', ENVELOPE_COLUMNS, envelopes);
    });
  }
  await copied;
  const events = batches * EVENTS_PER_BATCH;
  const rate = events / ((performance.now() - startedMs) / 1000);
  await database.query(
    `insert into stream_positions
     select agent_id, stream_id, max(sequence), max(encode(header_digest, 'hex'))::bytea, count(*), sum(event_count), 0
     from envelopes group by agent_id, stream_id`,
  );
  if (await countsItself(database)) await refreshSeries(database);
  else await fillSeries(database);
  for (let first = 0; first < Math.min(ALERTS, wanted / EVENTS_PER_ALERT); first += 500) {
    const alerts = Array.from({ length: 500 }, (_, index) => alertOf(first + index, rounds));
    await store.commit({ ...EMPTY_GROUP, alerts });
  }
  return { events, rate, tookMs: performance.now() - startedMs };
}

/** What commits would have counted, by so many connections: hours and days of the month, minutes of its last days. */
async function fillSeries(database: Database): Promise<void> {
  for (const [resolution, days] of [
    ['minute', SERIES_MINUTE_DAYS],
    ['hour', DAYS + 1],
    ['day', DAYS + 1],
  ] as const) {
    for (let day = 0; day < days; day++) {
      const toUs = END_US - (END_US % DAY_US) + (1 - day) * DAY_US;
      const at = (timeUs: number) => new Date(timeUs / 1000).toISOString();
      await database.script(
        `insert into series_${resolution}(bucket, agent_id, class, outcome, user_name, events, bytes)
         select date_trunc('${resolution}', event_at, 'UTC'), agent_id, class, outcome, left(coalesce(user_name, ''), 64),
           count(*), 0
         from events where event_at >= '${at(toUs - DAY_US)}' and event_at < '${at(toUs)}'
         group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5`,
      );
    }
    await database.script(
      `insert into fleet_${resolution}
       select bucket, class, outcome, number % ${SLOTS_USED}, sum(events), sum(bytes)
       from (select *, row_number() over () as number from series_${resolution}) s group by 1, 2, 3, 4`,
    );
    await database.script(
      `insert into user_${resolution}
       select bucket, user_name, class, outcome, number % ${SLOTS_USED}, sum(events), sum(bytes)
       from (select *, row_number() over () as number from series_${resolution}) s group by 1, 2, 3, 4, 5`,
    );
  }
}

/** The month's partitions where tables are cut by day, as the collector would have made them ahead of each. */
async function makeDays(database: Database): Promise<void> {
  const cut = await database.query("select 1 from pg_partitioned_table where partrelid = 'events'::regclass");
  if (cut.length === 0) return;
  const date = (dayUs: number) => new Date(dayUs / 1000).toISOString().slice(0, 10);
  for (let dayUs = START_US - (START_US % DAY_US); dayUs < END_US; dayUs += DAY_US) {
    const [from, to] = [date(dayUs), date(dayUs + DAY_US)];
    for (const table of ['events', 'batch_terms']) {
      await database.script(
        `create table ${table}_${from.replaceAll('-', '')} partition of ${table}
         for values from ('${from}T00:00:00Z') to ('${to}T00:00:00Z')`,
      );
    }
  }
}

/** Nine in ten are closed, as after some weeks; each shows ten events of its agent. */
function alertOf(index: number, rounds: number): Alert {
  const agent = (index * 7) % AGENTS;
  const atUs = Math.trunc(START_US + ((END_US - START_US) * (index + 0.5)) / ALERTS);
  const sequence = 1 + Math.floor((rounds * (index + 0.5)) / ALERTS);
  const events: EventReference[] = Array.from({ length: 10 }, (_, event) => ({
    agentId: agentId(agent),
    streamId: streamId(agent),
    sequence,
    index: event * 5,
  }));
  const severities = [Severity.LOW, Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL];
  return {
    id: `01${index.toString(32).padStart(8, '0')}${'0'.repeat(16)}`,
    ruleId: 'ssh-brute-force',
    title: 'SSH brute force',
    severity: severities[index % 5]!,
    state: index % 10 === 3 ? AlertState.OPEN : AlertState.CLOSED,
    techniques: [`T${1000 + (index % 40)}.001`],
    tactics: ['credential-access'],
    reason: `10 failed logins of user${index % 300}`,
    values: { 'user.name': `user${index % 300}` },
    agentId: agentId(agent),
    agentName: agentName(agent),
    entity: `source.ip=10.0.0.${index % 250}`,
    count: 10,
    firstAtUs: atUs,
    lastAtUs: atUs,
    raisedAtUs: atUs,
    updatedAtUs: atUs,
    events,
    revision: 1,
    observedRatio: 1,
  };
}

async function addAgent(store: Store, agent: number): Promise<void> {
  const name = agentName(agent);
  const host = { version: '0.1.0', os: 'Debian GNU/Linux 12', kernel: '6.18.0', machineId: name };
  await store.addAgent(makeAgent({ id: agentId(agent), name, ...host, enrolledAtUs: START_US, lastSeenAtUs: END_US }));
}

/** Bytes per event of the rows as COPY takes them, and of the same after zstd: what a columnstore would at least save. */
export function rowBytes(): { plain: number; zstd: number } {
  const group = Array.from({ length: BATCHES_PER_COPY }, (_, index) => batchOf(index, 1000));
  const rows = encodeEventRows(group);
  const events = BATCHES_PER_COPY * EVENTS_PER_BATCH;
  return { plain: rows.length / events, zstd: zstdCompressSync(rows).length / events };
}
