import type { CommitBatch } from '../batch.ts';
import { uuidBytes } from './copy-writer.ts';
import type { Session } from './database.ts';
import { Parameters } from './field-sql.ts';
import { MINUTE_US, SeriesCounts, userName } from './series-counts.ts';
import { StoreError } from './store-error.ts';
import { storableCode, storableText, timestamp } from './values.ts';

/** Buckets of one answer: a week by minutes is refused, a week by hours is not. */
const BUCKETS_MAX = 2_000;
/** Rows of one answer, one per bucket, class and outcome. */
const POINTS_MAX = 20_000;

/** Of totals over hosts each connection adds to rows of its own (migrations/0006): so many, for those of a pool. */
const SLOTS = 16;

const RESOLUTIONS_US = { minute: MINUTE_US, hour: 60 * MINUTE_US, day: 1_440 * MINUTE_US } as const;
type Resolution = keyof typeof RESOLUTIONS_US;

export interface SeriesQuery {
  resolution: Resolution;
  fromUs: number;
  /** Not included. */
  toUs: number;
  agentId?: string;
  user?: string;
  class?: number;
}

/** What happened in one minute, hour or day. A bucket in which nothing did has none. */
export interface SeriesPoint {
  /** Where the bucket begins. */
  atUs: number;
  class: number;
  outcome: number;
  events: number;
  /** Sent and received, of network events. */
  bytes: number;
}

/** Adds batches to their minutes, hours and days, in the transaction that stores their events. */
export async function storeSeries(
  session: Session,
  batches: readonly Pick<CommitBatch, 'agentId' | 'series'>[],
): Promise<void> {
  const counts = new SeriesCounts();
  for (const { agentId, series } of batches) {
    const agent = agentId.toLowerCase();
    for (const count of series) counts.add({ ...count, agent });
  }
  const rows = counts.list().map((count) => ({ ...count, bucket: timestamp(count.minute * MINUTE_US) }));
  if (rows.length > 0) await session.query(STORE_SERIES, [JSON.stringify(rows)]);
}

const SLOT = `(pg_backend_pid() % ${SLOTS})::smallint`;
/**
 * What is counted: of each host by user, of each user on all hosts, and of the whole fleet. The tables of one are
 * `NAME_minute`, `NAME_hour` and `NAME_day`; its columns, and how each is read from the input, in the order of the key.
 */
const COUNTED: Record<'series' | 'user' | 'fleet', (bucket: string) => Record<string, string>> = {
  series: (bucket) => ({ agent_id: 'agent', bucket, class: 'class', outcome: 'outcome', user_name: '"user"' }),
  user: (bucket) => ({ user_name: '"user"', bucket, class: 'class', outcome: 'outcome', slot: SLOT }),
  fleet: (bucket) => ({ bucket, class: 'class', outcome: 'outcome', slot: SLOT }),
};

/** In the order of the key, so that two collectors never wait for each other in a circle. */
function addTo(table: string, key: Record<string, string>): string {
  const max = Number.MAX_SAFE_INTEGER;
  const columns = Object.keys(key).join(', ');
  const numbers = Object.keys(key).map((_, index) => index + 1);
  return `insert into ${table} as s (${columns}, events, bytes)
    select ${Object.values(key).join(', ')}, sum(events)::bigint, least(sum(bytes), ${max})::bigint
    from input group by ${numbers} order by ${numbers}
    on conflict (${columns}) do update set events = s.events + excluded.events, bytes = least(s.bytes + excluded.bytes, ${max})`;
}

const ADDITIONS = Object.entries(COUNTED).flatMap(([name, key]) =>
  Object.keys(RESOLUTIONS_US).map((resolution) => {
    const table = `${name}_${resolution}`;
    return `added_to_${table} as (${addTo(table, key(`date_trunc('${resolution}', bucket, 'UTC')`))})`;
  }),
);

const STORE_SERIES = `
  with input as (
    select * from json_to_recordset($1::json) as r(
      bucket timestamptz, agent uuid, class smallint, outcome smallint, "user" text, events bigint, bytes bigint)
  ), ${ADDITIONS.join(', ')}
  select 1`;

/** In order of time. Throws StoreError `rejected` where the span has too many buckets or the answer too many rows. */
export async function readSeries(session: Session, query: SeriesQuery): Promise<SeriesPoint[]> {
  const us = RESOLUTIONS_US[query.resolution];
  const fromUs = Math.floor(query.fromUs / us) * us;
  if ((query.toUs - fromUs) / us > BUCKETS_MAX) {
    const text = `more than ${BUCKETS_MAX} points by ${query.resolution}: ask for a shorter time or a coarser resolution`;
    throw new StoreError('rejected', text);
  }
  if (query.agentId && !uuidBytes(query.agentId)) throw new StoreError('rejected', 'not an agent id');
  const parameters = new Parameters();
  const conditions = [
    `bucket >= ${parameters.add(timestamp(fromUs))}`,
    `bucket < ${parameters.add(timestamp(query.toUs))}`,
  ];
  if (query.agentId) conditions.push(`agent_id = ${parameters.add(query.agentId)}`);
  if (query.class !== undefined) conditions.push(`class = ${parameters.add(storableCode(query.class))}`);
  if (query.user !== undefined) {
    conditions.push(`user_name = ${parameters.add(userName(storableText(query.user)))}`);
  }
  const counted: keyof typeof COUNTED = query.agentId ? 'series' : query.user !== undefined ? 'user' : 'fleet';
  const rows = await session.query(
    `select bucket as "atUs", class, outcome, least(sum(events), ${Number.MAX_SAFE_INTEGER})::bigint as events,
       least(sum(bytes), ${Number.MAX_SAFE_INTEGER})::bigint as bytes
     from ${counted}_${query.resolution} where ${conditions.join(' and ')}
     group by bucket, class, outcome order by bucket, class, outcome limit ${POINTS_MAX + 1}`,
    parameters.values,
  );
  if (rows.length > POINTS_MAX) throw new StoreError('rejected', `more than ${POINTS_MAX} points: ask for one class`);
  return rows as SeriesPoint[];
}
