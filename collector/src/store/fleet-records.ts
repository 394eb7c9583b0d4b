import type { Counter, StreamPosition } from '@threatguard/proto';
import { uuidBytes } from './copy-writer.ts';
import type { Row, Session } from './database.ts';
import type { AgentRecord, TokenRecord, UsedToken } from './fleet-record.ts';
import { storableText, timestamp } from './values.ts';

/** Ten times the fleet one collector is made for. */
const AGENTS_MAX = 100_000;
/** Streams of one agent: a new one only where a spool was lost. The newest are what matters. */
const STREAMS_MAX = 1_000;
/** Different counters in `totals`; codes and reasons are closed lists, sensors are named by agents. */
const COUNTERS_MAX = 500;

/** Adds an agent, or replaces the record of the same id. */
export async function addAgent(session: Session, agent: AgentRecord): Promise<void> {
  await session.query(
    `insert into agents (id, name, machine_id, key_id, certificate, certificate_expires_at, enrolled_at, revoked_at,
       last_seen_at, version, os, kernel, group_name, superseded_by, key_ordered_at,
       presented_ca, labels)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
     on conflict (id) do update set name = excluded.name, machine_id = excluded.machine_id, key_id = excluded.key_id,
       certificate = excluded.certificate, certificate_expires_at = excluded.certificate_expires_at,
       enrolled_at = excluded.enrolled_at, revoked_at = excluded.revoked_at, last_seen_at = excluded.last_seen_at,
       version = excluded.version, os = excluded.os, kernel = excluded.kernel, group_name = excluded.group_name,
       superseded_by = excluded.superseded_by, key_ordered_at = excluded.key_ordered_at,
       presented_ca = excluded.presented_ca, labels = excluded.labels`,
    [
      agent.id,
      storableText(agent.name),
      storableText(agent.machineId),
      agent.keyId,
      agent.certificate,
      timestamp(agent.certificateExpiresAtUs),
      timestamp(agent.enrolledAtUs),
      agent.revokedAtUs === undefined ? null : timestamp(agent.revokedAtUs),
      agent.lastSeenAtUs === 0 ? null : timestamp(agent.lastSeenAtUs),
      storableText(agent.version),
      storableText(agent.os),
      storableText(agent.kernel),
      storableText(agent.group),
      agent.supersededBy ?? null,
      agent.keyOrderedAtUs === undefined ? null : timestamp(agent.keyOrderedAtUs),
      agent.presentedCa ?? null,
      labelsText(agent.labels),
    ],
  );
}

const labelsText = (labels: AgentRecord['labels']) => storableText(JSON.stringify(labels));

/** The key and certificate of an agent as they are now, and whether another key is asked of it. */
export async function keepCertificate(session: Session, agent: AgentRecord): Promise<void> {
  await session.query(
    `update agents set key_id = $2, certificate = $3, certificate_expires_at = $4, key_ordered_at = $5,
       presented_ca = $6 where id = $1`,
    [
      agent.id,
      agent.keyId,
      agent.certificate,
      timestamp(agent.certificateExpiresAtUs),
      agent.keyOrderedAtUs === undefined ? null : timestamp(agent.keyOrderedAtUs),
      agent.presentedCa ?? null,
    ],
  );
}

/** Revokes an agent whose place another took. Its name; undefined where it was revoked already. */
export async function supersedeAgent(
  session: Session,
  id: string,
  { by, atUs }: { by: string; atUs: number },
): Promise<string | undefined> {
  const sql =
    'update agents set revoked_at = $2, superseded_by = $3 where id = $1 and revoked_at is null returning name';
  const [row] = await session.query(sql, [id, timestamp(atUs), by]);
  return row?.name;
}

const COLUMNS = `id::text as id, name, machine_id, key_id, certificate, certificate_expires_at, enrolled_at, revoked_at,
  last_seen_at, version, os, kernel, group_name, superseded_by::text as superseded_by, key_ordered_at, presented_ca,
  labels, removed_at`;

