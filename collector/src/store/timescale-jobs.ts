// What the database does by the clock (timescale-policies.ts) needs its job scheduler, background workers enough, and jobs
// that succeed. None of these can be seen from a commit: without them the disk fills, and searches get slower every day.
import type { Row, Session } from './database.ts';
import { isChunked } from './timescale.ts';
import { timestamp } from './values.ts';

/** A job is late when it has missed so many of its turns, and as many minutes: servers are restarted, and jobs wait. */
const TURNS_MISSED = 3;
const MINUTES_MISSED = 10;
/** Characters of what the database says about a failure. */
const ERROR_LENGTH_MAX = 300;

const PROCEDURES: Record<string, string> = {
  policy_retention: 'retention',
  policy_compression: 'columnstore',
  policy_refresh_continuous_aggregate: 'refresh',
};

/** One line for what is not done any more, and one for each job that fails; none where there is no TimescaleDB. */
export async function jobProblems(session: Session, nowUs: number): Promise<string[]> {
  if (!(await isChunked(session, 'events'))) return [];
  const jobs = await session.query(
    `select j.proc_name::text as procedure, coalesce(c.view_name, j.hypertable_name)::text as relation,
       coalesce(s.last_run_status = 'Failed', false) as failed,
       coalesce(s.job_status <> 'Running', true) and greatest(s.last_run_started_at, j.initial_start)
         < $1::timestamptz - ${TURNS_MISSED} * j.schedule_interval - interval '${MINUTES_MISSED} minutes' as late,
       (select left(e.err_message, ${ERROR_LENGTH_MAX}) from timescaledb_information.job_errors e
        where e.job_id = j.job_id order by e.start_time desc limit 1) as error
     from timescaledb_information.jobs j
     left join timescaledb_information.job_stats s on s.job_id = j.job_id
     left join timescaledb_information.continuous_aggregates c
       on j.hypertable_name in (c.view_name, c.materialization_hypertable_name) and c.view_schema = current_schema()
     where j.proc_name in (${Object.keys(PROCEDURES).map((name) => `'${name}'`)})
       and j.hypertable_schema in (current_schema(), '_timescaledb_internal')
     order by j.job_id`,
    [timestamp(nowUs)],
  );
  const nameOf = ({ procedure, relation }: Row) => `${PROCEDURES[procedure]} of ${relation}`;
  const late = jobs.filter((job) => job.late === true).map(nameOf);
  const failed = jobs.filter((job) => job.failed === true);
  return [
    ...(late.length > 0 ? [notDone(late)] : []),
    ...failed.map((job) => `TimescaleDB fails at the ${nameOf(job)}: ${job.error ?? 'its log says why'}`),
  ];
}

function notDone(names: readonly string[]): string {
  const [first, ...others] = names;
  const which = others.length > 0 ? `${first} and ${others.length} more` : first;
  return (
    `TimescaleDB does not do its work (${which}), so old data stays: is its job scheduler running, with ` +
    'timescaledb.max_background_workers and max_worker_processes enough for all databases, and are the jobs scheduled?'
  );
}
