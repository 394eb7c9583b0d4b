// What people decided about alerts: the acts, and the verdicts that triage learns from.
import { Alert, AlertState, AlertVerdict } from '@threatguard/proto';
import type { AlertActRecord, TriageActionName } from '../triage/change-alert.ts';
import { appendAudit } from './audit.ts';
import { uuidBytes } from './copy-writer.ts';
import type { Session } from './database.ts';
import type { ActClaim, ActOfOthers } from './shared-store.ts';
import { bytea, encodable, storableCode, storableText, timestamp } from './values.ts';

/** Acts on one alert that are shown: the newest. */
const ACTS_MAX = 1_000;
/** Longer than an act takes to be stored; one of a collector that was killed meanwhile stands in nobody's way for long. */
const CLAIM_SECONDS_MAX = 60;

/** An act on an alert as it is kept. */
export interface StoredAct {
  version: number;
  atUs: number;
  actorKind: string;
  actorId: string;
  action: TriageActionName;
  text: string;
  state: AlertState;
  assignee: string;
  verdict: AlertVerdict;
}

/**
 * Acts with their verdicts and audit entries, each once, however often the group comes. The last thing a transaction does:
 * writers queue for the audit chain.
 */
export async function storeActs(session: Session, acts: readonly AlertActRecord[]): Promise<void> {
  if (acts.length === 0) return;
  const rows = acts.map(actRow);
  const fresh = await session.query(
    `insert into alert_acts select * from json_to_recordset($1::json) as r(
       alert_id text, version bigint, at timestamptz, actor_kind text, actor_id text, action text, text text,
       state smallint, assignee text, verdict smallint)
     on conflict do nothing returning alert_id, version`,
    [JSON.stringify(rows)],
  );
  const stored = new Set(fresh.map((row) => `${row.alert_id}:${row.version}`));
  const done = acts.filter(({ after }) => stored.has(`${after.id}:${after.triageVersion}`));
  await storeVerdicts(session, done);
  for (const { decision, before, after, by, atUs } of done) {
    await appendAudit(session, atUs, by, {
      action: `alert.${decision.action}`,
      subject: after.id ?? '',
      before: triageState(before),
      after: { ...triageState(after), ...(decision.text && { text: decision.text }) },
    });
  }
}

async function storeVerdicts(session: Session, acts: readonly AlertActRecord[]): Promise<void> {
  const closed = acts.filter(({ decision }) => decision.action === 'close').map(verdictRow);
  const opened = acts.filter(({ decision }) => decision.action === 'reopen').map(({ after }) => after.id);
  if (opened.length > 0) {
    await session.query(
      'delete from verdicts where alert_id in (select value from json_array_elements_text($1::json))',
      [JSON.stringify(opened)],
    );
  }
  if (closed.length === 0) return;
  await session.query(
    `insert into verdicts select r.*, h.alert from json_to_recordset($1::json) as r(
       alert_id text, rule_id text, agent_id uuid, entity text, severity smallint, verdict smallint, reason text,
       actor_id text, at timestamptz, alert bytea)
     left join alert_history h on h.alert_id = r.alert_id and h.revision = 1
     on conflict (alert_id) do update set verdict = excluded.verdict, reason = excluded.reason,
       actor_id = excluded.actor_id, at = excluded.at, severity = excluded.severity, alert = excluded.alert,
       raised = coalesce(excluded.raised, verdicts.raised)`,
    [JSON.stringify(closed)],
  );
}

/** Claims what nobody has claimed or made; the ids of the alerts. */
export async function claimActs(session: Session, claims: readonly ActClaim[]): Promise<ReadonlySet<string>> {
  await session.query(`delete from alert_act_claims where claimed_at < now() - make_interval(secs => $1)`, [
    CLAIM_SECONDS_MAX,
  ]);
  const rows = await session.query(
    `insert into alert_act_claims (alert_id, version)
     select alert_id, version from json_to_recordset($1::json) as r(alert_id text, version bigint)
     where not exists (select from alert_acts a where a.alert_id = r.alert_id and a.version >= r.version)
     order by alert_id on conflict do nothing returning alert_id`,
    [claimRows(claims)],
  );
  return new Set(rows.map((row) => row.alert_id));
}

