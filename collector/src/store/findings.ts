import { Alert, AlertState, Detection, sha256, Verdict } from '@threatguard/proto';
import type { PileMove } from './commit-group.ts';
import { uuidBytes } from './copy-writer.ts';
import type { Session } from './database.ts';
import { QUEUE_FORWARDS } from './forwarding-records.ts';
import { bytea, encodable, indexableText, storableCode, storableCount, storableText, timestamp } from './values.ts';

/** How many detections an exception hides that were not stored before. */
export interface Hidden {
  id: string;
  hidden: number;
  lastAtUs: number;
}

/** Stored once by the digest of their bytes, however often the group comes; those of simulated rules apart. Gives what
 * exceptions hide of them. */
export async function storeDetections(session: Session, detections: readonly Detection[]): Promise<Hidden[]> {
  const simulated = detections.filter((detection) => detection.simulated);
  if (simulated.length > 0) await session.query(STORE_SIMULATED, [JSON.stringify(simulated.map(detectionRow))]);
  const found = detections.filter((detection) => !detection.simulated);
  if (found.length === 0) return [];
  const hidden = await session.query(STORE_DETECTIONS, [JSON.stringify(found.map(detectionRow))]);
  return hidden.map((row) => ({ id: row.id, hidden: row.hidden, lastAtUs: row.last_at }));
}

function detectionRow(detection: Detection) {
  const bytes = Detection.encode(encodable(detection)).finish();
  return {
    digest: bytea(sha256(bytes)),
    rule_id: storableText(detection.ruleId ?? ''),
    severity: storableCode(detection.severity),
    agent_id: agentOrNull(detection.agentId),
    entity: storableText(detection.entity ?? ''),
    reason: storableText(detection.reason ?? ''),
    first_at: timestamp(detection.firstAtUs ?? 0),
    last_at: timestamp(detection.lastAtUs ?? 0),
    detection: bytea(bytes),
    verdict: storableCode(detection.verdict),
    verdict_by: storableText(detection.verdictBy ?? ''),
  };
}

const STORE_DETECTIONS = `
  with fresh as (
    insert into detections select * from json_to_recordset($1::json) as r(
      digest bytea, rule_id text, severity smallint, agent_id uuid, entity text, reason text, first_at timestamptz,
      last_at timestamptz, detection bytea, verdict smallint, verdict_by text)
    on conflict do nothing
    returning verdict, verdict_by, last_at
  )
  select verdict_by as id, count(*) as hidden, max(last_at) as last_at from fresh
  where verdict = ${Verdict.VERDICT_EXCEPTED} group by verdict_by`;

const STORE_SIMULATED = `
  insert into simulated_matches (digest, rule_id, agent_id, entity, first_at, last_at, detection)
  select * from json_to_recordset($1::json) as r(
    digest bytea, rule_id text, agent_id uuid, entity text, first_at timestamptz, last_at timestamptz, detection bytea)
  on conflict do nothing`;

/** Adds to what exceptions have hidden. Last of what a commit does, and in order, so that commits do not wait in a circle. */
export async function countHidden(session: Session, hidden: readonly Hidden[]): Promise<void> {
  if (hidden.length === 0) return;
  const rows = hidden.map(({ id, hidden, lastAtUs }) => ({ id, hidden, last_at: timestamp(lastAtUs) }));
  await session.query(
    `with input as (
       select * from json_to_recordset($1::json) as r(id text, hidden bigint, last_at timestamptz)
     ), locked as (
       select e.id from exceptions e join input i on e.id = i.id order by e.id for update of e
     )
     update exceptions e set hidden = e.hidden + i.hidden, last_hidden_at = greatest(e.last_hidden_at, i.last_at)
     from input i join locked l on l.id = i.id where e.id = i.id`,
    [JSON.stringify(rows)],
  );
}

/** Moves alerts to the pile of those over their day's budget, and back. One that somebody took up is not withheld any more. */
export async function movePile(session: Session, pile: readonly PileMove[]): Promise<void> {
  if (pile.length === 0) return;
  const newest = new Map(pile.map((move) => [move.alertId, move]));
  const rows = Array.from(newest.values(), ({ alertId, withheld, atUs }) => ({
    id: storableText(alertId),
    withheld_at: withheld ? timestamp(atUs) : null,
  }));
  await session.query(
    `update alerts a set withheld_at = r.withheld_at
     from json_to_recordset($1::json) as r(id text, withheld_at timestamptz)
     where a.id = r.id and (r.withheld_at is null or a.state = ${AlertState.OPEN})`,
    [JSON.stringify(rows)],
  );
}

