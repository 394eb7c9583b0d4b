// How long the dashboard's and a hunt's queries take over a full store, through the Store interface, and the same SQL by
// hand in one session of the same database.
//
//   npm run bench:query [-- --events 10000000 --engine postgresql|pglite --runs 50 --keep]
//   THREATGUARD_BENCH_URL=postgres://... names a database to use instead of one of our own; one that an earlier run filled is
//   asked as it stands. --keep leaves the embedded store where it is; a database by URL is never removed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Database } from '../../collector/src/store/database.ts';
import { openDatabase, storeOver } from '../../collector/src/store/open.ts';
import { type CompressedBytes, readCompressedBytes } from '../../collector/src/store/space.ts';
import type { Store } from '../../collector/src/store/store.ts';
import { postgresAvailable, startPostgres } from '../support/postgres.ts';
import { PsqlSession } from './psql-session.ts';
import { END_US, fill, rowBytes } from './query-fill.ts';
import { EVENT_QUERIES, OTHER_QUERIES } from './query-list.ts';
import { percentile, printResult, round } from './report.ts';

const TARGET_MS = 100;
/** By hand it need not be asked as often: only the median is shown. */
const BY_HAND_RUNS = 7;

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    engine: { type: 'string', default: postgresAvailable() ? 'postgresql' : 'pglite' },
    runs: { type: 'string', default: '50' },
    keep: { type: 'boolean', default: false },
  },
});
const runs = Number(values.runs);
if (!['postgresql', 'pglite'].includes(values.engine))
  throw new Error(`--engine ${values.engine}: postgresql or pglite`);

if (values.keep && values.engine === 'postgresql' && !process.env.THREATGUARD_BENCH_URL)
  throw new Error('--keep: a server of the bench ends with it; name one of yours in THREATGUARD_BENCH_URL');

async function timed(act: () => Promise<unknown>): Promise<number> {
  const sinceMs = performance.now();
  await act();
  return performance.now() - sinceMs;
}

/** Table and index bytes of `events`, with whatever it is cut into. */
async function sizes(database: Database, engine: Store['engine']): Promise<{ table: number; index: number }> {
  if (engine === 'timescaledb') {
    const [row] = await database.query(
      `select sum(table_bytes + coalesce(toast_bytes, 0))::bigint as "table", sum(index_bytes)::bigint as index
       from hypertable_detailed_size('events')`,
    );
    return row as { table: number; index: number };
  }
  const [row] = await database.query(
    `select coalesce(sum(pg_table_size(relid)), 0)::bigint as "table", coalesce(sum(pg_indexes_size(relid)), 0)::bigint as index
     from (select 'events'::regclass as relid union select relid from pg_partition_tree('events')) parts`,
  );
  return row as { table: number; index: number };
}

/** The columnstore of all days that have passed, which its policy would have made; bytes per event of those days. */
async function compress(database: Database): Promise<CompressedBytes> {
  const passed = new Date(END_US / 1000).toISOString().slice(0, 10);
  return database.aside!(async (session) => {
    await session.query(
      "select compress_chunk(c, if_not_compressed => true) from show_chunks('events', older_than => $1::timestamptz) c",
      [passed],
    );
    const [row] = await session.query('select count(*) as events from events where event_at < $1', [passed]);
    const { before, after } = (await readCompressedBytes(session))!;
    return { before: before / row!.events, after: after / row!.events };
  });
}

const directory = mkdtempSync(join(tmpdir(), 'threatguard-bench-query-'));
try {
  await using stack = new AsyncDisposableStack();
  const given = process.env.THREATGUARD_BENCH_URL;
  const server = !given && values.engine === 'postgresql' ? stack.use(await startPostgres()) : undefined;
  const url = given ?? server?.createDatabase();
  const database = openDatabase({ url, directory });
  const store = stack.use(await storeOver(database));
  console.log(`${store.engine} ${store.version}`);

  let { events } = await store.totals();
  if (events === 0) {
    const filled = await fill(database, store, Number(values.events));
    events = filled.events;
    const seconds = Math.round(filled.tookMs / 1000);
    console.log(`filled in ${seconds} s: ${events} events with envelopes by COPY, ${Math.round(filled.rate)} events/s`);
  }
  const psql = url && postgresAvailable() ? stack.use(new PsqlSession(url)) : undefined;
  // What maintenance does when a day has passed.
  const compressed = store.engine === 'timescaledb' ? await compress(database) : undefined;
  const indexingMs = await timed(() => store.indexPastDays(END_US, new AbortController().signal));
  console.log(`indexed the days that have passed in ${Math.round(indexingMs / 1000)} s`);
  // What autovacuum does in its own time.
  if (psql) await psql.run('vacuum (analyze)');
  else await database.script(url ? 'analyze' : 'vacuum (analyze)');

  const byHand = (sql: string) => (psql ? psql.run(sql) : timed(() => database.query(sql)));
  const all: number[] = [];
  let slowest = { name: '', p95: 0 };
  let overTarget = 0;
  for (const { name, ask, byHand: sql } of [...EVENT_QUERIES, ...OTHER_QUERIES]) {
    const samples: number[] = [];
    for (let run = 0; run < runs; run++) samples.push(await timed(() => ask(store, run)));
    const hand: number[] = [];
    for (let run = 0; run < BY_HAND_RUNS; run++) hand.push(await byHand(sql(run)));
    all.push(...samples);
    const [p50, p95] = [percentile(samples, 0.5), percentile(samples, 0.95)];
    if (p95 > slowest.p95) slowest = { name, p95 };
    if (p95 > TARGET_MS) overTarget++;
    const figures = `p50 ${round(p50).toFixed(2).padStart(8)} ms   p95 ${round(p95).toFixed(2).padStart(8)} ms`;
    const hint = p95 > TARGET_MS ? '   over the target' : '';
    console.log(
      `${name.padEnd(66)} ${figures}   by hand p50 ${round(percentile(hand, 0.5)).toFixed(2).padStart(8)} ms${hint}`,
    );
  }

  const { table, index } = await sizes(database, store.engine);
  const rows = rowBytes();
  if (compressed) {
    const { before, after } = compressed;
    console.log(
      `days that have passed: ${round(before, 1)} bytes per event as rows with indexes, ${round(after, 1)} compressed`,
    );
  }
  console.log(
    `on disk ${round(table / events, 1)} bytes per event in the table, ${round(index / events, 1)} in indexes`,
  );
  console.log(
    `as COPY takes it ${round(rows.plain, 1)} bytes per event, ${round(rows.zstd, 1)} after zstd of 20,000 at once`,
  );
  printResult({
    events,
    p50Ms: round(percentile(all, 0.5)),
    p95Ms: round(percentile(all, 0.95)),
    slowest: `${slowest.name}: p95 ${round(slowest.p95)} ms`,
    engine: store.engine,
    overTarget,
    bytesPerEvent: round((table + index) / events, 1),
    ...(compressed && {
      bytesPerEventBefore: round(compressed.before, 1),
      bytesPerEventCompressed: round(compressed.after, 1),
    }),
  });
} finally {
  if (values.keep) console.log(`kept in ${directory}`);
  else rmSync(directory, { recursive: true, force: true });
}
