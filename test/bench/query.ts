// How long the dashboard's and a hunt's queries take over a full store, through the Store interface, and the same SQL by
// hand in one session of the same database.
//
//   npm run bench:query [-- --events 10000000 --engine postgresql|pglite --runs 50]
//
// To fill once and ask often, each for itself: a database that THREATGUARD_BENCH_URL=postgres://... names, or an embedded one in
// `--directory DIR`, stays; `--fill` fills it and ends; and what an earlier run filled is asked as it stands.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Database } from '../../collector/src/store/database.ts';
import { openDatabase, storeOver } from '../../collector/src/store/open.ts';
import type { Store } from '../../collector/src/store/store.ts';
import { postgresAvailable, startPostgres } from '../support/postgres.ts';
import { PsqlSession } from './psql-session.ts';
import { rowBytes } from './query-fill.ts';
import { EVENT_QUERIES, OTHER_QUERIES } from './query-list.ts';
import { compressedPerEvent, prepare, sizes } from './query-prepare.ts';
import { percentile, printResult, round } from './report.ts';

const TARGET_MS = 100;
/** By hand it need not be asked as often: only the median is shown. */
const BY_HAND_RUNS = 7;

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '1000000' },
    engine: { type: 'string', default: postgresAvailable() ? 'postgresql' : 'pglite' },
    runs: { type: 'string', default: '50' },
    fill: { type: 'boolean', default: false },
    directory: { type: 'string' },
  },
});
const runs = Number(values.runs);
if (!['postgresql', 'pglite'].includes(values.engine))
  throw new Error(`--engine ${values.engine}: postgresql or pglite`);

const given = process.env.THREATGUARD_BENCH_URL;
if (values.fill && !given && !values.directory)
  throw new Error(
    '--fill: name what shall stay, a database in THREATGUARD_BENCH_URL or --directory with --engine pglite',
  );

interface Asked {
  database: Database;
  store: Store;
  url: string | undefined;
  stack: AsyncDisposableStack;
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const sinceMs = performance.now();
  await act();
  return performance.now() - sinceMs;
}

const directory = values.directory ?? mkdtempSync(join(tmpdir(), 'threatguard-bench-query-'));
try {
  await using stack = new AsyncDisposableStack();
  const server = !given && values.engine === 'postgresql' ? stack.use(await startPostgres()) : undefined;
  const url = given ?? server?.createDatabase();
  const database = openDatabase({ url, directory });
  const store = stack.use(await storeOver(database));
  console.log(`${store.engine} ${store.version}`);
  const { events } = await prepare(database, store, Number(values.events));
  if (!values.fill) await ask(events, { database, store, url, stack });
} finally {
  if (!values.directory) rmSync(directory, { recursive: true, force: true });
}

async function ask(events: number, { database, store, url, stack }: Asked): Promise<void> {
  const psql = url && postgresAvailable() ? stack.use(new PsqlSession(url)) : undefined;
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
  const compressed = await compressedPerEvent(database);
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
}
