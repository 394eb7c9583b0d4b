// The series as continuous aggregates over `events`: minutes of the events, hours of the minutes, days of the hours. They
// have the names and columns of the tables of migrations/0002-series.sql, so reads are the same. Real-time: what is newer
// than the last refresh is counted from the level below when it is asked for.
//
// What differs from tables that commits add to:
//
//   late events     of a time that was refreshed already show with the next refresh: within a minute in the minutes, five
//                   in the hours, an hour in the days
//   later ones      that come when less than an hour is left of what retention keeps are stored and not counted
//   floods of names are not counted together under `*`: each name has its rows, for as long as retention keeps them
import type { Database, Session } from './database.ts';
import { SCHEMA_LOCK } from './migrate.ts';
import { USER_LENGTH_MAX } from './series.ts';

export const SERIES_TABLES = { minute: 'series_minute', hour: 'series_hour', day: 'series_day' } as const;

/** Finest first: each is made of the one before. */
const LEVELS = [
  { view: SERIES_TABLES.minute, width: '1 minute', from: 'events', chunk: '1 day' },
  { view: SERIES_TABLES.hour, width: '1 hour', from: SERIES_TABLES.minute, chunk: '10 days' },
  { view: SERIES_TABLES.day, width: '1 day', from: SERIES_TABLES.hour, chunk: '100 days' },
] as const;

/** Sums are kept within what JavaScript counts, as commits do in the tables. */
const MOST = Number.MAX_SAFE_INTEGER;

const USER = `coalesce(left(user_name, ${USER_LENGTH_MAX}), '')`;

function definition({ view, width, from }: (typeof LEVELS)[number]): string {
  const events = from === 'events';
  return `create materialized view ${view} with (timescaledb.continuous, timescaledb.materialized_only = false) as
    select time_bucket(interval '${width}', ${events ? 'event_at' : 'bucket'}) as bucket, agent_id, class, outcome,
      ${events ? USER : 'user_name'} as user_name, ${events ? 'count(*)' : 'sum(events)::bigint'} as events,
      least(sum(${events ? 'coalesce(network_bytes, 0)' : 'bytes'}), ${MOST})::bigint as bytes
    from ${from} group by 1, 2, 3, 4, 5 with no data`;
}

/** `empty`: tables nothing was counted in yet; `counted`: tables with rows, which nothing else may replace. */
export async function seriesState(session: Session): Promise<'aggregates' | 'empty' | 'counted'> {
  const names = Object.values(SERIES_TABLES);
  const views = await session.query(
    `select 1 from timescaledb_information.continuous_aggregates
     where view_schema = current_schema() and view_name in (${names.map((name) => `'${name}'`)})`,
  );
  if (views.length === names.length) return 'aggregates';
  const [row] = await session.query(
    `select ${names.map((name) => `exists (select from ${name})`).join(' or ')} as counted`,
  );
  return row?.counted === true ? 'counted' : 'empty';
}

/** Puts the aggregates in the place of the tables, all or nothing. The caller found them empty. */
export function useAggregates(database: Database): Promise<undefined> {
  return database.transaction(async (session) => {
    await session.query('select pg_advisory_xact_lock($1)', [SCHEMA_LOCK]);
    // Another collector that starts now may have been first.
    if ((await seriesState(session)) !== 'empty') return undefined;
    await session.script(`drop table ${Object.values(SERIES_TABLES).join(', ')}`);
    for (const level of LEVELS) {
      await session.script(definition(level));
      // Retention drops whole chunks; the default would be ten days for the minutes, too.
      const chunked = await chunkedName(session, level.view);
      await session.query('select set_chunk_time_interval($1::regclass, $2::interval)', [chunked, level.chunk]);
    }
    return undefined;
  });
}

/** The hypertable that holds the rows of an aggregate; the relation itself where it is none. */
export async function chunkedName(session: Session, relation: string): Promise<string> {
  const [row] = await session.query(
    `select format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name) as name
     from timescaledb_information.continuous_aggregates where view_schema = current_schema() and view_name = $1`,
    [relation],
  );
  return row ? String(row.name) : relation;
}
