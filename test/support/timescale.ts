// What a TimescaleDB does in its own time, done now.
import type { Database } from '../../collector/src/store/database.ts';
import { isChunked } from '../../collector/src/store/timescale.ts';
import { seriesState } from '../../collector/src/store/timescale-series.ts';
import { until } from './until.ts';

/**
 * From now on only tests run policies: a refresh of the server's own at the same time would be refused, or theirs. Who is no
 * superuser may not stop the workers, and pauses the jobs that there are.
 */
export async function stopWorkers(database: Database): Promise<void> {
  const name = 'stop_background_workers';
  const [row] = await database.query(
    `select n.nspname as schema, (select rolsuper from pg_roles where rolname = current_user) as may
     from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where p.proname = '${name}' and n.nspname in ('_timescaledb_functions', '_timescaledb_internal') order by 1 limit 1`,
  );
  if (row?.may === true) await database.query(`select ${row.schema}.${name}()`);
  else
    await database.query(
      'select alter_job(job_id, scheduled => false) from timescaledb_information.jobs where job_id >= 1000',
    );
}

/**
 * Brings the series up to date with everything that is stored, late events too. Twice: before 2.29 a refresh may leave the
 * last bucket that changed to the next one (timescaledb #10221). In one step where it can be told to: since 2.28 it is a commit
 * for every few buckets.
 */
export async function refreshSeries(database: Database): Promise<void> {
  const levels = ['series', 'user', 'fleet'].flatMap((kind) =>
    ['minute', 'hour', 'day'].map((level) => `${kind}_${level}`),
  );
  const batched = await database.query(
    "select 1 from pg_proc where proname = 'refresh_continuous_aggregate' and 'options' = any(proargnames)",
  );
  const whole = batched.length > 0 ? `, options => '{"buckets_per_batch": 0}'` : '';
  await database.aside!(async (session) => {
    for (const view of levels.flatMap((level) => [level, level])) {
      await session.query(`call refresh_continuous_aggregate('${view}', null, null${whole})`);
    }
  });
}

/** Whether the database counts the series by itself; the Apache edition does not. */
export async function countsItself(database: Database): Promise<boolean> {
  return (await isChunked(database, 'series_minute')) && (await seriesState(database)) === 'aggregates';
}

/** The chunks of a table by the names that plans call them. */
export async function chunksOf(database: Database, table: string): Promise<Set<string>> {
  const rows = await database.query(
    `select chunk_name::text as name from timescaledb_information.chunks
     where hypertable_schema = current_schema() and hypertable_name = $1`,
    [table],
  );
  return new Set(rows.map(({ name }) => String(name)));
}

export interface Policy {
  id: number;
  relation: string;
  config: Record<string, string | number | boolean>;
}

/** The policies of a kind, by relation; aggregates by the name of their view. */
export async function policies(database: Database, procedure: string): Promise<Policy[]> {
  const rows = await database.query(
    `select job_id as id, coalesce(c.view_name, j.hypertable_name)::text as relation, config::text as config
     from timescaledb_information.jobs j left join timescaledb_information.continuous_aggregates c
       on j.hypertable_name in (c.view_name, c.materialization_hypertable_name)
     where proc_name = '${procedure}' order by 2`,
  );
  return rows.map(({ id, relation, config }) => ({ id, relation, config: JSON.parse(config) }));
}

/** Runs what the policies of a kind would do next. */
export async function runPolicies(database: Database, procedure: string): Promise<void> {
  const all = await policies(database, procedure);
  // Longer than a read may, on a busy machine.
  await database.aside!(async (session) => {
    for (const { id } of all) await session.query(`call run_job(${id})`);
  });
}

/** Whether the server itself runs a job of a kind and that fails, within the time that a free worker takes. */
export async function hasFailed(database: Database, procedure: string): Promise<boolean> {
  const failed = async () => {
    const rows = await database.query(
      `select 1 from timescaledb_information.jobs j join timescaledb_information.job_errors e using (job_id)
       where j.proc_name = '${procedure}' and e.err_message not like 'failed to start%' limit 1`,
    );
    return rows.length > 0;
  };
  const inTime = until(failed, { limitMs: 5_000, what: 'a job', everyMs: 200 });
  return inTime.catch(() => false);
}