/** In the order they were enrolled. */
export async function listAgents(session: Session): Promise<AgentRecord[]> {
  const rows = await session.query(`select ${COLUMNS} from agents order by enrolled_at, id limit $1`, [AGENTS_MAX]);
  return rows.map(agentRecord);
}

/** Of which something was changed after this version of the topic `agents`. */
export async function agentsChangedAfter(session: Session, version: number): Promise<AgentRecord[]> {
  const rows = await session.query(`select ${COLUMNS} from agents where change > $2 order by change limit $1`, [
    AGENTS_MAX,
    version,
  ]);
  return rows.map(agentRecord);
}

/** Those heard of since a time, whichever collector they spoke to. */
export async function agentsSeenSince(
  session: Session,
  sinceUs: number,
): Promise<{ id: string; lastSeenAtUs: number }[]> {
  const rows = await session.query(
    'select id::text as id, last_seen_at from agents where last_seen_at >= $2 limit $1',
    [AGENTS_MAX, timestamp(sinceUs)],
  );
  return rows.map(({ id, last_seen_at }) => ({ id, lastSeenAtUs: last_seen_at }));
}

/** Revoked once is revoked for ever: a second call does not move the time. The name of an agent this call revoked. */
export async function revokeAgent(session: Session, id: string, atUs: number): Promise<string | undefined> {
  const sql = 'update agents set revoked_at = $2 where id = $1 and revoked_at is null returning name';
  const [row] = await session.query(sql, [id, timestamp(atUs)]);
  return row?.name;
}

/** The name and the labels it had; undefined where there is no such agent. */
export async function labelAgent(
  session: Session,
  id: string,
  labels: AgentRecord['labels'],
): Promise<{ name: string; before: AgentRecord['labels'] } | undefined> {
  const [had] = await session.query('select name, labels from agents where id = $1 for update', [id]);
  await session.query('update agents set labels = $2 where id = $1', [id, labelsText(labels)]);
  return had && { name: had.name, before: JSON.parse(had.labels) };
}

/** Its name, and whether it was revoked before; undefined where it was removed already. */
export async function removeAgent(
  session: Session,
  id: string,
  atUs: number,
): Promise<{ name: string; revoked: boolean } | undefined> {
  const sql =
    'select name, revoked_at is not null as revoked from agents where id = $1 and removed_at is null for update';
  const [row] = await session.query(sql, [id]);
  const change =
    'update agents set removed_at = $2, revoked_at = coalesce(revoked_at, $2) where id = $1 and removed_at is null';
  await session.query(change, [id, timestamp(atUs)]);
  return row && { name: row.name, revoked: row.revoked };
}

export async function touchAgent(
  session: Session,
  id: string,
  seen: { atUs: number; version?: string; os?: string; kernel?: string },
): Promise<void> {
  const text = (value: string | undefined) => (value === undefined ? null : storableText(value));
  await session.query(
    `update agents set last_seen_at = greatest(last_seen_at, $2), version = coalesce($3, version),
       os = coalesce($4, os), kernel = coalesce($5, kernel) where id = $1`,
    [id, timestamp(seen.atUs), text(seen.version), text(seen.os), text(seen.kernel)],
  );
}

export async function agentTotals(session: Session): Promise<Map<string, { events: number; lost: number }>> {
  const rows = await session.query(
    `select agent_id::text as agent_id, sum(events)::bigint as events,
       least(sum(lost), ${Number.MAX_SAFE_INTEGER})::bigint as lost
     from stream_positions group by agent_id limit $1`,
    [AGENTS_MAX],
  );
  return new Map(rows.map((row) => [row.agent_id, { events: row.events, lost: row.lost }]));
}

