// The agents of bench:rotate, in a process of their own: a stream each, that sends, hears of the new epoch, and signs for it.
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type AnnouncedKemKey, envelopeIdentity, type KemKey, verifyKemKey } from '@threatguard/proto';
import { RotatingAgent } from '../support/rotating-agent.ts';
import { until } from '../support/until.ts';
import { type Orders, serveOrders } from './bench-child.ts';
import { mixedEvent } from './event-mix.ts';
import type { SeededAgent } from './seed-fleet.ts';

/** Handshakes at one time: below what the collector takes of peers it does not know yet. */
const AT_ONCE = 48;
const WELCOME_MS_MAX = 60_000;
const SETTLE_MS_MAX = 120_000;
const HEARTBEAT_MS = 10_000;
/** Of one timer at one time. */
const TURNS_MAX = 20;
const EVENTS = 5;

const agents: RotatingAgent[] = [];
const timers: NodeJS.Timeout[] = [];
let events = 0;

const orders = {
  /** Seconds until those on lines `from` to before `to` are welcomed. */
  async connect(of: { file: string; from: number; to: number; collector: string; ca: string }): Promise<number> {
    const { file, from, to, collector, ca } = of;
    const identities = readFileSync(file, 'utf8').split('\n').slice(from, to);
    const verify = onceVerified(new X509Certificate(ca));
    const startedMs = performance.now();
    let next = 0;
    const connectSome = async () => {
      for (let index = next++; index < identities.length; index = next++) {
        const { agentId, name, certificate, key } = JSON.parse(identities[index]!) as SeededAgent;
        const privateKey = createPrivateKey(key);
        const envelope = envelopeIdentity(agentId, { privateKey, publicKey: createPublicKey(privateKey) });
        // What it seals for, it learns from its first welcome.
        const kemKey: AnnouncedKemKey = {
          epoch: 0,
          publicKey: privateKey,
          publicKeySha256: new Uint8Array(),
          refusedBefore: 0,
        };
        const identity = { agentId, name, ca, certificate, key, envelope, kemKey };
        const agent = new RotatingAgent({ identity, address: () => collector, verify }).start();
        await until(() => agent.connected, { limitMs: WELCOME_MS_MAX, what: `${name} to be welcomed` });
        agents.push(agent);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, connectSome));
    return (performance.now() - startedMs) / 1000;
  },

  /** Sends and beats from now on. */
  async begin({ rate }: { rate: number }): Promise<void> {
    every(1000 / rate, (turn) => {
      const atUs = Date.now() * 1000;
      const sent = Array.from({ length: EVENTS }, (_, index) => mixedEvent(events + index, atUs + index));
      agents[turn % agents.length]!.send(sent);
      events += EVENTS;
    });
    every(HEARTBEAT_MS / agents.length, (turn) => agents[turn % agents.length]!.heartbeat());
  },

  /** Stops sending; resolves when everything is answered. */
  async end(): Promise<{ sent: number; acknowledged: number; refused: number; codes: string[]; epochs: number[] }> {
    for (const timer of timers) clearInterval(timer);
    const waiting = () => agents.reduce((sum, { spool }) => sum + spool.length, 0);
    const refused = () => agents.reduce((sum, { refusals }) => sum + refusals.length, 0);
    await until(() => waiting() - refused() <= 0, {
      limitMs: SETTLE_MS_MAX,
      what: () => `${waiting()} to be answered`,
    });
    const codes = new Set(agents.flatMap(({ refusals }) => refusals.map(({ code, message }) => `${code}: ${message}`)));
    const acknowledged = agents.reduce((sum, agent) => sum + agent.acknowledged, 0);
    return {
      sent: events,
      acknowledged,
      refused: refused(),
      codes: [...codes],
      epochs: [...new Set(agents.map(({ kemKey }) => kemKey.epoch))],
    };
  },
} satisfies Orders;

export type RotateOrders = typeof orders;

/** As often as that on average; what this process cannot keep up with is left out, so that it goes on hearing. */
function every(ms: number, act: (turn: number) => void): void {
  let dueMs = performance.now();
  let turns = 0;
  const timer = setInterval(
    () => {
      const untilMs = performance.now();
      for (let count = 0; dueMs < untilMs && count < TURNS_MAX; count++, dueMs += ms) act(turns++);
      if (dueMs < untilMs) dueMs = untilMs;
    },
    Math.max(10, ms),
  );
  timers.push(timer);
}

/** Hosts verify each for itself; here all get the same bytes, and one does it for all. */
function onceVerified(ca: X509Certificate): (announced: KemKey) => AnnouncedKemKey {
  const verified = new Map<string, AnnouncedKemKey>();
  return (announced) => {
    const bytes = Buffer.from(announced.signature ?? []).toString('base64');
    const known = verified.get(bytes) ?? verifyKemKey(announced, ca);
    verified.set(bytes, known);
    return known;
  };
}

serveOrders(orders);