export async function releaseActs(session: Pick<Session, 'query'>, claims: readonly ActClaim[]): Promise<void> {
  await session.query(
    `delete from alert_act_claims c using json_to_recordset($1::json) as r(alert_id text, version bigint)
     where c.alert_id = r.alert_id and c.version = r.version`,
    [claimRows(claims)],
  );
}

function claimRows(claims: readonly ActClaim[]): string {
  return JSON.stringify(claims.map(({ alertId, version }) => ({ alert_id: storableText(alertId), version })));
}

/** Oldest first. */
export async function alertActs(session: Session, alertId: string): Promise<StoredAct[]> {
  const rows = await session.query(
    `select version, at, actor_kind, actor_id, action, text, state, assignee, verdict from alert_acts
     where alert_id = $1 order by version desc limit $2`,
    [storableText(alertId), ACTS_MAX],
  );
  return rows.reverse().map((row) => ({
    version: row.version,
    atUs: row.at,
    actorKind: row.actor_kind,
    actorId: row.actor_id,
    action: row.action,
    text: row.text,
    state: row.state,
    assignee: row.assignee,
    verdict: row.verdict,
  }));
}

/** After this version of the topic `alert acts`, in order; each with the verdict that stood before it. */
export async function actsAfter(session: Session, version: number, limit: number): Promise<ActOfOthers[]> {
  const rows = await session.query(
    `select a.change, a.alert_id, a.version, a.action, a.verdict, coalesce(b.verdict, 0) as verdict_before
     from alert_acts a left join alert_acts b on b.alert_id = a.alert_id and b.version = a.version - 1
     where a.change > $1 order by a.change limit $2`,
    [version, limit],
  );
  return rows.map((row) => ({
    change: row.change,
    alertId: row.alert_id,
    version: row.version,
    action: row.action,
    verdict: row.verdict,
    verdictBefore: row.verdict_before,
  }));
}

/** Of alerts that are kept. */
export async function alertStates(session: Session, ids: readonly string[]): Promise<Map<string, AlertState>> {
  if (ids.length === 0) return new Map();
  const rows = await session.query(
    'select id, state from alerts where id in (select value from json_array_elements_text($1::json))',
    [JSON.stringify(ids)],
  );
  return new Map(rows.map((row) => [row.id, row.state]));
}

function actRow({ decision, after, by, atUs }: AlertActRecord) {
  return {
    alert_id: storableText(after.id ?? ''),
    version: after.triageVersion,
    at: timestamp(atUs),
    actor_kind: by.kind,
    actor_id: storableText(by.id),
    action: decision.action,
    text: storableText(decision.text),
    state: storableCode(after.state),
    assignee: storableText(after.assignee ?? ''),
    verdict: storableCode(after.verdict),
  };
}

function verdictRow({ decision, after, by, atUs }: AlertActRecord) {
  return {
    alert_id: storableText(after.id ?? ''),
    rule_id: storableText(after.ruleId ?? ''),
    agent_id: after.agentId && uuidBytes(after.agentId) ? after.agentId : null,
    entity: storableText(after.entity ?? ''),
    severity: storableCode(after.severity),
    verdict: storableCode(decision.verdict),
    reason: storableText(decision.text),
    actor_id: storableText(by.id),
    at: timestamp(atUs),
    alert: bytea(Alert.encode(encodable(after)).finish()),
  };
}

/** What an act may change, as the audit log shows it. */
function triageState({ state, assignee, verdict }: Alert) {
  return {
    state: (AlertState[state ?? 0] ?? 'open').toLowerCase(),
    ...(assignee && { assignee }),
    ...(verdict && { verdict: (AlertVerdict[verdict] ?? '').toLowerCase() }),
  };
}
