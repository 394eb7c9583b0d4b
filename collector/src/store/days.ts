// Tables cut by day on plain PostgreSQL and PGlite. One of them, such as `events`, has these partitions:
//
//   events_20261121          one day, UTC; made ahead, dropped whole when retention has passed it
//   events_before_20261122   everything before that day: the table as it was when it was cut, moved to nowhere
//   events_rest              the default partition: days that have no partition (a wrong clock, a very late batch), so
//                            that no time can fail a COPY. Rows leave it when their day is made
//
// The name says the bounds, and nothing else does: a partition with another name is not ours and is left alone.
import type { Session } from './database.ts';
import { DAY_US } from './retention.ts';
import { timestamp } from './values.ts';

export interface DailyTable {
  table: string;
  /** Whose days of retention it follows. */
  kind: 'events' | 'evidence' | 'losses' | 'seriesMinute';
  /** The column that says the day. */
  time: string;
  /** The column that says when a row came, where that is another. */
  received?: string;
  /** Rows of the newest day change in place and need room for it. */
  options: string;
}

export const DAILY_TABLES: readonly DailyTable[] = [
  { table: 'events', kind: 'events', time: 'event_at', received: 'received_at', options: '' },
  { table: 'batch_terms', kind: 'events', time: 'first_event_at', received: 'received_at', options: '' },
  { table: 'evidence', kind: 'evidence', time: 'received_at', options: '' },
  { table: 'losses', kind: 'losses', time: 'received_at', options: '' },
  { table: 'series_minute', kind: 'seriesMinute', time: 'bucket', options: 'with (fillfactor = 70)' },
  { table: 'user_minute', kind: 'seriesMinute', time: 'bucket', options: 'with (fillfactor = 70)' },
];

/** A collector that was stopped over a weekend finds its days made; hourly maintenance needs one. */
export const DAYS_AHEAD = 3;
/** Spools empty themselves after midnight too. */
export const DAYS_BEHIND = 1;
/** Rows of one day moved out of the default partition in one transaction, during which nobody adds to it. */
export const MOVED_ROWS_MAX = 1_000_000;
/** Commits and reads wait behind a waiting ALTER or DROP, so it does not wait longer than this for them. */
export const LOCK_TIMEOUT_MS = 2_000;

export interface Partition {
  name: string;
  /** Days since 1970, the last one not included; `from` is -Infinity for the table as it was before it was cut. */
  from: number;
  to: number;
}

export function dayName(day: number): string {
  return timestamp(day * DAY_US)
    .slice(0, 10)
    .replaceAll('-', '');
}

export function dayStart(day: number): string {
  return timestamp(day * DAY_US);
}

/** Partitions of a table that hold days, oldest first; undefined where the table is not cut by day. */
export async function readPartitions(session: Session, table: string): Promise<Partition[] | undefined> {
  const rows = await session.query(
    `select p.relkind::text as kind, c.relname::text as name from pg_class p
     left join pg_inherits i on i.inhparent = p.oid left join pg_class c on c.oid = i.inhrelid
     where p.oid = to_regclass($1)`,
    [table],
  );
  if (rows[0]?.kind !== 'p') return undefined;
  return rows.flatMap(({ name }) => partitionOf(table, name ?? '') ?? []).sort((a, b) => a.to - b.to);
}

/** What the name of a partition says; undefined where it is not one of ours. */
export function partitionOf(table: string, name: string): Partition | undefined {
  const match = /^_(before_)?(\d{4})(\d{2})(\d{2})$/.exec(name.slice(table.length));
  if (!match || !name.startsWith(table)) return undefined;
  const day = Math.floor((Date.UTC(Number(match[2]), Number(match[3]) - 1, Number(match[4])) * 1000) / DAY_US);
  return match[1] ? { name, from: Number.NEGATIVE_INFINITY, to: day } : { name, from: day, to: day + 1 };
}

/** Makes the partition of a day that has none, with the rows of that day that came before it. */
export async function makeDay(session: Session, { table, time, options }: DailyTable, day: number): Promise<string> {
  const name = `${table}_${dayName(day)}`;
  const within = `${time} >= '${dayStart(day)}' and ${time} < '${dayStart(day + 1)}'`;
  // Attached rather than made as a partition: that lets others go on reading and writing the other days meanwhile.
  await session.script(`
    set local lock_timeout = ${LOCK_TIMEOUT_MS};
    create table ${name} (like ${table} including defaults including storage) ${options};
    lock table ${table}_rest in exclusive mode;
    with moved as (delete from ${table}_rest where ${within} returning *) insert into ${name} select * from moved;
    alter table ${table} attach partition ${name} for values from ('${dayStart(day)}') to ('${dayStart(day + 1)}')`);
  return name;
}

/**
 * Cuts a plain table by day, in the transaction of the caller and without copying it: as it is it becomes the partition
 * of everything before `day`. Rows of that day and later, which only wrong clocks write, go to the default partition.
 */
export async function cutByDay(session: Session, { table, time }: DailyTable, day: number): Promise<void> {
  const before = `${table}_before_${dayName(day)}`;
  const indexes = await session.query(
    'select indexname::text as name, indexdef as sql from pg_indexes where schemaname = current_schema() and tablename = $1',
    [table],
  );
  await session.script(`
    alter table ${table} rename to ${before};
    ${indexes.map(({ name }) => `alter index ${name} rename to ${name}_before;`).join('\n')}
    create table ${table} (like ${before} including defaults including storage) partition by range (${time});
    ${indexes.map(({ sql }) => `${sql};`).join('\n')}
    create table ${table}_rest (like ${table} including defaults including storage);
    ${indexes.map(({ name, sql }) => `${onTable(sql, name, `${name}_rest`, table)};`).join('\n')}
    alter table ${table} attach partition ${table}_rest default;
    with moved as (delete from ${before} where ${time} >= '${dayStart(day)}' returning *)
      insert into ${table}_rest select * from moved`);
  const rows = await session.query(`select 1 from ${before} limit 1`);
  await session.script(
    rows.length === 0
      ? `drop table ${before}`
      : `alter table ${table} attach partition ${before} for values from (minvalue) to ('${dayStart(day)}')`,
  );
}

/** `CREATE INDEX name ON schema.table ...`, as pg_indexes writes it, for the default partition. */
function onTable(sql: string, name: string, restName: string, table: string): string {
  return sql.replace(` ${name} ON `, ` ${restName} ON `).replace(`.${table} `, `.${table}_rest `);
}
