// One run of bench:overload: what the collector can take is measured, then the fast lane alone, then both beside each other.
import { setTimeout as pause } from 'node:timers/promises';
import { BenchChild } from './bench-child.ts';
import { BenchCollector, makeHome } from './bench-collector.ts';
import { type BenchEngine, temporaryDirectory } from './bench-engines.ts';
import { addDigests, compare, heldBy } from './event-digest.ts';
import type { FastLaneOrders } from './fast-lane.ts';
import { AHEAD_FACTOR, IN_FLIGHT, WARM_UP_SECONDS } from './ingest-run.ts';
import type { LoadOrders } from './load.ts';
import { ResidentSampler } from './process-usage.ts';
import { mean, percentile, printFigure, printLatency, printResult, round } from './report.ts';
import type { Scope } from './scope.ts';

/** How long what it can take is measured. */
const SUSTAINED_SECONDS_MAX = 15;
/** The issue's: alerts of the fast lane beside full load, over those of a quiet system. */
const RATIO_TARGET = 5;

export interface OverloadOrder {
  agents: number;
  fastAgents: number;
  seconds: number;
  quietSeconds: number;
  factor: number;
  eventsPerBatch: number;
}

/** Measures, prints, and returns whether nothing was lost or stored twice and every alert came. */
export async function runOverload(scope: Scope, engine: BenchEngine, order: OverloadOrder): Promise<boolean> {
  const { agents, fastAgents, seconds, eventsPerBatch } = order;
  const database = await engine.createDatabase(scope);
  const home = await makeHome(scope);
  const collector = await BenchCollector.start(scope, database, { home });
  const load = await scope.hold(new BenchChild<LoadOrders>('load.ts'));
  const fastLane = await scope.hold(new BenchChild<FastLaneOrders>('fast-lane.ts'));
  console.error(`${engine.name}, ${agents} agents and ${fastAgents} in the fast lane`);
  const fleet = {
    collector: collector.address,
    token: await collector.createToken(agents + fastAgents),
    directory: temporaryDirectory(scope),
  };
  await load.ask('enrol', { ...fleet, agents, prefix: 'bench' });
  await fastLane.ask('enrol', { ...fleet, agents: fastAgents, prefix: 'fast', home });

  const saturated = { eventsPerBatch, inFlight: IN_FLIGHT };
  const warmUp = await load.ask('saturate', { ...saturated, seconds: Math.min(seconds, WARM_UP_SECONDS) });
  const sustainedSeconds = Math.min(seconds, SUSTAINED_SECONDS_MAX);
  const estimate = (warmUp.events / warmUp.seconds) * sustainedSeconds * AHEAD_FACTOR;
  await load.ask('seal', { events: estimate, eventsPerBatch });
  const full = await load.ask('saturate', { ...saturated, seconds: sustainedSeconds });
  const sustained = full.events / full.seconds;
  const offered = sustained * order.factor;
  console.error(`  ${Math.round(sustained)} events/s can be taken; ${Math.round(offered)} will be offered`);
  await load.ask('seal', { events: offered * seconds, eventsPerBatch });

  console.error(`  the fast lane alone, ${order.quietSeconds} s`);
  const quiet = await fastLane.ask('measure', { seconds: order.quietSeconds });
  console.error(`  the fast lane beside ${order.factor} times what can be taken, ${seconds} s`);
  using sampler = new ResidentSampler(collector.pid);
  const [flood, loaded, samplesMiB] = await Promise.all([
    load.ask('offer', { eventsPerSecond: offered, eventsPerBatch, seconds }),
    fastLane.ask('measure', { seconds }),
    // What comes after is the backlog of the agents' spools.
    pause(seconds * 1000).then(() => [...sampler.samplesMiB]),
  ]);
  const rssMax = Math.max(...sampler.samplesMiB);

  console.error('  comparing what was sent with what is stored');
  const sent = addDigests([await load.ask('digests', undefined), await fastLane.ask('digests', undefined)]);
  await load[Symbol.asyncDispose]();
  await fastLane[Symbol.asyncDispose]();
  await collector.stop();
  const held = await readHeld();
  const verdict = compare(sent, held);
  const taken = flood.events / flood.seconds;
  const unseen = quiet.unseen + loaded.unseen;

  const quarter = Math.max(1, Math.floor(samplesMiB.length / 4));
  const rss = { start: mean(samplesMiB.slice(0, quarter)), end: mean(samplesMiB.slice(-quarter)) };
  const p = (samples: readonly number[], share: number) => round(percentile(samples, share), 1);
  const ratioOf = (share: number) => round(percentile(loaded.alertMs, share) / percentile(quiet.alertMs, share));
  // The worse of both: one slow moment of the quiet system would make its p99, and so the ratio to it, look well.
  const ratio = Math.max(ratioOf(0.5), ratioOf(0.99));
  console.log(`${engine.name}, ${agents} agents offering ${order.factor} times what can be taken:`);
  printFigure('can be taken', `${Math.round(sustained)} events/s`);
  printFigure('offered', `${Math.round(offered)} events/s for ${seconds} s`);
  printFigure('taken meanwhile and until the spools were empty', `${Math.round(taken)} events/s`);
  printFigure('in the spools when no more was offered', `${flood.backlog * eventsPerBatch} events`);
  printLatency('  fast lane alone, append -> acknowledged', quiet.ackMs);
  printLatency('  fast lane alone, append -> alert at a console', quiet.alertMs);
  printLatency('  fast lane in overload, append -> acknowledged', loaded.ackMs);
  printLatency('  fast lane in overload, append -> alert at a console', loaded.alertMs);
  printFigure(
    'alerts in overload over alone',
    `p50 ${ratioOf(0.5)} times, p99 ${ratioOf(0.99)} times (target: both within ${RATIO_TARGET})`,
  );
  printFigure(
    'collector, resident, first and last quarter of overload',
    `${Math.round(rss.start)} and ${Math.round(rss.end)} MiB, ${Math.round(rssMax)} MiB at most`,
  );
  printFigure('stored', `${held.events} events, digests ${verdict.whole ? 'agree' : 'DO NOT AGREE'}`);
  printFigure('lost, duplicated, alerts that did not come', `${verdict.lost}, ${verdict.duplicated}, ${unseen}`);
  printResult({
    engine: engine.name,
    quietP50Ms: p(quiet.alertMs, 0.5),
    quietP99Ms: p(quiet.alertMs, 0.99),
    loadedP50Ms: p(loaded.alertMs, 0.5),
    loadedP99Ms: p(loaded.alertMs, 0.99),
    ratio,
    ratioP50: ratioOf(0.5),
    ratioP99: ratioOf(0.99),
    quietAckP99Ms: p(quiet.ackMs, 0.99),
    loadedAckP99Ms: p(loaded.ackMs, 0.99),
    rssStartMiB: Math.round(rss.start),
    rssEndMiB: Math.round(rss.end),
    rssMaxMiB: Math.round(rssMax),
    lost: verdict.lost,
    duplicated: verdict.duplicated,
    alertsUnseen: unseen,
    sustainedEventsPerSecond: Math.round(sustained),
    offeredEventsPerSecond: Math.round(offered),
    takenEventsPerSecond: Math.round(taken),
    offeredOverTaken: round(offered / taken),
  });
  return verdict.lost === 0 && verdict.duplicated === 0 && unseen === 0;

  async function readHeld() {
    await using opened = database.open(collector.storeDirectory);
    return await heldBy(opened);
  }
}
