// An agent's uplink without its disk: what it sealed it keeps and sends again, in order, until it is acknowledged.
//
// Invariants: #unacknowledged holds what was sealed after `acknowledged`, ascending, at most WINDOW_MAX; the chain of
// sequences never breaks, whatever happens to the collector.
import { setTimeout } from 'node:timers/promises';
import { type HostEvent, NO_PREVIOUS_DIGEST, type StreamPosition, sealEnvelope } from '@threatguard/proto';
import type { AgentIdentity } from './agent-identity.ts';
import { newStream } from './envelopes.ts';
import { SealingAgent } from './sealing-agent.ts';

/** Envelopes sealed and not acknowledged. */
const WINDOW_MAX = 16;
const RECONNECT_MS = 100;
const TURN_MS = 5;

export class ResendingAgent {
  readonly identity: AgentIdentity;
  /** Digest of every header it ever sealed, hex, by sequence from 1. */
  readonly digests: string[] = [];
  events = 0;
  /** Everything up to this sequence was acknowledged. */
  acknowledged = 0;
  reconnects = 0;
  readonly refusals: string[] = [];
  readonly #address: string;
  readonly #unacknowledged: { sequence: number; bytes: Uint8Array }[] = [];
  #position: StreamPosition = newStream();

  constructor(address: string, identity: AgentIdentity) {
    this.#address = address;
    this.identity = identity;
  }

  get streamId(): Uint8Array {
    return this.#position.streamId;
  }

  /** Seals and sends until `stop`, then only what is not acknowledged yet; resolves when everything is. */
  async run(next: () => HostEvent[], stop: AbortSignal, giveUp: AbortSignal): Promise<void> {
    while (!giveUp.aborted) {
      using connection = await this.#connect();
      if (connection && (await this.#stream(connection, next, stop, giveUp))) return;
      this.reconnects++;
      await setTimeout(RECONNECT_MS);
    }
  }

  async #connect(): Promise<SealingAgent | undefined> {
    const { identity, streamId } = { identity: this.identity, streamId: this.streamId };
    const agent = new SealingAgent({
      address: this.#address,
      identity,
      position: { streamId, sequence: 0, headerDigest: NO_PREVIOUS_DIGEST },
    });
    try {
      await agent.hello();
      return agent;
    } catch {
      // Nobody is there, or it went away: that is what these tests are about.
      agent[Symbol.dispose]();
      return undefined;
    }
  }

  /** Whether all is said and acknowledged; false where the connection ended before. */
  async #stream(
    connection: SealingAgent,
    next: () => HostEvent[],
    stop: AbortSignal,
    giveUp: AbortSignal,
  ): Promise<boolean> {
    for (const { bytes } of this.#unacknowledged) connection.sendFrame({ envelope: bytes });
    for (let read = 0; !connection.ended && !giveUp.aborted; ) {
      for (; read < connection.frames.length; read++) this.#hear(connection, read);
      if (stop.aborted && this.#unacknowledged.length === 0) return true;
      if (!stop.aborted && this.#unacknowledged.length < WINDOW_MAX) {
        connection.sendFrame({ envelope: this.#seal(next()) });
      }
      await setTimeout(TURN_MS);
    }
    return false;
  }

  #hear(connection: SealingAgent, index: number): void {
    const { acknowledgement, refusal } = connection.frames[index]!;
    if (refusal) this.refusals.push(`${refusal.sequence}: ${refusal.code} ${refusal.message}`);
    this.acknowledged = Math.max(this.acknowledged, acknowledgement?.sequence ?? 0);
    while (this.#unacknowledged[0] && this.#unacknowledged[0].sequence <= this.acknowledged) {
      this.#unacknowledged.shift();
    }
  }

  #seal(events: HostEvent[]): Uint8Array {
    const { envelope: identity, kemKey } = this.identity;
    const previous = this.#position;
    const sealed = sealEnvelope({ events, losses: [], identity, kemKey, previous, nowUs: Date.now() * 1000 });
    this.#position = sealed.position;
    this.digests.push(Buffer.from(sealed.position.headerDigest).toString('hex'));
    this.events += events.length;
    this.#unacknowledged.push({ sequence: sealed.position.sequence, bytes: sealed.bytes });
    return sealed.bytes;
  }
}