/**
 * Every revision goes to history once, and into the outbox when it is new there; the current row only moves forward.
 * So a group that comes again neither turns an alert back nor publishes it again.
 */
export async function storeAlerts(session: Session, alerts: readonly Alert[]): Promise<void> {
  if (alerts.length === 0) return;
  const revisions = new Map(alerts.map((alert) => [`${alert.id}:${alert.revision ?? 0}`, alertRow(alert)]));
  const newest = new Map<string, ReturnType<typeof alertRow>>();
  for (const row of revisions.values()) {
    if (row.revision >= (newest.get(row.id)?.revision ?? 0)) newest.set(row.id, row);
  }
  const history = Array.from(revisions.values(), ({ id, revision, updated_at, alert }) => ({
    id,
    revision,
    updated_at,
    alert,
  }));
  await session.query(STORE_ALERTS, [JSON.stringify(history), JSON.stringify(Array.from(newest.values()))]);
}

const STORE_ALERTS = `
  with input as (
    select * from rows from (json_to_recordset($1::json) as (id text, revision bigint, updated_at timestamptz, alert bytea))
      with ordinality as i(id, revision, updated_at, alert, position)
  ), fresh as (
    insert into alert_history select id, revision, updated_at, alert from input
    on conflict do nothing
    returning alert_id, revision
  ), queued as (
    insert into outbox(alert_id, revision, alert)
    select i.id, i.revision, i.alert
    from input i join fresh f on f.alert_id = i.id and f.revision = i.revision order by i.position
    on conflict do nothing
  ), forwarded as (${QUEUE_FORWARDS}
  )
  insert into alerts as a (
    id, revision, rule_id, title, severity, state, techniques, user_names, agent_id, agent_name, entity, count,
    first_at, last_at, raised_at, updated_at, alert, assignee, triage, triage_version)
  select * from json_to_recordset($2::json) as r(
    id text, revision bigint, rule_id text, title text, severity smallint, state smallint, techniques text[],
    user_names text[], agent_id uuid, agent_name text, entity text, count bigint, first_at timestamptz,
    last_at timestamptz, raised_at timestamptz, updated_at timestamptz, alert bytea, assignee text,
    triage double precision, triage_version bigint)
  on conflict (id) do update set
    revision = excluded.revision, rule_id = excluded.rule_id, title = excluded.title, severity = excluded.severity,
    state = excluded.state, techniques = excluded.techniques, user_names = excluded.user_names,
    agent_id = excluded.agent_id, agent_name = excluded.agent_name, entity = excluded.entity, count = excluded.count,
    first_at = excluded.first_at, last_at = excluded.last_at, raised_at = excluded.raised_at,
    updated_at = excluded.updated_at, alert = excluded.alert,
    assignee = excluded.assignee, triage = excluded.triage, triage_version = excluded.triage_version
  where (a.triage_version, a.revision) < (excluded.triage_version, excluded.revision)`;

function alertRow(alert: Alert) {
  const users = [alert.values?.['user.name'], alert.values?.['user.target.name']];
  return {
    id: storableText(alert.id ?? ''),
    revision: storableCount(alert.revision),
    rule_id: storableText(alert.ruleId ?? ''),
    title: storableText(alert.title ?? ''),
    severity: storableCode(alert.severity),
    state: storableCode(alert.state),
    techniques: withParents(alert.techniques ?? []).map(indexableText),
    user_names: users.filter((user) => user !== undefined).map(indexableText),
    agent_id: agentOrNull(alert.agentId),
    agent_name: storableText(alert.agentName ?? ''),
    entity: storableText(alert.entity ?? ''),
    count: storableCount(alert.count),
    first_at: timestamp(alert.firstAtUs ?? 0),
    last_at: timestamp(alert.lastAtUs ?? 0),
    raised_at: timestamp(alert.raisedAtUs ?? 0),
    updated_at: timestamp(alert.updatedAtUs ?? 0),
    alert: bytea(Alert.encode(encodable(alert)).finish()),
    assignee: storableText(alert.assignee ?? ''),
    triage: alert.triage?.probability ?? -1,
    triage_version: storableCount(alert.triageVersion),
  };
}

/** T1110.001 is found by T1110 too. */
function withParents(techniques: readonly string[]): string[] {
  return [...new Set(techniques.flatMap((each) => [each, each.replace(/\..*$/s, '')]))];
}

/** Findings about the fleet name no agent. */
function agentOrNull(agentId: string | null | undefined): string | null {
  return agentId && uuidBytes(agentId) ? agentId : null;
}

/** What was published. */
export async function removeFromOutbox(session: Session, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await session.query('delete from outbox where id in (select value::bigint from json_array_elements_text($1::json))', [
    JSON.stringify(ids),
  ]);
}
