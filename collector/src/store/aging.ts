// What goes by age row by row, because it has no day of its own: a unique key, a chain, or too few rows to be worth one.
import { pruneAudit } from './audit.ts';
import type { Session } from './database.ts';
import { dayStart, LOCK_TIMEOUT_MS } from './days.ts';
import { forgetForwards } from './forwarding-records.ts';
import { HELD } from './holds.ts';
import { firstDayKept, type Retention, SERIES_DAY_DAYS, SERIES_HOUR_DAYS, TOKEN_DAYS } from './retention.ts';
import { isChunked } from './timescale.ts';
import { DELETED_ROWS_MAX, DELETIONS_MAX, type UpkeepRun } from './upkeep-run.ts';

/** Batches set aside that are kept for somebody to look at; beyond it the oldest go before their time. */
const QUARANTINE_ROWS_MAX = 10_000;

/** What simulated rules matched: the newest, for as long as somebody may still decide by it. */
const SIMULATED_ROWS_MAX = 100_000;
const SIMULATED_DAYS = 30;

/** Where they are tables: TimescaleDB drops chunks of its own. The minutes of hosts and users go with their day. */
const SERIES_BY_AGE: readonly [string, (retention: Retention) => number][] = [
  ['fleet_minute', ({ seriesMinute }) => seriesMinute],
  ...['series_hour', 'user_hour', 'fleet_hour'].map((table): [string, () => number] => [table, () => SERIES_HOUR_DAYS]),
  ...['series_day', 'user_day', 'fleet_day'].map((table): [string, () => number] => [table, () => SERIES_DAY_DAYS]),
];

export async function ageOut(run: UpkeepRun, retention: Retention, nowUs: number): Promise<void> {
  const before = (days: number) => `'${dayStart(firstDayKept(nowUs, days))}'`;
  for (const [table, days] of SERIES_BY_AGE) {
    if (!(await isChunked(run.database, table))) await run.deleteRows(table, `bucket < ${before(days(retention))}`);
  }
  await run.deleteRows('risk_points', `at < ${before(retention.risk)} and not ${HELD.risk_points}`);
  await run.deleteRows('exceptions', `coalesce(removed_at, expires_at) < ${before(retention.alerts)}`);
  await run.deleteRows('detections', `last_at < ${before(retention.alerts)} and not ${HELD.detections}`);
  await run.deleteRows('simulated_matches', `last_at < ${before(Math.min(SIMULATED_DAYS, retention.alerts))}`);
  await run.deleteRows(
    'simulated_matches',
    `id <= (select id from simulated_matches order by id desc offset ${SIMULATED_ROWS_MAX} limit 1)`,
  );
  // Before the history they name: what a target did not have in time is counted as missed by it.
  await inParts(run, (session) => forgetForwards(session, { before: dayStart(firstDayKept(nowUs, retention.alerts)) }));
  // What belongs to it first: interrupted in between, the owner is still there to find the rest by.
  const oldAlerts = `select id from alerts where updated_at < ${before(retention.alerts)} and not ${HELD.alerts}`;
  await run.deleteRows('alert_history', `alert_id in (${oldAlerts})`);
  await run.deleteRows('alert_acts', `alert_id in (${oldAlerts})`);
  await run.deleteRows('verdicts', `at < ${before(Math.max(retention.alerts, SERIES_DAY_DAYS))}`);
  await run.deleteRows(
    'alerts',
    `updated_at < ${before(retention.alerts)} and not ${HELD.alerts}
     and not exists (select from alert_history h where h.alert_id = alerts.id)
     and not exists (select from alert_acts t where t.alert_id = alerts.id)`,
  );
  const oldIncidents = `select id from incidents where updated_at < ${before(retention.alerts)} and not ${HELD.incidents}`;
  await run.deleteRows('incident_alerts', `incident_id in (${oldIncidents})`);
  await run.deleteRows(
    'incidents',
    `updated_at < ${before(retention.alerts)} and not ${HELD.incidents}
     and not exists (select from incident_alerts a where a.incident_id = incidents.id)`,
  );
  await run.deleteRows('entities', `updated_at < ${before(retention.alerts)} and not ${HELD.entities}`);
  await run.deleteRows('behaviour_hours', `last_at < ${before(retention.events)}`);
  await run.deleteRows('behaviour_sequences', `last_at < ${before(retention.events)}`);
  await run.deleteRows('tokens', `expires_at < ${before(TOKEN_DAYS)}`);
  await run.deleteRows('refusals', `last_at < ${before(retention.evidence)}`);
  await run.deleteRows('quarantine', `received_at < ${before(retention.evidence)} and not ${HELD.quarantine}`);
  await run.deleteRows(
    'quarantine',
    `id <= (select id from quarantine order by id desc offset ${QUARANTINE_ROWS_MAX} limit 1)
     and not ${HELD.quarantine}`,
  );
  // Envelopes are also how an alert finds its events: they stay as long as either is kept.
  const envelopes = dayStart(firstDayKept(nowUs, Math.max(retention.evidence, retention.events)));
  await inParts(run, (session) => forgetEnvelopes(session, envelopes));
  const audit = { before: dayStart(firstDayKept(nowUs, retention.audit)), nowUs, rowsMax: DELETED_ROWS_MAX };
  await inParts(run, (session) => pruneAudit(session, audit));
}

async function inParts(run: UpkeepRun, part: (session: Session) => Promise<number>): Promise<void> {
  for (let turn = 0; turn < DELETIONS_MAX; turn++) {
    const removed = (await run.step(part)) ?? 0;
    run.report.deleted += removed;
    if (removed < DELETED_ROWS_MAX) return;
  }
}

/**
 * Removes envelope rows, which are what makes a batch unique, and raises the floor of their streams to the newest of them
 * in the same transaction: what comes with a sequence up to there was stored before (storeGroup). Commits wait meanwhile,
 * so none can look at the floor before and at the rows after.
 */
async function forgetEnvelopes(session: Session, before: string): Promise<number> {
  const free = `received_at < $1 and not ${HELD.envelopes}`;
  const [old] = await session.query(`select 1 from envelopes where ${free} limit 1`, [before]);
  if (!old) return 0;
  await session.script(`set local lock_timeout = ${LOCK_TIMEOUT_MS}; lock table stream_positions in exclusive mode`);
  const [row] = await session.query(
    `with gone as (
       delete from envelopes where ctid = any(array(
         select ctid from envelopes where ${free} limit ${DELETED_ROWS_MAX}))
       returning agent_id, stream_id, sequence
     ), raised as (
       update stream_positions p set floor = greatest(p.floor, g.sequence)
       from (select agent_id, stream_id, max(sequence) as sequence from gone group by agent_id, stream_id) g
       where p.agent_id = g.agent_id and p.stream_id = g.stream_id
     )
     select count(*) as rows from gone`,
    [before],
  );
  return row?.rows ?? 0;
}
