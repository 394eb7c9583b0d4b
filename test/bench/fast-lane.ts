// A few quiet hosts, in a process of their own so that nothing but the collector makes them wait: now and then one event
// that raises an alert, in an envelope by itself, and how long until it is acknowledged and until a console shows the alert.
import { setTimeout as pause } from 'node:timers/promises';
import { Metadata, makeGenericClientConstructor } from '@grpc/grpc-js';
import { Alert, consoleService, type SignedAlert } from '@threatguard/proto';
import { CHANNEL_OPTIONS, collectorCredentials } from '@threatguard/proto/client';
import { consoleIdentityOf } from '../support/agent-identity.ts';
import { type Orders, serveOrders } from './bench-child.ts';
import { enrolFleet, type FleetOrder } from './enrol-fleet.ts';
import { refusedSudo } from './event-mix.ts';
import { digestsOf, type LoadAgent } from './load-agent.ts';

/** Pause of one agent between two events, evenly in between. */
const PAUSE_MS_MIN = 100;
const PAUSE_MS_MAX = 200;
/** How long after the last event its acknowledgement and alert are waited for. */
const SETTLE_MS_MAX = 60_000;

export interface FastLaneResult {
  ackMs: number[];
  alertMs: number[];
  /** Events whose alert did not come. */
  unseen: number;
}

let agents: LoadAgent[] = [];
/** Since when an alert about a user is waited for, by the user's name. */
const expected = new Map<string, number>();
const alertMs: number[] = [];
const seals = new Map<number, number>();

function userOf(agent: number, index: number): string {
  return `bench-user-${agent}-${index}`;
}

const orders = {
  /** `home` is the collector's state directory, for the identity of its console. */
  async enrol(order: FleetOrder & { home: string }): Promise<void> {
    agents = await enrolFleet(order, (agent) => (index, atUs) => refusedSudo(userOf(agent, index), atUs));
    const Client = makeGenericClientConstructor(consoleService, 'Console');
    const client = new Client(order.collector, collectorCredentials(consoleIdentityOf(order.home)), CHANNEL_OPTIONS);
    const call = client.watchAlerts!({ filter: {} }, new Metadata());
    call.on('data', (message: SignedAlert) => {
      const user = /bench-user-\d+-\d+/.exec(Alert.decode(message.alert!).entity ?? '')?.[0] ?? '';
      const sinceMs = expected.get(user);
      if (sinceMs === undefined) return;
      expected.delete(user);
      alertMs.push(performance.now() - sinceMs);
    });
    // Alerts that do not come are counted.
    call.on('error', (error: Error) => console.error(`  the alert stream ended: ${error.message}`));
    await new Promise((resolve) => call.once('metadata', resolve));
  },

  async measure({ seconds }: { seconds: number }): Promise<FastLaneResult> {
    alertMs.length = 0;
    for (const agent of agents) agent.waitsMs.length = 0;
    const untilMs = performance.now() + seconds * 1000;
    await Promise.all(agents.map((agent, index) => sendNowAndThen(agent, index, untilMs)));
    await Promise.race([Promise.all(agents.map((agent) => agent.settled())), pause(SETTLE_MS_MAX)]);
    for (const sinceMs = performance.now(); expected.size > 0 && performance.now() - sinceMs < SETTLE_MS_MAX; ) {
      await pause(10);
    }
    const unseen = expected.size;
    expected.clear();
    return { ackMs: agents.flatMap((agent) => agent.waitsMs), alertMs: [...alertMs], unseen };
  },

  digests: () => digestsOf(agents),
} satisfies Orders;

export type FastLaneOrders = typeof orders;

async function sendNowAndThen(agent: LoadAgent, index: number, untilMs: number): Promise<void> {
  while (performance.now() < untilMs) {
    const next = (seals.get(index) ?? 0) + 1;
    seals.set(index, next);
    const nowMs = performance.now();
    expected.set(userOf(index, next - 1), nowMs);
    agent.owe(nowMs);
    await pause(PAUSE_MS_MIN + Math.random() * (PAUSE_MS_MAX - PAUSE_MS_MIN));
  }
}

serveOrders(orders);
