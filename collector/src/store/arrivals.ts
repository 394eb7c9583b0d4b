// Events in the order they came to the collector, for whoever follows them: an event may happen long before it comes, when its
// host was cut off, so no question about times of events finds all that is new. Envelopes have an index on when they were
// received, and say at which times their events lie.
import type { FieldFilter, StoredEvent } from '@threatguard/proto';
import type { Database, Row } from './database.ts';
import { COLUMNS, type EventQuery, eventConditions, storedEvent } from './event-pages.ts';
import { matcher } from './field-match.ts';
import { conditionFor, Parameters } from './field-sql.ts';
import { bytea, timestamp } from './values.ts';

const ENVELOPES_AT_ONCE = 256;
/** Events one statement looks at: some 50 ms of the embedded engine, which cannot end one. One envelope may have more. */
const EVENTS_AT_ONCE = 20_000;

export interface ArrivedEvents {
  events: StoredEvent[];
  /** What was received before is looked at. */
  untilUs: number;
}

/** Of envelopes received since a time those events that pass, in pages; one that none passes has no events. */
export async function* arrivedEvents(
  database: Database,
  query: Pick<EventQuery, 'filters' | 'condition'> & { matches?: ((stored: StoredEvent) => boolean) | undefined },
  sinceUs: number,
  signal: AbortSignal,
): AsyncIterable<ArrivedEvents> {
  const here = query.filters.filter(isLeftToUs).map(matcher);
  if (query.matches) here.push(query.matches);
  for (let after: Row | undefined; ; ) {
    const envelopes = await readEnvelopes(database, sinceUs, after, signal);
    let from = 0;
    while (from < envelopes.length) {
      const part = envelopes.slice(from, from + fittingCount(envelopes, from));
      from += part.length;
      const rows = await readEvents(database, query, part, signal);
      const events = rows.map(storedEvent).filter((stored) => here.every((matches) => matches(stored)));
      yield { events, untilUs: part.at(-1)!.received_at };
    }
    if (envelopes.length < ENVELOPES_AT_ONCE) return;
    after = envelopes.at(-1);
  }
}

const isLeftToUs = (filter: FieldFilter) => conditionFor(filter, new Parameters()) === undefined;

function fittingCount(envelopes: readonly Row[], from: number): number {
  let events = 0;
  const end = envelopes.findIndex((envelope, index) => {
    if (index >= from) events += envelope.event_count;
    return index > from && events > EVENTS_AT_ONCE;
  });
  return (end < 0 ? envelopes.length : end) - from;
}

function readEnvelopes(
  database: Database,
  sinceUs: number,
  after: Row | undefined,
  signal: AbortSignal,
): Promise<Row[]> {
  const parameters = new Parameters();
  const conditions = [`received_at >= ${parameters.add(timestamp(sinceUs))}`, 'not quarantined', 'event_count > 0'];
  if (after) {
    const place = [
      parameters.add(timestamp(after.received_at)),
      `${parameters.add(after.agent_id)}::uuid`,
      parameters.add(after.stream_id),
      `${parameters.add(after.sequence)}::bigint`,
    ];
    conditions.push(`(received_at, agent_id, stream_id, sequence) > (${place})`);
  }
  return database.query(
    `select agent_id::text as agent_id, stream_id, sequence, received_at, first_event_at, last_event_at, event_count
     from envelopes where ${conditions.join(' and ')} order by received_at, agent_id, stream_id, sequence
     limit ${parameters.add(ENVELOPES_AT_ONCE)}`,
    parameters.values,
    signal,
  );
}

/** Each envelope is looked up by itself, in the index on agents and times; the time of all of them leaves other days alone. */
function readEvents(
  database: Database,
  { filters, condition }: EventQuery,
  envelopes: readonly Row[],
  signal: AbortSignal,
): Promise<Row[]> {
  const parameters = new Parameters();
  const list = envelopes.map((envelope) => ({
    agent_id: envelope.agent_id,
    stream_id: bytea(envelope.stream_id),
    sequence: envelope.sequence,
    first_at: timestamp(envelope.first_event_at),
    last_at: timestamp(envelope.last_event_at),
  }));
  const first = Math.min(...envelopes.map((envelope) => envelope.first_event_at));
  const last = Math.max(...envelopes.map((envelope) => envelope.last_event_at));
  const within = [
    'e.agent_id = v.agent_id and e.event_at between v.first_at and v.last_at',
    `e.event_at between ${parameters.add(timestamp(first))} and ${parameters.add(timestamp(last))}`,
    'e.stream_id = v.stream_id and e.sequence = v.sequence',
    ...eventConditions({ filters, condition }, parameters),
  ];
  return database.query(
    `select ${COLUMNS}
     from rows from (json_to_recordset(${parameters.add(JSON.stringify(list))}::json)
            as (agent_id uuid, stream_id bytea, sequence bigint, first_at timestamptz, last_at timestamptz)) with ordinality
            as v(agent_id, stream_id, sequence, first_at, last_at, position)
     cross join lateral (select e.* from events e where ${within.join(' and ')} offset 0) e
     left join agents a on a.id = e.agent_id
     order by v.position, e.event_index`,
    parameters.values,
    signal,
  );
}
