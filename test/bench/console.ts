// What a person in front of a terminal waits for, and what the dashboard costs meanwhile: start to the first useful frame,
// CPU and frames under updates, memory after an hour's worth of them, and commands over a full store.
//
//   npm run bench:console [-- --events 10000000]
//
// The store is a PostgreSQL of its own, filled first; a database that THREATGUARD_BENCH_URL=postgres://... names is asked as
// an earlier run (bench:query as well) filled it, and stays.
import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { openDatabase, storeOver } from '../../collector/src/store/open.ts';
import { CollectorProcess } from '../support/collector.ts';
import { natsAvailable, startNats } from '../support/nats.ts';
import { startPostgres } from '../support/postgres.ts';
import { ROOT } from '../support/source-files.ts';
import { positive, readBenchArguments } from './bench-arguments.ts';
import { makeHome } from './bench-collector.ts';
import { temporaryDirectory } from './bench-engines.ts';
import { BenchTerminal } from './console-terminal.ts';
import { AlertUpdates } from './console-updates.ts';
import { cpuSeconds, residentMiB } from './process-usage.ts';
import { PsqlSession } from './psql-session.ts';
import { END_US, START_US } from './query-fill.ts';
import { prepare } from './query-prepare.ts';
import { percentile, printFigure, printResult, round } from './report.ts';
import { runBench, type Scope } from './scope.ts';

const NODE = [process.execPath, '--disable-warning=ExperimentalWarning'];
const CONSOLE = [...NODE, join(ROOT, 'console', 'bin', 'threatguard.js')];
/** Days long ago are asked here: none of them is too old to be kept. */
const KEEP_ALL =
  'retention:\n  events_days: 36500\n  evidence_days: 36500\n  losses_days: 36500\n  alerts_days: 36500\n';
const COLLECTOR_READY_MS_MAX = 300_000;
/** Rates a second, and for how long: the last is an hour of one alert every 60 ms in a minute. */
const RATES = [
  [10, 10],
  [100, 10],
  [1_000, 60],
] as const;
const HUNT =
  'user.name:carol and process.executable:*/curl and not source.ip:10.0.0.0/8 | count by host.name | sort -count | limit 20';
const BY_HAND = `select a.name, count(*) from events e join agents a on a.id = e.agent_id
  where user_name = 'carol' and process_executable like '%/curl' and (source_ip is null or not source_ip <<= '10.0.0.0/8')
  group by 1 order by 2 desc, 1 limit 20`;

const asked = readBenchArguments(
  {
    events: { value: '1000000', help: 'events in the store' },
    runs: { value: '7', help: 'of each command and each start; the median counts' },
  },
  {
    summary: 'Start, updates and commands of the console over a full store.',
    examples: ['npm run bench:console -- --events 10000000'],
  },
);
if (asked) await runBench('bench:console', (scope) => bench(scope, asked));

async function bench(scope: Scope, options: { events: string; runs: string }): Promise<void> {
  if (!natsAvailable()) throw new Error('nats-server is not installed here; on Debian: apt install nats-server');
  const runs = positive('runs', options.runs);
  const given = process.env.THREATGUARD_BENCH_URL;
  const url = given ?? (await scope.hold(startPostgres())).createDatabase();
  const nats = await scope.hold(startNats());
  const home = await makeHome(scope);
  const events = await fill(url, home, positive('events', options.events));
  writeFileSync(join(home, 'collector', 'collector.yaml'), KEEP_ALL);
  const environment = {
    THREATGUARD_DATABASE_URL: url,
    THREATGUARD_NATS_URL: nats.url,
    THREATGUARD_NATS_CONSOLE_URL: nats.url,
    THREATGUARD_LISTEN: '127.0.0.1:0',
    THREATGUARD_HTTP_LISTEN: 'off',
  };
  const collector = await scope.hold(CollectorProcess.start(home, environment, COLLECTOR_READY_MS_MAX));
  writeFileSync(join(home, 'console', 'console.json'), JSON.stringify({ collector: collector.address }));
  const directory = temporaryDirectory(scope);
  const env = { THREATGUARD_HOME: home, XDG_CACHE_HOME: directory, XDG_CONFIG_HOME: directory, TZ: 'UTC' };

  const firstFrameMs = await starts(env, runs);
  const { ms: alertsListMs } = await command('alerts list', ['alerts', 'list'], env, runs);
  const span = ['--since', isoTime(START_US), '--until', isoTime(END_US)];
  const hunt = ['hunt', 'run', HUNT, ...span, '--output', 'json'];
  const { ms: huntMs, stdout } = await command(`a hunt over ${events} events`, hunt, env, runs);
  await byHand(url, runs, stdout);
  await using updates = await AlertUpdates.prepare(home, nats.url);
  const { cpuPercentAt1000, rssMiB } = await underUpdates(updates, env);
  printResult({ firstFrameMs, cpuPercentAt1000, rssMiB, alertsListMs, huntMs });
}

