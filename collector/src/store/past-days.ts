// Indexes of days that have passed. Each would cost a commit some 2 µs per event while its day is written, the one on
// texts ten times that; made at once, over a day that nothing is added to any more, they cost a fraction, and nobody waits.
// Searches of the current day read what these would have found, in windows (search-windows.ts).
//
// Made concurrently, so a late batch still reaches its day; what an interrupted run left behind is not valid, and made anew.
import type { Database, Session } from './database.ts';
import { type Partition, partitionOf, readPartitions } from './days.ts';
import { INDEXED_USER_LENGTH } from './field-sql.ts';
import { DAY_US } from './retention.ts';

/** Spools empty themselves for a while after midnight. */
const SETTLED_US = 3_600_000_000;
/** One collector of several makes them; the number only has to be ours. */
const INDEX_LOCK = 7_443_003;
/** Days in one run: an hour later the next, so that the first run over an old store leaves room for other work. */
const DAYS_MAX = 100;
/** The trigrams of a larger day would take hours (15 to 20 µs per event). */
const TRIGRAM_ROWS_MAX = 300_000_000;
/** Sorted in memory rather than through files, and it is one at a time. */
const SORT_MEMORY_MIB = 256;

interface PastIndex {
  suffix: string;
  on: string;
  /** Needs the extension, which finds any part of a text. */
  trigrams?: boolean;
}

/** `events` is the only table searched by its fields. The rest of its indexes every day has from its beginning. */
const PAST_INDEXES: readonly PastIndex[] = [
  { suffix: 'pid', on: '(process_pid, event_at) where process_pid is not null' },
  { suffix: 'destination', on: '(destination_ip, event_at) where destination_ip is not null' },
  { suffix: 'port', on: '(destination_port, event_at) where destination_port is not null' },
  {
    suffix: 'text',
    on: 'using gin (process_executable gin_trgm_ops, process_command_line gin_trgm_ops, file_path gin_trgm_ops)',
    trigrams: true,
  },
];

/** Names of the indexes made. Where days are not partitions, or the engine has one connection only, there are none. */
export async function indexPastDays(database: Database, nowUs: number, signal: AbortSignal): Promise<string[]> {
  const partitions = (await readPartitions(database, 'events')) ?? [];
  const past = partitions.filter(({ to }) => to * DAY_US + SETTLED_US <= nowUs).reverse();
  if (past.length === 0 || !database.aside) return [];
  return database.aside(async (session) => {
    const [lock] = await session.query('select pg_try_advisory_lock($1) as mine', [INDEX_LOCK]);
    if (lock?.mine !== true) return [];
    await session.query(`set maintenance_work_mem = '${SORT_MEMORY_MIB}MB'`);
    const trigrams = await hasTrigrams(session);
    const made: string[] = [];
    let days = 0;
    for (const partition of past) {
      const names = await indexDay(session, partition, { trigrams, signal });
      made.push(...names);
      if (names.length > 0 && ++days >= DAYS_MAX) break;
    }
    return made;
  });
}

async function indexDay(
  session: Session,
  { name }: Partition,
  { trigrams, signal }: { trigrams: boolean; signal: AbortSignal },
): Promise<string[]> {
  const known = await session.query(
    `select c.relname::text as name, i.indisvalid as valid, t.reltuples::double precision as rows
     from pg_class t left join pg_index i on i.indrelid = t.oid left join pg_class c on c.oid = i.indexrelid
     where t.oid = to_regclass($1)`,
    [name],
  );
  const made: string[] = [];
  for (const { suffix, on, trigrams: needed } of PAST_INDEXES) {
    if (known.length === 0) return made; // dropped meanwhile
    if (needed && (!trigrams || known[0]?.rows > TRIGRAM_ROWS_MAX)) continue;
    const index = `${name}_past_${suffix}`;
    const left = known.find((each) => each.name === index);
    if (left?.valid === true) continue;
    if (left) await session.query(`drop index concurrently if exists ${index}`, [], signal);
    await session.query(`create index concurrently ${index} on ${name} ${on}`, [], signal);
    made.push(index);
  }
  if (made.length > 0) {
    // Of an index on part of the rows the planner has no statistics: it would take every user for a rare one.
    const users = `left(user_name, ${INDEXED_USER_LENGTH})`;
    await session.query(`create statistics if not exists ${name}_past_users on (${users}) from ${name}`, [], signal);
    // What the planner knows of the day is the whole of it from now on.
    await session.query(`vacuum (analyze) ${name}`, [], signal);
  }
  return made;
}

/** Where the newest day ends that has all its indexes, and 0 where none has: what is older is found by them. */
export async function pastDaysEnd(session: Session): Promise<number> {
  const rows = await session.query(
    `select c.relname::text as name from pg_class c join pg_index i on i.indexrelid = c.oid
     where i.indisvalid and c.relname ~ $1`,
    [`^events_.*_past_${PAST_INDEXES.at(-1)!.suffix}$`],
  );
  const days = rows.flatMap(({ name }) => partitionOf('events', name.replace(/_past_[a-z]+$/, '')) ?? []);
  return Math.max(0, ...days.map(({ to }) => to * DAY_US));
}

export async function hasTrigrams(session: Session): Promise<boolean> {
  return (await session.query("select 1 from pg_extension where extname = 'pg_trgm'")).length > 0;
}
