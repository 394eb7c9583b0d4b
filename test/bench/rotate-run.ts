// One run of bench:rotate: a fleet of that size, everything new, its agents in processes of a thousand.
import { caOf, consoleIdentityOf } from '../support/agent-identity.ts';
import { ConsoleClient } from '../support/collector.ts';
import { until } from '../support/until.ts';
import { BenchChild } from './bench-child.ts';
import { BenchCollector, makeHome } from './bench-collector.ts';
import { type BenchEngine, temporaryDirectory } from './bench-engines.ts';
import { printFigure, printResult, round } from './report.ts';
import type { RotateOrders } from './rotate-load.ts';
import type { Scope } from './scope.ts';
import { seedFleet } from './seed-fleet.ts';

/** The fleet sends so long before and after, so that both epochs are in use around the rotation. */
const AROUND_MS = 3_000;
/** Of one process: an agent takes some 500 KiB there, and with 10,000 in one it does little but collect garbage. */
const AGENTS_PER_PROCESS_MAX = 1_000;
const ROTATION_MS_MAX = 300_000;
/** As an administrator's view asks, or little more: each answer goes over the whole fleet. */
const LOOK_MS = 100;

/** Measures, prints, and returns whether nothing was lost. */
export async function runRotation(
  scope: Scope,
  engine: BenchEngine,
  { agents, rate, profile }: { agents: number; rate: number; profile: string | undefined },
): Promise<boolean> {
  console.error(`${agents} agents on ${engine.name}`);
  const database = await engine.createDatabase(scope);
  const home = await makeHome(scope);
  const directory = temporaryDirectory(scope);
  const file = await seedFleet({ home, url: database.url, directory, agents });
  const collector = await BenchCollector.start(scope, database, { home, profile });
  const idleMiB = collector.residentMiB().now;
  const loads: BenchChild<RotateOrders>[] = [];
  let connectSeconds = 0;
  for (let from = 0; from < agents; from += AGENTS_PER_PROCESS_MAX) {
    const load = await scope.hold(new BenchChild<RotateOrders>('rotate-load.ts'));
    const to = Math.min(agents, from + AGENTS_PER_PROCESS_MAX);
    connectSeconds += await load.ask('connect', { file, from, to, collector: collector.address, ca: caOf(home) });
    console.error(`  ${to} of ${agents} agents connected`);
    loads.push(load);
  }
  const connectedMiB = collector.residentMiB().now;
  using client = new ConsoleClient(collector.address, consoleIdentityOf(home));
  const reached = (what: string, has: (rotation: { confirmed?: number | null; phase?: string | null }) => boolean) =>
    until(async () => has((await client.keys()).rotation ?? {}), {
      limitMs: ROTATION_MS_MAX,
      everyMs: LOOK_MS,
      what,
    });
  await Promise.all(loads.map((load) => load.ask('begin', { rate: rate / loads.length })));
  await new Promise((resolve) => setTimeout(resolve, AROUND_MS));

  const cpu = collector.readCpu().collector;
  const startedMs = performance.now();
  const passed = () => (performance.now() - startedMs) / 1000;
  await client.rotate();
  await reached('all to confirm', ({ confirmed }) => confirmed === agents);
  const seconds = passed();
  const cpuSeconds = collector.readCpu().collector - cpu;
  await reached('the old key to be destroyed', ({ phase }) => phase === 'done');
  const doneSeconds = passed();

  await new Promise((resolve) => setTimeout(resolve, AROUND_MS));
  const ends = await Promise.all(loads.map((load) => load.ask('end', undefined)));
  const [sent, acknowledged, refused] = (['sent', 'acknowledged', 'refused'] as const).map((name) =>
    ends.reduce((sum, end) => sum + end[name], 0),
  ) as [number, number, number];
  const codes = new Set(ends.flatMap((end) => end.codes));
  const epochs = [...new Set(ends.flatMap((end) => end.epochs))];
  const { eventsStored = 0 } = await client.status();
  const lost = Math.max(sent - acknowledged, sent - (eventsStored ?? 0));
  const rss = collector.residentMiB().peak;
  const cores = (cpuSeconds / seconds).toFixed(2);
  printFigure(
    'connecting, full TLS handshakes',
    `${round(connectSeconds, 1)} s, ${Math.round(agents / connectSeconds)} a second`,
  );
  printFigure('"keys rotate" to all confirmed', `${round(seconds)} s`);
  printFigure('to the old key destroyed', `${round(doneSeconds)} s`);
  printFigure('CPU of the collector until all confirmed', `${round(cpuSeconds, 1)} s, ${cores} cores`);
  printFigure(
    'collector, resident',
    `${Math.round(rss)} MiB at most, ${Math.round(connectedMiB)} connected, ${Math.round(idleMiB)} before`,
  );
  printFigure('memory a stream', `${Math.round(((connectedMiB - idleMiB) * 1024) / agents)} KiB`);
  printFigure(
    'sent meanwhile',
    `${sent} events, ${lost} lost, ${refused} envelopes refused, epochs in use ${epochs.join(', ')}`,
  );
  for (const code of codes) printFigure('refused', code);
  printResult({
    agents,
    seconds: round(seconds),
    lost,
    undecryptable: refused,
    rssMiB: Math.round(rss),
    cpuSeconds: round(cpuSeconds),
    connectSeconds: round(connectSeconds, 1),
    doneSeconds: round(doneSeconds),
    sent,
    engine: engine.name,
  });
  return lost === 0 && refused === 0;
}
