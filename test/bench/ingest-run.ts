// One run of bench:ingest: one engine, so many agents, everything new.
import { BenchChild } from './bench-child.ts';
import { BenchCollector, type CpuReading, makeHome } from './bench-collector.ts';
import { type BenchEngine, temporaryDirectory } from './bench-engines.ts';
import { copyRate } from './copy-rate.ts';
import { compare, heldBy } from './event-digest.ts';
import type { LoadOrders, LoadResult } from './load.ts';
import { printFigure, printResult, round } from './report.ts';
import type { Scope } from './scope.ts';
import { printStages, printThreads } from './stage-table.ts';

/** Enough for the collector's code to be compiled and for an estimate of what it takes. */
export const WARM_UP_SECONDS = 5;
/** Sealed ahead, times what the warm-up suggests: it sealed as it went, and the run will not. */
export const AHEAD_FACTOR = 2.2;
/** Envelopes of all agents in flight: keeps the collector's queue full, and is over soon when no more are sent. */
export const IN_FLIGHT = 192;
/** An agent sends what it has after a second, however few. */
const BATCH_AGE_SECONDS = 1;
const COPY_SECONDS_MAX = 10;

export interface IngestOrder {
  agents: number;
  seconds: number;
  pacedSeconds: number;
  eventsPerBatch: number;
  profile: string | undefined;
}

/** Measures, prints, and returns whether everything acknowledged is stored once. */
export async function runIngest(scope: Scope, engine: BenchEngine, order: IngestOrder): Promise<boolean> {
  const { name } = engine;
  const { agents, seconds, eventsPerBatch } = order;
  const database = await engine.createDatabase(scope);
  const home = await makeHome(scope);
  const collector = await BenchCollector.start(scope, database, { home, profile: order.profile });
  const load = await scope.hold(new BenchChild<LoadOrders>('load.ts'));
  console.error(`${name}, ${agents} agents, ${seconds} s`);
  await load.ask('enrol', {
    collector: collector.address,
    token: await collector.createToken(agents),
    directory: temporaryDirectory(scope),
    agents,
    prefix: 'bench',
  });

  const saturated = { eventsPerBatch, inFlight: IN_FLIGHT };
  const warmUp = await load.ask('saturate', { ...saturated, seconds: Math.min(seconds, WARM_UP_SECONDS) });
  const wanted = Math.ceil((warmUp.events / warmUp.seconds) * seconds * AHEAD_FACTOR);
  await load.ask('seal', { events: wanted, eventsPerBatch });
  console.error('  measuring');
  const before = collector.readCpu();
  const full = await load.ask('saturate', { ...saturated, seconds });
  const after = collector.readCpu();
  const sustained = full.events / full.seconds;
  const rss = collector.residentMiB();

  const eventsPerSecond = sustained / 2;
  const paced = {
    eventsPerSecond,
    eventsPerBatch: Math.max(1, Math.min(eventsPerBatch, Math.round((eventsPerSecond / agents) * BATCH_AGE_SECONDS))),
    seconds: order.pacedSeconds,
  };
  await load.ask('seal', { events: Math.ceil(eventsPerSecond * paced.seconds), eventsPerBatch: paced.eventsPerBatch });
  const half = await load.ask('offer', paced);

  console.error('  comparing what was sent with what is stored');
  const sent = await load.ask('digests', undefined);
  await load[Symbol.asyncDispose]();
  const stages = await collector.stop();
  const held = await readHeld();
  const verdict = compare(sent, held);
  console.error('  bare COPY');
  const empty = await engine.createDatabase(scope);
  const copySeconds = Math.min(COPY_SECONDS_MAX, seconds);
  const copied = { agents, eventsPerBatch, seconds: copySeconds };
  const copyRowsPerSecond = await copyRate(empty.open(temporaryDirectory(scope)), copied);

  console.log(`${name}, ${agents} agents, ${eventsPerBatch} events an envelope:`);
  printFigure(
    'sent, analysed, durable and acknowledged',
    `${Math.round(sustained)} events/s over ${round(full.seconds, 1)} s`,
  );
  printFigure('bare COPY of such rows into such a table', `${Math.round(copyRowsPerSecond)} rows/s`);
  printFigure('ratio to bare COPY', round(sustained / copyRowsPerSecond, 3).toString());
  printFigure('send to acknowledgement, at what it can take', latency(full));
  printFigure(
    'due to acknowledgement, at half of it',
    `${latency(half)} (${Math.round(half.events / half.seconds)} events/s of ${Math.round(eventsPerSecond)}, ${paced.eventsPerBatch} an envelope)`,
  );
  const cpu = printCpu(before, after, full);
  printThreads(before, after, full.events);
  const stageUs = printStages(stages, held.events);
  printFigure('collector, resident', `${Math.round(rss.now)} MiB at the end, ${Math.round(rss.peak)} MiB at most`);
  printFigure('stored', `${held.events} events, digests ${verdict.whole ? 'agree' : 'DO NOT AGREE'}`);
  printFigure('lost, duplicated', `${verdict.lost}, ${verdict.duplicated}`);
  printResult({
    engine: name,
    agents,
    eventsPerSecond: Math.round(sustained),
    copyRowsPerSecond: Math.round(copyRowsPerSecond),
    ratio: round(sustained / copyRowsPerSecond, 3),
    lost: verdict.lost,
    duplicated: verdict.duplicated,
    ackP50Ms: round(full.ackP50Ms, 1),
    ackP99Ms: round(full.ackP99Ms, 1),
    halfEventsPerSecond: Math.round(half.events / half.seconds),
    halfAckP50Ms: round(half.ackP50Ms, 1),
    halfAckP99Ms: round(half.ackP99Ms, 1),
    rssMiB: Math.round(rss.peak),
    rssEndMiB: Math.round(rss.now),
    seconds: round(full.seconds, 1),
    eventsPerEnvelope: eventsPerBatch,
    collectorCpuUs: cpu.collector,
    databaseCpuUs: cpu.database,
    loadCpuUs: cpu.load,
    stagesUs: Object.fromEntries(Object.entries(stageUs).map(([stage, us]) => [stage, round(us)])),
  });
  return verdict.lost === 0 && verdict.duplicated === 0;

  async function readHeld() {
    await using opened = database.open(collector.storeDirectory);
    return await heldBy(opened);
  }
}

function latency({ ackP50Ms, ackP99Ms }: LoadResult): string {
  return `p50 ${round(ackP50Ms, 1)} ms, p99 ${round(ackP99Ms, 1)} ms`;
}

/** Microseconds of each process for each event; the load's is what sealing ahead left of it. */
function printCpu(before: CpuReading, after: CpuReading, full: LoadResult) {
  const us = (seconds: number) => round((seconds * 1e6) / full.events);
  const database =
    after.database === undefined || before.database === undefined ? undefined : us(after.database - before.database);
  const cpu = { collector: us(after.collector - before.collector), database, load: us(full.cpuSeconds) };
  const cores = (each: number) =>
    `${each.toFixed(2)} µs an event, ${round((each * full.events) / full.seconds / 1e6)} cores`;
  printFigure('CPU of the collector', cores(cpu.collector));
  printFigure(
    'CPU of the database',
    database === undefined ? 'part of the collector, or not on this machine' : cores(database),
  );
  printFigure('CPU of the load', `${cores(cpu.load)}; ${Math.round(full.sealedAhead * 100)} % sealed ahead`);
  return cpu;
}