/** Agents of bench:query have no certificates, and a collector reads them: any does where none of them connects. */
async function fill(url: string, home: string, wanted: number): Promise<number> {
  const database = openDatabase({ url, directory: '' });
  await using store = await storeOver(database);
  const { events } = await prepare(database, store, wanted);
  const { raw } = new X509Certificate(readFileSync(join(home, 'collector', 'tls', 'collector.crt')));
  for (const table of ['agents', 'agent_certificates'])
    await database.query(`update ${table} set certificate = $1`, [raw]);
  // An earlier run's collector had keys of its own.
  for (const table of ['agent_epochs', 'rotations', 'keys']) await database.query(`delete from ${table}`);
  return events;
}

async function starts(env: Record<string, string>, runs: number): Promise<number> {
  const measure = async (program: readonly string[], text: string, more: Record<string, string> = {}) => {
    const samples: number[] = [];
    // The first one compiles.
    for (let run = 0; run <= runs; run++) {
      await using terminal = new BenchTerminal(program, { ...env, ...more });
      samples.push(await terminal.appears(text));
    }
    return { first: samples[0]!, median: percentile(samples.slice(1), 0.5) };
  };
  const node = await measure([...NODE, '-e', 'console.log("drawn")'], 'drawn');
  const ink = await measure([...NODE, join(import.meta.dirname, 'empty-ink.ts')], 'drawn', {
    // As the console has it.
    NODE_ENV: 'production',
    NODE_COMPILE_CACHE: join(env.XDG_CACHE_HOME!, 'bare'),
  });
  const dashboard = await measure([...CONSOLE, 'dashboard'], 'Highest risk');
  printFigure('bare: Node prints a word', `${round(node.median, 0)} ms`);
  printFigure('bare: an Ink application draws a word', `${round(ink.median, 0)} ms`);
  const { first, median } = dashboard;
  printFigure(
    'dashboard, first useful frame',
    `${round(median, 0)} ms, ${round(first, 0)} ms when nothing is compiled`,
  );
  return round(median, 0);
}

/** Milliseconds of a whole command in a pipe, the median of some, and what the last one said. */
async function command(
  name: string,
  args: string[],
  env: Record<string, string>,
  runs: number,
): Promise<{ ms: number; stdout: string }> {
  const samples: number[] = [];
  let said = '';
  for (let run = 0; run < runs; run++) {
    const startedMs = performance.now();
    const child = spawn(CONSOLE[0]!, [...CONSOLE.slice(1), ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    said = stdout;
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
    samples.push(performance.now() - startedMs);
  }
  const median = round(percentile(samples, 0.5), 0);
  printFigure(name, `${median} ms, slowest of ${runs} ${round(Math.max(...samples), 0)} ms`);
  return { ms: median, stdout: said };
}

/** The same question without us: how long it takes, and whether the answer was right. */
async function byHand(url: string, runs: number, hunted: string): Promise<void> {
  await using psql = new PsqlSession(url);
  const samples: number[] = [];
  for (let run = 0; run < runs; run++) samples.push(await psql.run(BY_HAND));
  printFigure('bare: the same SQL in psql', `${round(percentile(samples, 0.5), 0)} ms`);
  await using database = openDatabase({ url, directory: '' });
  const rows = (await database.query(BY_HAND)) as { name: string; count: string }[];
  const counted = (pairs: (readonly [string, number])[]) => JSON.stringify(pairs.sort());
  const found = JSON.parse(hunted) as { 'host.name': string; count: number }[];
  const ours = counted(found.map((row) => [row['host.name'], row.count]));
  const theirs = counted(rows.map(({ name, count }) => [name, Number(count)]));
  if (rows.length === 0 || ours !== theirs) throw new Error(`the hunt said ${ours}, the SQL ${theirs}`);
}

async function underUpdates(updates: AlertUpdates, env: Record<string, string>) {
  await using terminal = new BenchTerminal([...CONSOLE, 'dashboard', 'alerts'], env);
  await terminal.appears('NATS');
  await terminal.appears('host-');
  const pid = await terminal.pid();
  printFigure('memory before any update', `${round(residentMiB(pid, 'VmRSS'), 0)} MiB`);
  let cpuPercentAt1000 = 0;
  for (const [perSecond, seconds] of RATES) {
    const before = { cpu: cpuSeconds(pid), frames: terminal.frames, ms: performance.now() };
    await updates.publish(perSecond, seconds);
    const took = (performance.now() - before.ms) / 1000;
    const percent = round(((cpuSeconds(pid) - before.cpu) / took) * 100, 1);
    const frames = (terminal.frames - before.frames) / took;
    // What a frame costs is what is beyond taking updates in; nothing tells the two apart from outside.
    const perFrame = ((cpuSeconds(pid) - before.cpu) * 1000) / Math.max(1, terminal.frames - before.frames);
    printFigure(
      `${perSecond} updates/s for ${seconds} s`,
      `CPU ${percent} %, ${round(frames, 1)} frames/s, ${round(perFrame, 1)} ms CPU a frame with its updates`,
    );
    cpuPercentAt1000 = percent;
  }
  const rssMiB = round(residentMiB(pid, 'VmRSS'), 0);
  printFigure('memory after an hour of them', `${rssMiB} MiB, at most ${round(residentMiB(pid, 'VmHWM'), 0)} MiB`);
  return { cpuPercentAt1000, rssMiB };
}

function isoTime(us: number): string {
  return new Date(us / 1000).toISOString();
}
