// Erasing a person from what is kept: payloads of envelopes, rows of events, counts by name. A page is a transaction, so an
// erasure that was interrupted is repeated and goes on; what is erased already is not there to be found again.
import { HostEvent } from '@threatguard/proto';
import { uuidBytes } from './copy-writer.ts';
import type { Row, Session } from './database.ts';
import { isChunked } from './timescale.ts';
import { bytea, storableText, timestamp } from './values.ts';

const PAGE_ENVELOPES = 64;
const PAGE_EVENTS = 500;
const EVIDENCE_TABLES = ['evidence', 'quarantine'] as const;

/** A person: a user name, letter for letter, on one agent or all. */
export interface Person {
  user: string;
  agentId: string | undefined;
}

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

const OF_PERSON = `(left(user_name, 64) = left($1, 64) and user_name = $1 or target_user_name = $1)
  and ($2::uuid is null or agent_id = $2::uuid)`;

/** A page of the person's events, whichever. */
export async function personEvents(session: Session, person: Person): Promise<Row[]> {
  return session.query(
    `select agent_id::text as agent_id, stream_id, sequence, event_index, event_at, user_name, target_user_name, process_name,
       process_executable, process_command_line, process_parent_name, process_parent_executable, file_path, event
     from events where ${OF_PERSON} limit ${PAGE_EVENTS}`,
    parameters(person),
  );
}

export async function countPersonEvents(session: Session, person: Person): Promise<number> {
  const [row] = await session.query(`select count(*) as rows from events where ${OF_PERSON}`, parameters(person));
  return row?.rows ?? 0;
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

export function deleteEvents(session: Session, rows: readonly Row[]): Promise<Row[]> {
  return session.query(
    `delete from events e using json_to_recordset($1::json) as w(
       agent_id uuid, event_at timestamptz, stream_id bytea, sequence bigint, event_index integer)
     where ${SAME_EVENT}`,
    [JSON.stringify(rows.map(keyOf))],
  );
}

const TEXTS = [
  'user_name',
  'target_user_name',
  'process_name',
  'process_executable',
  'process_command_line',
  'process_parent_name',
  'process_parent_executable',
  'file_path',
] as const;

/** Gives events other texts; numbers that name the user go. */
export function renameEvents(
  session: Session,
  rows: readonly Row[],
  { rename, event }: { rename: (text: string) => string; event: (encoded: HostEvent) => HostEvent },
): Promise<Row[]> {
  const changed = rows.map((row) => ({
    ...keyOf(row),
    ...Object.fromEntries(TEXTS.map((name) => [name, row[name] === null ? null : rename(row[name])])),
    event: bytea(HostEvent.encode(event(HostEvent.decode(row.event))).finish()),
  }));
  return session.query(
    `update events e set user_id = null, event = w.event, ${TEXTS.map((name) => `${name} = w.${name}`).join(', ')}
     from json_to_recordset($1::json) as w(
       agent_id uuid, event_at timestamptz, stream_id bytea, sequence bigint, event_index integer, event bytea,
       ${TEXTS.map((name) => `${name} text`).join(', ')})
     where ${SAME_EVENT}`,
    [JSON.stringify(changed)],
  );
}

const SAME_EVENT = `e.agent_id = w.agent_id and e.event_at = w.event_at and e.stream_id = w.stream_id
  and e.sequence = w.sequence and e.event_index = w.event_index`;

function keyOf(row: Row) {
  const { agent_id, event_at, stream_id, sequence, event_index } = row;
  return { agent_id, event_at: timestamp(event_at), stream_id: bytea(stream_id), sequence, event_index };
}

const SERIES = ['series_minute', 'series_hour', 'series_day'];
const USER_SERIES = ['user_minute', 'user_hour', 'user_day'];

/** Counts by the person's name go, or take another. Those the database makes itself follow the events as far as it looks back. */
export async function eraseSeries(session: Session, person: Person, pseudonym: string | undefined): Promise<number> {
  let changed = 0;
  // What users did on all hosts cannot be told apart by host any more.
  for (const table of person.agentId ? SERIES : [...SERIES, ...USER_SERIES]) {
    if (await isChunked(session, table)) continue;
    const own = SERIES.includes(table)
      ? 'user_name = $1 and ($2::uuid is null or agent_id = $2::uuid)'
      : 'user_name = $1 and $2::uuid is null';
    const statement = pseudonym
      ? `update ${table} set user_name = $3 where ${own}`
      : `delete from ${table} where ${own}`;
    const values = [storableText(person.user), person.agentId ?? null, ...(pseudonym ? [pseudonym] : [])];
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

function parameters({ user, agentId }: Person) {
  return [storableText(user), agentId ?? null];
}
