import type { EventReference, Loss, StoredEvent } from '@threatguard/proto';
import { uuidBytes } from './copy-writer.ts';
import type { Session } from './database.ts';
import { COLUMNS, cursorOf, readPage, storedEvent } from './event-pages.ts';
import { bytea, timestamp } from './values.ts';

/** Events per page of eventsSince. */
const REPLAY_PAGE_ROWS = 2_000;
/** References looked up at once. */
const REFERENCES_MAX = 1_000;
/** Sensors and reasons of one agent: names are the agent's, and one that invents them fills no screen. */
const LOSSES_MAX = 128;

/** Oldest first, every event from a time on, in pages. Events stored while it runs come at their place or not at all. */
export async function* eventsSince(session: Session, sinceUs: number): AsyncIterable<StoredEvent[]> {
  for (let after = ''; ; ) {
    const rows = await readPage(session, { filters: [], sinceUs }, { order: 'asc', rows: REPLAY_PAGE_ROWS, after });
    if (rows.length > 0) yield rows.map(storedEvent);
    if (rows.length < REPLAY_PAGE_ROWS) return;
    after = cursorOf(rows.at(-1)!);
  }
}

/** In the order of the references; those that are not stored are left out. */
export async function eventsByReference(
  session: Session,
  references: readonly EventReference[],
): Promise<StoredEvent[]> {
  const wanted = references.slice(0, REFERENCES_MAX).flatMap((reference) =>
    uuidBytes(reference.agentId ?? '')
      ? {
          agent_id: reference.agentId,
          stream_id: bytea(reference.streamId ?? new Uint8Array()),
          sequence: reference.sequence ?? 0,
          event_index: Math.min(reference.index ?? 0, 0x7fff_ffff),
        }
      : [],
  );
  if (wanted.length === 0) return [];
  const list = JSON.stringify(wanted);
  const [span] = await session.query(
    `select min(v.first_event_at) as first, max(v.last_event_at) as last
     from json_to_recordset($1::json) as r(agent_id uuid, stream_id bytea, sequence bigint)
     join envelopes v using (agent_id, stream_id, sequence)`,
    [list],
  );
  if (typeof span?.first !== 'number') return [];
  // The envelope tells the time its events lie in, and that finds them by the index on agent and time; the time of all
  // envelopes together keeps other days out of the plan.
  const rows = await session.query(
    `select ${COLUMNS}
     from rows from (json_to_recordset($1::json)
            as (agent_id uuid, stream_id bytea, sequence bigint, event_index integer)) with ordinality
            as r(agent_id, stream_id, sequence, event_index, position)
     join envelopes v using (agent_id, stream_id, sequence)
     join events e on e.agent_id = v.agent_id and e.event_at between v.first_event_at and v.last_event_at
       and e.event_at between $2 and $3 and e.stream_id = v.stream_id and e.sequence = v.sequence and e.event_index = r.event_index
     left join agents a on a.id = e.agent_id
     order by r.position`,
    [list, timestamp(span.first), timestamp(span.last)],
  );
  return rows.map(storedEvent);
}

/** Stored events against counted losses of an agent; a loss that began or ended outside counts by its share inside. */
export async function observedRatio(session: Session, agentId: string, fromUs: number, toUs: number): Promise<number> {
  const span = [agentId, timestamp(fromUs), timestamp(toUs)];
  const [row] = await session.query(
    `select coalesce(sum(count * case when last_at = first_at then 1 else
        extract(epoch from least(last_at, $3) - greatest(first_at, $2)) / extract(epoch from last_at - first_at) end), 0)::double precision as lost
     from losses where agent_id = $1 and last_at >= $2 and first_at <= $3`,
    span,
  );
  const lost = row!.lost as number;
  // Most agents lost nothing, and a day of events takes time to count.
  if (lost <= 0) return 1;
  const [counted] = await session.query(
    'select count(*) as seen from events where agent_id = $1 and event_at between $2 and $3',
    span,
  );
  const seen = counted!.seen as number;
  return seen / (seen + lost);
}

/** What an agent said it lost, by sensor and reason, the one that happened last first. */
export async function agentLosses(session: Session, agentId: string): Promise<Loss[]> {
  const rows = await session.query(
    `select sensor, reason, least(sum(count), ${Number.MAX_SAFE_INTEGER})::bigint as count,
       min(first_at) as first_at, max(last_at) as last_at
     from losses where agent_id = $1 group by sensor, reason order by max(last_at) desc, sensor, reason limit $2`,
    [agentId, LOSSES_MAX],
  );
  return rows.map((row) => ({
    sensor: row.sensor,
    reason: row.reason,
    count: row.count,
    firstAtUs: row.first_at,
    lastAtUs: row.last_at,
  }));
}

/** When the newest event of an agent happened and when it was stored; undefined where none is kept. */
export async function newestEvent(
  session: Session,
  agentId: string,
): Promise<{ eventAtUs: number; storedAtUs: number } | undefined> {
  const [row] = await session.query(
    'select event_at, received_at from events where agent_id = $1 order by event_at desc limit 1',
    [agentId],
  );
  return row && { eventAtUs: row.event_at, storedAtUs: row.received_at };
}
