// What the database itself does by the clock: it drops what retention has passed, and refreshes the series. The
// configuration of the collector is the one source of how long; policies that say something else are changed.
//
// Invariant: a refresh never reaches into what was dropped, or it would take the counts for gone with their events. A
// window begins an hour after the oldest that is kept below it. Where retention grows, it grows no faster than time
// passes: what was dropped before stays outside.
import type { Row, Session } from './database.ts';
import { HELD_RELATIONS, hasHolds } from './holds.ts';
import { type Retention, SERIES_DAY_DAYS, SERIES_HOUR_DAYS } from './retention.ts';
import { StoreError } from './store-error.ts';
import { isChunked } from './timescale.ts';
import { chunkedName, FLEET_TABLES, SERIES_TABLES, USER_TABLES } from './timescale-series.ts';
import type { UpkeepRun } from './upkeep-run.ts';

const EVERY = '1 hour';
const MARGIN_HOURS = 1;
const DAY_HOURS = 24;

interface Kept {
  relation: string;
  days: number;
}

interface Refreshed {
  view: string;
  /** For how long what it is made of is kept, and itself. */
  days: number;
  /** How far behind now a refresh ends: what is newer is counted when it is asked for. */
  end: string;
  every: string;
}

export function keptRelations(retention: Retention): Kept[] {
  return [
    { relation: 'events', days: retention.events },
    { relation: 'batch_terms', days: retention.events },
    { relation: 'evidence', days: retention.evidence },
    { relation: 'losses', days: retention.losses },
    ...[SERIES_TABLES, USER_TABLES, FLEET_TABLES].flatMap(({ minute, hour, day }) => [
      { relation: minute, days: retention.seriesMinute },
      { relation: hour, days: SERIES_HOUR_DAYS },
      { relation: day, days: SERIES_DAY_DAYS },
    ]),
  ];
}

function refreshedViews({ events, seriesMinute }: Retention): Refreshed[] {
  return [SERIES_TABLES, USER_TABLES, FLEET_TABLES].flatMap(({ minute, hour, day }) => [
    { view: minute, days: Math.min(events, seriesMinute), end: '1 minute', every: '1 minute' },
    { view: hour, days: Math.min(seriesMinute, SERIES_HOUR_DAYS), end: '1 hour', every: '5 minutes' },
    { view: day, days: SERIES_HOUR_DAYS, end: '1 day', every: '1 hour' },
  ]);
}

/**
 * Sets and changes the policies. Returns the relations the database now keeps by itself: none where there is no
 * TimescaleDB, or where its edition has no policies.
 */
export async function keepPolicies(run: UpkeepRun, retention: Retention): Promise<Set<string>> {
  const kept = new Set<string>();
  // Windows first: where retention shrinks, a refresh in between must not meet what is dropped already.
  for (const refreshed of refreshedViews(retention)) {
    if (!(await isAggregate(run.database, refreshed.view))) continue;
    await run.step((session) => setRefresh(session, refreshed, run.report.made));
  }
  const holds = await hasHolds(run.database);
  for (const each of keptRelations(retention)) {
    // While something is held the database must not drop by itself: upkeep does, what nothing holds.
    if (holds && HELD_RELATIONS.includes(each.relation)) continue;
    if (!(await isChunked(run.database, each.relation))) continue;
    try {
      await run.step((session) => setRetention(session, each, run.report.made));
      kept.add(each.relation);
    } catch (error) {
      // 0A000: the Apache edition has no policies.
      if (!(error instanceof StoreError) || error.code !== 'rejected') throw error;
    }
  }
  return kept;
}

async function isAggregate(session: Session, relation: string): Promise<boolean> {
  return (await isChunked(session, relation)) && (await chunkedName(session, relation)) !== relation;
}

/** The job of a policy as the catalogue has it; aggregates stand there by either of their names. */
async function readJob(
  session: Session,
  procedure: string,
  relation: string,
  columns: string,
): Promise<Row | undefined> {
  const chunked = (await chunkedName(session, relation)).replace(/^.*\./, '');
  const [row] = await session.query(
    `select ${columns} from timescaledb_information.jobs
     where proc_name = '${procedure}' and hypertable_name in ($1, $2)
       and hypertable_schema in (current_schema(), '_timescaledb_internal')`,
    [relation, chunked],
  );
  return row;
}

async function setRetention(session: Session, { relation, days }: Kept, made: string[]): Promise<void> {
  const interval = `interval '${days} days'`;
  const columns = `(config ->> 'drop_after')::interval = ${interval} as current`;
  const job = await readJob(session, 'policy_retention', relation, columns);
  if (job?.current === true) return;
  await session.script(`
    select remove_retention_policy('${relation}', if_exists => true);
    select add_retention_policy('${relation}', drop_after => ${interval}, schedule_interval => interval '${EVERY}',
      initial_start => now())`);
  made.push(`retention of ${relation}: ${days} days`);
}

async function setRefresh(session: Session, { view, days, end, every }: Refreshed, made: string[]): Promise<void> {
  const hours = (interval: string) => `floor(extract(epoch from ${interval}) / 3600)::bigint`;
  const order = await refreshOrder(session);
  const columns = `${hours("(config ->> 'start_offset')::interval")} as hours, ${hours('now() - initial_start')} as age,
    (config ->> 'end_offset')::interval = interval '${end}' and schedule_interval = interval '${every}'
      and ${order ? `config ->> '${order}' is not distinct from 'false'` : 'true'} as current`;
  const job = await readJob(session, 'policy_refresh_continuous_aggregate', view, columns);
  const wanted = days * DAY_HOURS - MARGIN_HOURS;
  const reached = job ? Math.min(wanted, Number(job.hours) + Math.max(0, Number(job.age ?? 0))) : wanted;
  // A window that grows does so by days, not at every hour.
  const grows = job && reached > job.hours && reached < wanted && reached < job.hours + DAY_HOURS;
  if (job?.current === true && (reached === job.hours || grows)) return;
  await session.script(`
    select remove_continuous_aggregate_policy('${view}', if_exists => true);
    select add_continuous_aggregate_policy('${view}', start_offset => interval '${reached} hours',
      end_offset => interval '${end}', schedule_interval => interval '${every}', initial_start => now()
      ${order ? `, ${order} => false` : ''})`);
  made.push(`refresh of ${view}: ${reached} hours`);
}

/**
 * A refresh in steps (since 2.20) begins with the newest unless told otherwise. What is older than that and was not counted yet
 * would then be missing in every answer until the last step: in the other order the database adds it from the events.
 */
async function refreshOrder(session: Session): Promise<'refresh_newest_first' | undefined> {
  const name = 'refresh_newest_first';
  const known = await session.query(
    `select 1 from pg_proc where proname = 'add_continuous_aggregate_policy' and '${name}' = any(proargnames)`,
  );
  return known.length > 0 ? name : undefined;
}
