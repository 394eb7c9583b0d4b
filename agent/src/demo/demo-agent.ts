// One agent of the demo: everything a real one has from the spool on, and instead of sensors somebody who tells it what
// happened. Its host is invented; its identity, signatures, envelopes and stream are not.
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { HostEvent, SensorHealth } from '@threatguard/proto';
import type { Logger } from 'pino';
import { readIdentity } from '../identity/identity-files.ts';
import { openSending, type Sending } from '../sending.ts';
import type { DemoHost } from './cast.ts';

const SPOOL_BYTES_MAX = 64 * 1024 * 1024;
/** How often it is looked whether all was acknowledged. */
const LOOK_MS = 3;
const SENSORS = [
  ['auth', 'journald'],
  ['process', 'ebpf'],
  ['network', 'ebpf'],
  ['file', 'inotify'],
  ['host', 'proc'],
] as const;

export class DemoAgent implements AsyncDisposable {
  readonly #sending: Sending;
  readonly #told: { events: number };

  private constructor(sending: Sending, told: { events: number }) {
    this.#sending = sending;
    this.#told = told;
  }

  /** Opens an agent that is enrolled in `home`, and connects. */
  static async open(parts: { home: string; host: DemoHost; collector: string; log: Logger }): Promise<DemoAgent> {
    const { home, host, collector, log } = parts;
    const facts = { hostName: host.name, ...inventedMarks(host), os: host.os, kernel: host.kernel };
    const told = { events: 0 };
    const sending = await openSending({
      home,
      identity: readIdentity(home),
      collector,
      facts,
      // An invented host is never booted again: its stream goes on.
      bootId: Buffer.from(facts.bootId, 'hex'),
      spoolBytesMax: SPOOL_BYTES_MAX,
      health: () => inventedHealth(told.events),
      log,
    });
    return new DemoAgent(sending, told);
  }

  /** Envelopes it ever sealed: what it goes on after. */
  get sequence(): number {
    return this.#sending.spool.position.sequence;
  }

  /** Seals these as one envelope and hands it to the uplink. */
  send(events: HostEvent[]): void {
    this.#told.events += events.length;
    this.#sending.seal(events);
  }

  /** Resolves when the collector has committed all that was sent. */
  async settled(signal: AbortSignal): Promise<void> {
    const { spool } = this.#sending;
    while (spool.first < spool.end) await wait(LOOK_MS, undefined, { signal });
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#sending[Symbol.asyncDispose]();
  }
}

/** Of sensors that all run, and told so many events. */
function inventedHealth(events: number): SensorHealth[] {
  return SENSORS.map(([sensor, source]) => ({ sensor, source, state: 'running', detail: 'demo: invented', events }));
}

/** Marks no other host has, and which stay the same. */
export function inventedMarks({ name }: DemoHost): { machineId: string; bootId: string } {
  const hex = (what: string) =>
    createHash('sha256').update(`threatguard demo ${what} ${name}`).digest('hex').slice(0, 32);
  return { machineId: hex('machine'), bootId: hex('boot') };
}
