// The agents of bench:ingest and bench:overload, in a process of their own. They enrol, seal and send for real.
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { UNACKNOWLEDGED_ENVELOPES_MAX } from '@threatguard/proto';
import { type Orders, serveOrders } from './bench-child.ts';
import { enrolFleet, type FleetOrder } from './enrol-fleet.ts';
import { mixedEvent } from './event-mix.ts';
import { digestsOf, type LoadAgent } from './load-agent.ts';
import { percentile } from './report.ts';

/** What is sealed ahead: beyond it agents seal as they go. */
const AHEAD_BYTES_MAX = 1024 * 1024 * 1024;
const SAY_MS = 5_000;
const PACE_MS = 5;
/** After the load everything must be acknowledged within the time it took and this. */
const SETTLE_MS_MAX = 120_000;

export interface LoadResult {
  /** Acknowledged, which after a phase is everything that was sent. */
  events: number;
  envelopes: number;
  /** From the first envelope to the last acknowledgement, and the part of it in which there was more to send. */
  seconds: number;
  offeredSeconds: number;
  ackP50Ms: number;
  ackP99Ms: number;
  /** CPU of this process meanwhile. */
  cpuSeconds: number;
  /** Share of the envelopes that were sealed before the clock started. */
  sealedAhead: number;
  /** Envelopes that were due and not acknowledged when no more were offered. */
  backlog: number;
}

let agents: LoadAgent[] = [];

const orders = {
  async enrol(order: FleetOrder): Promise<void> {
    agents = await enrolFleet(order, () => mixedEvent);
  },

  /** Seals so many events ahead, so that sealing is no part of what is measured. */
  async seal({ events, eventsPerBatch }: { events: number; eventsPerBatch: number }): Promise<number> {
    let sealed = 0;
    let bytes = 0;
    let saidMs = performance.now();
    for (const agent of agents) {
      agent.forgetAhead();
      agent.eventsPerBatch = eventsPerBatch;
    }
    while (sealed < events && bytes < AHEAD_BYTES_MAX) {
      for (const agent of agents) bytes += agent.sealAhead();
      sealed += agents.length * eventsPerBatch;
      if (performance.now() - saidMs > SAY_MS) {
        saidMs = performance.now();
        console.error(`  ${sealed} of ${events} events sealed ahead`);
      }
      // Pings are answered meanwhile.
      await turn();
    }
    return sealed;
  },

  /** As much as is acknowledged: `inFlight` envelopes of all agents together, or one of each where they are more. */
  async saturate(order: { seconds: number; eventsPerBatch: number; inFlight: number }): Promise<LoadResult> {
    const windowMax = Math.min(UNACKNOWLEDGED_ENVELOPES_MAX, Math.max(1, Math.floor(order.inFlight / agents.length)));
    return await phase(order, windowMax, async (startedMs) => {
      for (const agent of agents) agent.sendUntil(startedMs + order.seconds * 1000);
      await pause(order.seconds * 1000);
    });
  },

  /** So many events a second, come what may: what the collector does not take waits in the agents' spools. */
  async offer(order: { seconds: number; eventsPerBatch: number; eventsPerSecond: number }): Promise<LoadResult> {
    const everyMs = (order.eventsPerBatch / order.eventsPerSecond) * 1000;
    return await phase(order, UNACKNOWLEDGED_ENVELOPES_MAX, async (startedMs) => {
      for (let offered = 0; ; await pause(PACE_MS)) {
        const nowMs = Math.min(performance.now() - startedMs, order.seconds * 1000);
        for (; offered * everyMs < nowMs; offered++)
          agents[offered % agents.length]!.owe(startedMs + offered * everyMs);
        if (nowMs >= order.seconds * 1000) return;
      }
    });
  },

  digests: () => digestsOf(agents),

  async close(): Promise<void> {
    for (const agent of agents) agent.close();
  },
} satisfies Orders;

export type LoadOrders = typeof orders;

async function phase(
  order: { eventsPerBatch: number },
  windowMax: number,
  drive: (startedMs: number) => Promise<void>,
): Promise<LoadResult> {
  const before = agents.map((agent) => agent.acknowledged.length);
  for (const agent of agents) {
    agent.windowMax = windowMax;
    agent.eventsPerBatch = order.eventsPerBatch;
    agent.sealedOnTheSpot = 0;
    agent.waitsMs.length = 0;
  }
  const startedMs = performance.now();
  const cpu = process.cpuUsage();
  await drive(startedMs);
  const offeredMs = performance.now() - startedMs;
  const backlog = agents.reduce((sum, agent) => sum + agent.unanswered, 0);
  await settle(offeredMs + SETTLE_MS_MAX);
  const used = process.cpuUsage(cpu);
  const sent = agents.flatMap((agent, index) => agent.acknowledged.slice(before[index]));
  const waitsMs = agents.flatMap((agent) => agent.waitsMs);
  return {
    events: sent.reduce((sum, { count }) => sum + count, 0),
    envelopes: sent.length,
    seconds: (Math.max(...agents.map((agent) => agent.acknowledgedAtMs)) - startedMs) / 1000,
    offeredSeconds: offeredMs / 1000,
    ackP50Ms: percentile(waitsMs, 0.5),
    ackP99Ms: percentile(waitsMs, 0.99),
    cpuSeconds: (used.user + used.system) / 1e6,
    sealedAhead: 1 - agents.reduce((sum, agent) => sum + agent.sealedOnTheSpot, 0) / Math.max(1, sent.length),
    backlog,
  };
}

async function settle(limitMs: number): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const left = agents.reduce((sum, agent) => sum + agent.unanswered, 0);
    late.reject(new Error(`${left} envelopes were not acknowledged within ${Math.round(limitMs / 1000)} s`));
  }, limitMs);
  try {
    await Promise.race([Promise.all(agents.map((agent) => agent.settled())), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

serveOrders(orders);
