// The series as continuous aggregates over `events`: minutes of the events, hours of the minutes, days of the hours; and
// the totals of users and of the fleet, minutes of the minutes by host, hours and days of those. They have the names and columns of the
// tables of the migrations (but `slot`), so reads are the same. Real-time: what is newer than the last refresh is counted
// from the level below when it is asked for.
//
// What differs from tables that commits add to:
//
//   late events     of a time that was refreshed already show with the next refresh: within a minute in the minutes, five
//                   in the hours, an hour in the days; in the totals after once more as long
//   later ones      that come when less than an hour is left of what retention keeps are stored and not counted
//   floods of names are not counted together under `*`: each name has its rows, for as long as retention keeps them
import type { Database, Session } from './database.ts';
import { SCHEMA_LOCK } from './migrate.ts';
import { USER_LENGTH_MAX } from './series-counts.ts';

export const SERIES_TABLES = { minute: 'series_minute', hour: 'series_hour', day: 'series_day' } as const;
export const USER_TABLES = { minute: 'user_minute', hour: 'user_hour', day: 'user_day' } as const;
export const FLEET_TABLES = { minute: 'fleet_minute', hour: 'fleet_hour', day: 'fleet_day' } as const;

const HOST_KEY = ['agent_id', 'class', 'outcome', 'user_name'] as const;
const USER_KEY = ['user_name', 'class', 'outcome'] as const;
const FLEET_KEY = ['class', 'outcome'] as const;

interface Level {
  view: string;
  width: string;
  from: string;
  key: readonly string[];
  /** Retention drops whole chunks; the default would be ten days for the minutes, too. */
  chunk: string;
}

/** What each is made of comes before it. */
const LEVELS: readonly Level[] = [
  { view: SERIES_TABLES.minute, width: '1 minute', from: 'events', key: HOST_KEY, chunk: '1 day' },
  { view: SERIES_TABLES.hour, width: '1 hour', from: SERIES_TABLES.minute, key: HOST_KEY, chunk: '10 days' },
  { view: SERIES_TABLES.day, width: '1 day', from: SERIES_TABLES.hour, key: HOST_KEY, chunk: '100 days' },
  { view: USER_TABLES.minute, width: '1 minute', from: SERIES_TABLES.minute, key: USER_KEY, chunk: '1 day' },
  { view: USER_TABLES.hour, width: '1 hour', from: USER_TABLES.minute, key: USER_KEY, chunk: '10 days' },
  { view: USER_TABLES.day, width: '1 day', from: USER_TABLES.hour, key: USER_KEY, chunk: '100 days' },
  { view: FLEET_TABLES.minute, width: '1 minute', from: SERIES_TABLES.minute, key: FLEET_KEY, chunk: '1 day' },
  { view: FLEET_TABLES.hour, width: '1 hour', from: FLEET_TABLES.minute, key: FLEET_KEY, chunk: '10 days' },
  { view: FLEET_TABLES.day, width: '1 day', from: FLEET_TABLES.hour, key: FLEET_KEY, chunk: '100 days' },
];

/** Sums are kept within what JavaScript counts, as commits do in the tables. */
const MOST = Number.MAX_SAFE_INTEGER;

const USER = `coalesce(left(user_name, ${USER_LENGTH_MAX}), '')`;

function definition({ view, width, from, key }: Level): string {
  const events = from === 'events';
  const columns = key.map((name) => (events && name === 'user_name' ? `${USER} as user_name` : name));
  return `create materialized view ${view} with (timescaledb.continuous, timescaledb.materialized_only = false) as
    select time_bucket(interval '${width}', ${events ? 'event_at' : 'bucket'}) as bucket, ${columns.join(', ')},
      ${events ? 'count(*)' : 'sum(events)::bigint'} as events,
      least(sum(${events ? 'coalesce(network_bytes, 0)' : 'bytes'}), ${MOST})::bigint as bytes
    from ${from} group by ${[1, ...key.map((_, index) => index + 2)]} with no data`;
}

/** `empty`: tables nothing was counted in yet; `counted`: tables with rows, which nothing else may replace. */
export async function seriesState(session: Session): Promise<'aggregates' | 'empty' | 'counted'> {
  const tables = (await levelsToMake(session)).map(({ view }) => view);
  if (tables.length === 0) return 'aggregates';
  const [row] = await session.query(
    `select ${tables.map((name) => `exists (select from ${name})`).join(' or ')} as counted`,
  );
  return row?.counted === true ? 'counted' : 'empty';
}

/** Those that are still tables: all of a new store, the totals of one that had no totals. */
async function levelsToMake(session: Session): Promise<Level[]> {
  const rows = await session.query(
    `select view_name::text as name from timescaledb_information.continuous_aggregates
     where view_schema = current_schema()`,
  );
  return LEVELS.filter(({ view }) => !rows.some(({ name }) => name === view));
}

/** Puts the aggregates in the place of the tables, all or nothing. The caller found them empty. */
export function useAggregates(database: Database): Promise<undefined> {
  return database.transaction(async (session) => {
    await session.query('select pg_advisory_xact_lock($1)', [SCHEMA_LOCK]);
    // Another collector that starts now may have been first.
    if ((await seriesState(session)) !== 'empty') return undefined;
    const levels = await levelsToMake(session);
    await session.script(`drop table ${levels.map(({ view }) => view).join(', ')}`);
    for (const level of levels) {
      await session.script(definition(level));
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
