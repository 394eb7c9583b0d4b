// Erasing a person from what is kept: payloads of envelopes, counts by name; their events are in person-events.ts. A page is a
// transaction, so an erasure that was interrupted is repeated and goes on; what is erased already is not there to be found again.
import { uuidBytes } from './copy-writer.ts';
import type { Row, Session } from './database.ts';
import { type Person, personValues } from './person-events.ts';
import { isChunked } from './timescale.ts';
import { chunkedName } from './timescale-series.ts';
import { bytea, storableText, timestamp } from './values.ts';

const PAGE_ENVELOPES = 64;
const EVIDENCE_TABLES = ['evidence', 'quarantine'] as const;

export interface KeptPayload {
  table: (typeof EVIDENCE_TABLES)[number];
  agentId: string;
  streamId: Uint8Array;
  sequence: number;
  receivedAtUs: number;
  header: Uint8Array;
  payload: Uint8Array;
}

/** Every payload that is kept, a page at a time and in order, those of one agent or all. */
export async function* keptPayloads(session: Session, agentId: string | undefined): AsyncIterable<KeptPayload[]> {
  for (const table of EVIDENCE_TABLES) {
    let after: Row | undefined;
    for (;;) {
      // In the order of its index, from where the page before ended.
      const conditions = [
        'octet_length(payload) > 0',
        ...(agentId ? ['agent_id = $1::uuid'] : ['$1::uuid is null']),
        ...(after ? ['(agent_id, stream_id, sequence) > ($2::uuid, $3::bytea, $4::bigint)'] : []),
      ];
      const place = after ? [after.agent_id, after.stream_id, after.sequence] : [];
      const rows: Row[] = await session.query(
        `select received_at, agent_id::text as agent_id, stream_id, sequence, header, payload from ${table}
         where ${conditions.join(' and ')} order by ${table}.agent_id, stream_id, sequence limit ${PAGE_ENVELOPES}`,
        [agentId ?? null, ...place],
      );
      if (rows.length === 0) break;
      yield rows.map((row) => ({
        table,
        agentId: row.agent_id,
        streamId: row.stream_id,
        sequence: row.sequence,
        receivedAtUs: row.received_at,
        header: row.header,
        payload: row.payload,
      }));
      after = rows.at(-1);
    }
  }
}

/** Takes payloads out and says so of each, with the terms that searches look at. */
export async function erasePayloads(
  session: Session,
  payloads: readonly KeptPayload[],
  erasure: { id: string; atUs: number; auditSequence: number },
): Promise<void> {
  const keys = payloads.map(({ agentId, streamId, sequence }) => ({
    agent_id: agentId,
    stream_id: bytea(streamId),
    sequence,
  }));
  const wanted = `json_to_recordset($1::json) as w(agent_id uuid, stream_id bytea, sequence bigint)`;
  await session.query(
    `insert into erased_payloads select w.agent_id, w.stream_id, w.sequence, $2, $3, $4 from ${wanted} on conflict do nothing`,
    [JSON.stringify(keys), erasure.id, timestamp(erasure.atUs), erasure.auditSequence],
  );
  for (const { table, agentId, streamId, sequence, receivedAtUs } of payloads) {
    await session.query(
      `update ${table} set payload = '' where received_at = $1 and agent_id = $2 and stream_id = $3 and sequence = $4`,
      [timestamp(receivedAtUs), agentId, streamId, sequence],
    );
  }
  // What is told by these four alone is one batch, or several that are then looked through without terms.
  await session.query(
    `with gone as (
       select v.agent_id, v.received_at, v.first_event_at, v.last_event_at from envelopes v
       join ${wanted} using (agent_id, stream_id, sequence)
     ), marked as (
       update envelopes v set has_terms = false from gone g
       where v.agent_id = g.agent_id and v.received_at = g.received_at and v.first_event_at = g.first_event_at
         and v.last_event_at = g.last_event_at
     )
     delete from batch_terms t using gone g
     where t.agent_id = g.agent_id and t.received_at = g.received_at and t.first_event_at = g.first_event_at
       and t.last_event_at = g.last_event_at`,
    [JSON.stringify(keys)],
  );
}

/** Whether a hold could be about the person: it goes before, whatever time it is of. */
export async function isPersonHeld(session: Session, { user, agentId }: Person): Promise<boolean> {
  const rows = await session.query(
    `select 1 from holds where removed_at is null and (held_user is null or held_user = $1)
       and ($2::uuid is null or held_agent is null or held_agent = $2::uuid) limit 1`,
    [storableText(user), agentId ?? null],
  );
  return rows.length > 0;
}

const SERIES = ['series_minute', 'series_hour', 'series_day'];
const USER_SERIES = ['user_minute', 'user_hour', 'user_day'];

/**
 * Counts by the person's name go, or take another. Where the database counts by itself they are changed where it keeps them:
 * its refresh looks back no further than what it counts from is kept, and hours and days are kept for years.
 */
export async function eraseSeries(session: Session, person: Person, pseudonym: string | undefined): Promise<number> {
  let changed = 0;
  // What users did on all hosts cannot be told apart by host any more.
  for (const name of person.agentId ? SERIES : [...SERIES, ...USER_SERIES]) {
    const table = (await isChunked(session, name)) ? await chunkedName(session, name) : name;
    const own = SERIES.includes(name)
      ? 'user_name = $1 and ($2::uuid is null or agent_id = $2::uuid)'
      : 'user_name = $1 and $2::uuid is null';
    const statement = pseudonym
      ? `update ${table} set user_name = $3 where ${own}`
      : `delete from ${table} where ${own}`;
    const values = [...personValues(person), ...(pseudonym ? [pseudonym] : [])];
    changed += (await session.query(`${statement} returning 1`, values)).length;
  }
  return changed;
}

/** What names the person and stays: records of how an incident was handled, and of who did what. */
export async function countKept(
  session: Session,
  { user, agentId }: Person,
): Promise<{ alerts: number; audit: number }> {
  const [alerts] = await session.query(
    'select count(*) as rows from alerts where $1 = any(user_names) and ($2::uuid is null or agent_id = $2::uuid)',
    [storableText(user.slice(0, 256)), agentId ?? null],
  );
  const [audit] = await session.query(
    'select count(*) as rows from audit where position($1 in subject) > 0 or position($1 in before) > 0 or position($1 in after) > 0',
    [storableText(user)],
  );
  return { alerts: alerts?.rows ?? 0, audit: audit?.rows ?? 0 };
}

export interface ErasureMark {
  erasureId: string;
  atUs: number;
  auditSequence: number;
}

/** Which envelopes of a run had their payload erased, by sequence. */
export async function erasedPayloads(
  session: Session,
  run: { agentId: string; streamId: Uint8Array; first: number; last: number },
): Promise<Map<number, ErasureMark>> {
  if (!uuidBytes(run.agentId)) return new Map();
  const rows = await session.query(
    `select sequence, erasure_id, erased_at, audit_sequence from erased_payloads
     where agent_id = $1 and stream_id = $2 and sequence between $3 and $4`,
    [run.agentId, run.streamId, run.first, run.last],
  );
  return new Map(
    rows.map((row) => [
      row.sequence,
      { erasureId: row.erasure_id, atUs: row.erased_at, auditSequence: row.audit_sequence },
    ]),
  );
}
