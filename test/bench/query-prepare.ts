// What a store is before bench:query asks it anything: filled, and after what maintenance does with days that have passed.
import type { Database, Engine } from '../../collector/src/store/database.ts';
import { readCompressedBytes } from '../../collector/src/store/space.ts';
import type { Store } from '../../collector/src/store/store.ts';
import { END_US, fill } from './query-fill.ts';

/** Where days that have passed end. */
const PASSED = new Date(END_US / 1000).toISOString().slice(0, 10);

/** Fills a store that is empty, and leaves one that an earlier run filled as it stands. Says what it did and found. */
export async function prepare(database: Database, store: Store, wanted: number): Promise<{ events: number }> {
  const { events: found } = await store.totals();
  if (found > 0) {
    const made = await store.indexPastDays(END_US, new AbortController().signal);
    console.log(`asked as an earlier run left it: ${found} events`);
    if (made.length > 0) console.log(`indexes it had left out: ${made.length}`);
    return { events: found };
  }
  const { events, tookMs, rate } = await fill(database, store, wanted);
  console.log(`filled in ${seconds(tookMs)} s: ${events} events with envelopes by COPY, ${Math.round(rate)} events/s`);
  if (store.engine === 'timescaledb') await compress(database);
  const sinceMs = performance.now();
  await store.indexPastDays(END_US, new AbortController().signal);
  console.log(`indexed the days that have passed in ${seconds(performance.now() - sinceMs)} s`);
  // What autovacuum does in its own time.
  if (database.aside) await database.aside((session) => session.query('vacuum (analyze)'));
  else await database.script('vacuum (analyze)');
  return { events };
}

const seconds = (ms: number) => Math.round(ms / 1000);

/** The columnstore of all days that have passed, which its policy would have made. */
function compress(database: Database): Promise<void> {
  return database.aside!(async (session) => {
    await session.query(
      "select compress_chunk(c, if_not_compressed => true) from show_chunks('events', older_than => $1::timestamptz) c",
      [PASSED],
    );
  });
}

/** Bytes per event of the days in the columnstore, as rows with indexes and as they are; undefined where there is none. */
export async function compressedPerEvent(database: Database): Promise<{ before: number; after: number } | undefined> {
  const bytes = await readCompressedBytes(database);
  if (!bytes) return undefined;
  const [row] = await database.aside!((session) =>
    session.query('select count(*) as events from events where event_at < $1', [PASSED]),
  );
  return { before: bytes.before / row!.events, after: bytes.after / row!.events };
}

/** Table and index bytes of `events`, with whatever it is cut into. */
export async function sizes(database: Database, engine: Engine): Promise<{ table: number; index: number }> {
  const [row] = await database.query(
    engine === 'timescaledb'
      ? `select sum(table_bytes + coalesce(toast_bytes, 0))::bigint as "table", sum(index_bytes)::bigint as index
         from hypertable_detailed_size('events')`
      : `select coalesce(sum(pg_table_size(relid)), 0)::bigint as "table",
           coalesce(sum(pg_indexes_size(relid)), 0)::bigint as index
         from (select 'events'::regclass as relid union select relid from pg_partition_tree('events')) parts`,
  );
  return row as { table: number; index: number };
}
