// One group in one transaction:
//
//   envelopes   claimed first, `on conflict do nothing returning`: what is not returned was stored before and adds nothing;
//               so was what lies below the floor of its stream, where envelopes have aged out
//   positions   advanced by what was claimed, in the same statement
//   events, evidence, losses   of claimed batches, by COPY; with the events what they contain (batch-terms.ts)
//   series      their events added to minute, hour and day, where the database does not count them by itself
//   findings    detections, alerts, entities and incidents, each with a key or revision of its own, so that a group sent
//               twice stores once; alerts moved to and from the pile over their day's budget
//   exceptions  what they hide of these detections is counted
//   acts        what people did about alerts, with its audit entries, last of all
import type { Loss } from '@threatguard/proto';
import type { CommitBatch } from '../batch.ts';
import { TERM_COLUMNS } from './batch-terms.ts';
import type { CommitGroup, RefusedEnvelope } from './commit-group.ts';
import { COPY_HEADER, COPY_TRAILER, CopyWriter } from './copy-writer.ts';
import type { CommitWays, Database, Session } from './database.ts';
import { storeEntities } from './entity-records.ts';
import { EVENT_COLUMNS } from './event-columns.ts';
import { requireUuid } from './event-rows.ts';
import { countHidden, movePile, storeAlerts, storeDetections } from './findings.ts';
import { storeIncidents } from './incident-records.ts';
import { storeSeries } from './series.ts';
import { compressDirectly } from './timescale.ts';
import { storeActs } from './triage-records.ts';
import { bytea, storableCount, storableText, timestamp } from './values.ts';

/** A message of a refusal, in UTF-16 units: it is ours, but may quote a name. */
const REFUSAL_MESSAGE_LENGTH_MAX = 512;

/** Everything of a group but what was stored before, in one transaction. */
export function commitGroup(
  database: Pick<Database, 'transaction'>,
  group: CommitGroup,
  ways: CommitWays,
): Promise<void> {
  return database.transaction((session) => storeGroup(session, group, ways));
}

async function storeGroup(session: Session, group: CommitGroup, { series, compressed }: CommitWays): Promise<void> {
  if (compressed) await compressDirectly(session);
  const claimed = await claim(session, group.batches, false);
  if (claimed.length > 0) {
    const copyOf = (rows: readonly Uint8Array[]) => [COPY_HEADER, ...rows, COPY_TRAILER];
    await session.copyIn('events', EVENT_COLUMNS, copyOf(claimed.map((batch) => batch.eventRows)));
    await session.copyIn('batch_terms', TERM_COLUMNS, copyOf(claimed.map((batch) => batch.termRows)));
    await session.copyIn('evidence', EVIDENCE_COLUMNS, encodeEvidenceRows(claimed));
    await storeLosses(session, claimed);
    if (series) await storeSeries(session, claimed);
  }
  const detections = [...claimed.flatMap((batch) => batch.detections), ...group.detections];
  const hidden = await storeDetections(session, detections);
  await storeCorrelated(session, [...claimed, group]);
  await movePile(session, group.pile);
  await countRefusals(session, group.refusals);
  await countHidden(session, hidden);
  await storeActs(session, group.acts);
}

/**
 * A batch the database rejected: its bytes with the reason, and its place in the stream. What was found in it is kept
 * when the database takes that, so a row that cannot be stored does not hide an alert.
 */
