// What keeps the store in shape, in steps that are a transaction each: interrupted anywhere, the next run goes on from
// what the catalogue says. Each step takes an advisory lock or does nothing, so of several collectors one does the work.
import type { Database, Session } from './database.ts';
import { DAILY_TABLES, dayStart, readPartitions } from './days.ts';
import { keepDays } from './days-upkeep.ts';
import { dayOf, firstDayKept, type Retention, SERIES_DAY_DAYS, SERIES_HOUR_DAYS } from './retention.ts';
import { dropChunks, isChunked } from './timescale.ts';
import { keepPolicies, keptRelations } from './timescale-policies.ts';

/** The number only has to be ours, and another than that of the migrations. */
const UPKEEP_LOCK = 7_443_002;
/** Rows deleted in one transaction: well below a second. */
const DELETED_ROWS_MAX = 10_000;
/** Such transactions for one table in one run. What is left goes an hour later. */
const DELETIONS_MAX = 50;

export interface UpkeepReport {
  /** Partitions made ahead, or for rows that had none; policies of the database that were set or changed. */
  made: string[];
  /** Partitions or chunks dropped because retention passed them. */
  dropped: string[];
  /** Rows deleted that retention passed and that do not stand in a partition to drop. */
  deleted: number;
  /** Another collector was at it: this one left the rest to it. */
  elsewhere: boolean;
}

/** One run, which holds up commits for no longer than one step at a time. */
export class UpkeepRun {
  readonly report: UpkeepReport = { made: [], dropped: [], deleted: 0, elsewhere: false };
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get database(): Session {
    return this.#database;
  }

  /** Undefined where another collector is at work, and from then on. */
  async step<T>(work: (session: Session) => Promise<T>): Promise<T | undefined> {
    if (this.report.elsewhere) return undefined;
    return this.#database.transaction(async (session) => {
      const [row] = await session.query('select pg_try_advisory_xact_lock($1) as mine', [UPKEEP_LOCK]);
      if (row?.mine === true) return work(session);
      this.report.elsewhere = true;
      return undefined;
    });
  }

  /** Deletes what a condition names, a part at a time. */
  async deleteRows(table: string, condition: string): Promise<void> {
    for (let turn = 0; turn < DELETIONS_MAX; turn++) {
      const rows = await this.step((session) =>
        session.query(
          `delete from ${table} where ctid = any(array(
             select ctid from ${table} where ${condition} limit ${DELETED_ROWS_MAX})) returning 1`,
        ),
      );
      this.report.deleted += rows?.length ?? 0;
      if ((rows?.length ?? 0) < DELETED_ROWS_MAX) return;
    }
  }
}

/** Makes days ahead, moves what came without one, and removes what retention has passed. Bounded; safe to repeat. */
export async function keepUp(database: Database, retention: Retention, nowUs: number): Promise<UpkeepReport> {
  const run = new UpkeepRun(database);
  const keptByDatabase = await keepPolicies(run, retention);
  for (const daily of DAILY_TABLES) {
    const keptFrom = firstDayKept(nowUs, retention[daily.kind]);
    if (await readPartitions(database, daily.table)) await keepDays(run, daily, { keptFrom, nowUs });
  }
  for (const { relation, days } of keptRelations(retention)) {
    if (keptByDatabase.has(relation) || !(await isChunked(database, relation))) continue;
    const names = await run.step((session) => dropChunks(session, relation, firstDayKept(nowUs, days)));
    run.report.dropped.push(...(names ?? []));
  }
  const before = (days: number) => `'${dayStart(firstDayKept(nowUs, days))}'`;
  for (const [table, days] of [
    ['series_hour', SERIES_HOUR_DAYS],
    ['series_day', SERIES_DAY_DAYS],
  ] as const) {
    if (!(await isChunked(database, table))) await run.deleteRows(table, `bucket < ${before(days)}`);
  }
  await run.deleteRows('detections', `last_at < ${before(retention.alerts)}`);
  // The history first: interrupted in between, the alert is still there to find the rest of it by.
  const old = `select id from alerts where updated_at < ${before(retention.alerts)}`;
  await run.deleteRows('alert_history', `alert_id in (${old})`);
  await run.deleteRows(
    'alerts',
    `updated_at < ${before(retention.alerts)}
    and not exists (select from alert_history h where h.alert_id = alerts.id)`,
  );
  if (database.kind === 'pglite') await tidyEmbedded(database, run.report.made, nowUs);
  return run.report;
}

/** Nothing cleans up behind the embedded engine or counts for its planner: it has no background processes. */
async function tidyEmbedded(database: Database, made: readonly string[], nowUs: number): Promise<void> {
  const names = ['agents', 'stream_positions', 'alerts', 'outbox', 'series_hour', 'series_day'];
  for (const { table } of DAILY_TABLES) {
    const recent = ((await readPartitions(database, table)) ?? []).filter(({ to }) => to - 1 <= dayOf(nowUs)).slice(-2);
    names.push(`${table}_rest`, ...recent.map(({ name }) => name));
  }
  // One at a time: commits go in between.
  for (const name of new Set([...names, ...made])) await database.script(`vacuum (analyze) ${name}`);
}