export async function streamPositions(session: Session, agentId: string): Promise<StreamPosition[]> {
  if (!uuidBytes(agentId)) return [];
  const rows = await session.query(
    'select stream_id, sequence, header_digest from stream_positions where agent_id = $1 limit $2',
    [agentId, STREAMS_MAX],
  );
  return rows.map((row) => ({ streamId: row.stream_id, sequence: row.sequence, headerDigest: row.header_digest }));
}

export async function headerDigest(
  session: Session,
  agentId: string,
  streamId: Uint8Array,
  sequence: number,
): Promise<Uint8Array | undefined> {
  if (!uuidBytes(agentId)) return undefined;
  const [row] = await session.query(
    'select header_digest from envelopes where agent_id = $1 and stream_id = $2 and sequence = $3',
    [agentId, streamId, sequence],
  );
  return row?.header_digest;
}

export async function addToken(session: Session, token: TokenRecord): Promise<void> {
  await session.query(
    `insert into tokens (id, secret_hash, label, uses_left, expires_at, group_name, replaces)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      token.id,
      token.secretHash,
      storableText(token.label),
      token.usesLeft,
      timestamp(token.expiresAtUs),
      storableText(token.group),
      token.replaces,
    ],
  );
}

/** One statement, so two agents cannot both take the last use. */
export async function consumeToken(
  session: Session,
  id: string,
  secretHash: Uint8Array,
  nowUs: number,
): Promise<UsedToken | undefined> {
  const [row] = await session.query(
    `update tokens set uses_left = uses_left - 1
     where id = $1 and secret_hash = $2 and expires_at > $3 and uses_left > 0 returning group_name, replaces, label`,
    [storableText(id), secretHash, timestamp(nowUs)],
  );
  return row && { group: row.group_name, replaces: row.replaces, label: row.label };
}

export async function readTotals(session: Session): Promise<{
  events: number;
  envelopes: number;
  alertsOpen: number;
  alertsWithheld: number;
  outboxWaiting: number;
  refusals: Counter[];
  losses: Counter[];
}> {
  const [row] = await session.query(
    `select coalesce((select sum(events) from stream_positions), 0)::bigint as events,
       coalesce((select sum(envelopes) from stream_positions), 0)::bigint as envelopes,
       (select count(*) from alerts where state <> 3) as alerts_open,
       (select count(*) from alerts where withheld_at is not null and state <> 3) as alerts_withheld,
       (select count(*) from outbox) as outbox_waiting`,
  );
  const refusals = await session.query(
    `select code as name, sum(count)::bigint as count from refusals group by code
     union all select 'quarantined', count(*) from quarantine having count(*) > 0
     order by name limit $1`,
    [COUNTERS_MAX],
  );
  const losses = await session.query(
    `select sensor || ': ' || reason as name, least(sum(count), ${Number.MAX_SAFE_INTEGER})::bigint as count
     from losses group by sensor, reason order by sensor, reason limit $1`,
    [COUNTERS_MAX],
  );
  return {
    events: row?.events,
    envelopes: row?.envelopes,
    alertsOpen: row?.alerts_open,
    alertsWithheld: row?.alerts_withheld,
    outboxWaiting: row?.outbox_waiting,
    refusals: refusals as Counter[],
    losses: losses as Counter[],
  };
}

function agentRecord(row: Row): AgentRecord {
  return {
    id: row.id,
    name: row.name,
    machineId: row.machine_id,
    keyId: row.key_id,
    certificate: row.certificate,
    certificateExpiresAtUs: row.certificate_expires_at,
    enrolledAtUs: row.enrolled_at,
    revokedAtUs: row.revoked_at ?? undefined,
    lastSeenAtUs: row.last_seen_at ?? 0,
    version: row.version,
    os: row.os,
    kernel: row.kernel,
    group: row.group_name,
    supersededBy: row.superseded_by ?? undefined,
    keyOrderedAtUs: row.key_ordered_at ?? undefined,
    presentedCa: row.presented_ca ?? undefined,
    labels: JSON.parse(row.labels),
    removedAtUs: row.removed_at ?? undefined,
  };
}