export async function storeQuarantined(
  session: Session,
  batch: CommitBatch,
  { reason, findings }: { reason: string; findings: boolean },
): Promise<void> {
  const claimed = await claim(session, [batch], true);
  if (claimed.length === 0) return;
  await session.query(
    `insert into quarantine(agent_id, stream_id, sequence, received_at, reason, header, signature, payload)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      batch.agentId,
      batch.header.streamId,
      batch.header.sequence,
      timestamp(batch.receivedAtUs),
      storableText(reason),
      batch.headerBytes,
      batch.signature,
      batch.payload,
    ],
  );
  if (!findings) return;
  await storeLosses(session, claimed);
  const hidden = await storeDetections(session, batch.detections);
  await storeCorrelated(session, [batch]);
  await countHidden(session, hidden);
}

async function storeCorrelated(
  session: Session,
  parts: readonly Pick<CommitGroup, 'alerts' | 'entities' | 'incidents'>[],
): Promise<void> {
  const alerts = parts.flatMap((part) => part.alerts);
  const entities = parts.flatMap((part) => part.entities);
  const incidents = parts.flatMap((part) => part.incidents);
  await storeAlerts(session, alerts);
  await storeEntities(session, entities);
  await storeIncidents(session, incidents);
}

/** Inserts the envelope rows and advances the streams; returns the batches that were not stored before. */
async function claim(session: Session, batches: readonly CommitBatch[], quarantined: boolean): Promise<CommitBatch[]> {
  if (batches.length === 0) return [];
  const byKey = new Map(batches.map((batch) => [envelopeKey(batch), batch]));
  const rows = Array.from(byKey.values(), (batch) => ({
    agent_id: batch.agentId,
    stream_id: bytea(batch.header.streamId),
    sequence: batch.header.sequence,
    header_digest: bytea(batch.header.headerDigest),
    received_at: timestamp(batch.receivedAtUs),
    first_event_at: timestamp(batch.firstEventAtUs),
    last_event_at: timestamp(batch.lastEventAtUs),
    event_count: batch.eventCount,
    lost: lostIn(batch.header.losses),
  }));
  const claimed = await session.query(CLAIM, [JSON.stringify(rows), quarantined]);
  const taken = new Set(claimed.map((row) => `${row.agent_id} ${row.stream} ${row.sequence}`));
  return Array.from(byKey).flatMap(([key, batch]) => (taken.has(key) ? [batch] : []));
}

const CLAIM = `
  with input as (
    select * from json_to_recordset($1::json) as r(
      agent_id uuid, stream_id bytea, sequence bigint, header_digest bytea, received_at timestamptz,
      first_event_at timestamptz, last_event_at timestamptz, event_count integer, lost bigint)
  ), claimed as (
    insert into envelopes
    select agent_id, stream_id, sequence, header_digest, received_at, first_event_at, last_event_at, event_count, $2::boolean, true
    from input i
    where not exists (
      select from stream_positions p
      where p.agent_id = i.agent_id and p.stream_id = i.stream_id and i.sequence <= p.floor
    )
    order by agent_id, stream_id, sequence
    on conflict do nothing
    returning agent_id, stream_id, sequence, header_digest, event_count, quarantined
  ), advanced as (
    insert into stream_positions as p
    select agent_id, stream_id, max(sequence), (array_agg(c.header_digest order by sequence desc))[1], count(*),
           coalesce(sum(c.event_count) filter (where not c.quarantined), 0),
           least(sum(input.lost), ${Number.MAX_SAFE_INTEGER})
    from claimed c join input using (agent_id, stream_id, sequence)
    group by agent_id, stream_id order by agent_id, stream_id
    on conflict (agent_id, stream_id) do update set
      header_digest = case when excluded.sequence > p.sequence then excluded.header_digest else p.header_digest end,
      sequence = greatest(p.sequence, excluded.sequence),
      envelopes = p.envelopes + excluded.envelopes,
      events = p.events + excluded.events,
      lost = least(p.lost + excluded.lost, ${Number.MAX_SAFE_INTEGER})
  )
  select agent_id::text, encode(stream_id, 'hex') as stream, sequence from claimed`;

function envelopeKey({ agentId, header }: CommitBatch): string {
  return `${agentId.toLowerCase()} ${Buffer.from(header.streamId).toString('hex')} ${header.sequence}`;
}

function lostIn(losses: readonly Loss[]): number {
  return storableCount(losses.reduce((sum, loss) => sum + storableCount(loss.count), 0));
}

/** What a row costs beside header and payload: the signature, and the fields of fixed length. */
const EVIDENCE_ROW_BYTES_TYPICAL = 4096;
const EVIDENCE_COLUMNS = ['received_at', 'agent_id', 'stream_id', 'sequence', 'header', 'signature', 'payload'];

function encodeEvidenceRows(batches: readonly CommitBatch[]): Buffer {
  const bytes = batches.reduce((sum, each) => sum + each.payload.length + each.headerBytes.length, 0);
  const writer = new CopyWriter(bytes + batches.length * EVIDENCE_ROW_BYTES_TYPICAL);
  for (const batch of batches) {
    writer.row(EVIDENCE_COLUMNS.length);
    writer.timestamp(batch.receivedAtUs);
    writer.bytes(requireUuid(batch.agentId));
    writer.bytes(batch.header.streamId);
    writer.int8(batch.header.sequence);
    writer.bytes(batch.headerBytes);
    writer.bytes(batch.signature);
    writer.bytes(batch.payload);
  }
  return writer.finish();
}

async function storeLosses(session: Session, batches: readonly CommitBatch[]): Promise<void> {
  const rows = batches.flatMap((batch) =>
    batch.header.losses.map((loss) => ({
      received_at: timestamp(batch.receivedAtUs),
      agent_id: batch.agentId,
      stream_id: bytea(batch.header.streamId),
      sequence: batch.header.sequence,
      sensor: storableText(loss.sensor ?? ''),
      reason: storableText(loss.reason ?? ''),
      count: storableCount(loss.count),
      first_at: timestamp(loss.firstAtUs ?? 0),
      last_at: timestamp(Math.max(loss.lastAtUs ?? 0, loss.firstAtUs ?? 0)),
    })),
  );
  if (rows.length === 0) return;
  await session.query(
    `insert into losses select * from json_to_recordset($1::json) as r(
       received_at timestamptz, agent_id uuid, stream_id bytea, sequence bigint, sensor text, reason text, count bigint,
       first_at timestamptz, last_at timestamptz)`,
    [JSON.stringify(rows)],
  );
}

/** Refusals have no key of their own: a group repeated after a commit of unknown outcome may count them twice. */
async function countRefusals(session: Session, refusals: readonly RefusedEnvelope[]): Promise<void> {
  if (refusals.length === 0) return;
  const counts = new Map<string, { agent_id: string; code: string; count: number; at: string; message: string }>();
  for (const { agentId, code, message, atUs } of refusals) {
    const count = (counts.get(`${agentId} ${code}`)?.count ?? 0) + 1;
    counts.set(`${agentId} ${code}`, {
      agent_id: storableText(agentId),
      code,
      count,
      at: timestamp(atUs),
      message: storableText(message.slice(0, REFUSAL_MESSAGE_LENGTH_MAX)),
    });
  }
  await session.query(
    `insert into refusals as r (agent_id, code, count, last_at, last_message)
     select agent_id, code, count, at, message from json_to_recordset($1::json)
       as i(agent_id text, code text, count bigint, at timestamptz, message text) order by agent_id, code
     on conflict (agent_id, code) do update set
       count = r.count + excluded.count, last_at = excluded.last_at, last_message = excluded.last_message`,
    [JSON.stringify(Array.from(counts.values()))],
  );
}
