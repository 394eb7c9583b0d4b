// A simulated agent for rotations: a real stream, real signatures, and a spool in memory that is sent again after every
// interruption until it is acknowledged. Like the real one it never goes back to an older epoch; it seals nothing anew.

import { X509Certificate } from 'node:crypto';
import { Client, type ClientDuplexStream } from '@grpc/grpc-js';
import {
  type AgentFrame,
  type AnnouncedKemKey,
  type CollectorFrame,
  type EpochConfirmation,
  type HostEvent,
  type KemKey,
  type Refusal,
  type StreamPosition,
  sealEnvelope,
  signEpochConfirmation,
  telemetryService,
  verifyKemKey,
} from '@threatguard/proto';
import { CHANNEL_OPTIONS, collectorCredentials } from '@threatguard/proto/client';
import type { AgentIdentity } from './agent-identity.ts';
import { newStream } from './envelopes.ts';

const AGAIN_MS = 100;

export interface SpooledBytes {
  sequence: number;
  epoch: number;
  events: number;
  bytes: Uint8Array;
}

export class RotatingAgent implements Disposable {
  readonly identity: AgentIdentity;
  kemKey: AnnouncedKemKey;
  spool: SpooledBytes[] = [];
  position: StreamPosition = newStream();
  /** Events whose envelope was acknowledged, and envelopes that were refused. */
  acknowledged = 0;
  readonly refusals: Refusal[] = [];
  /** The epochs it was told of, in order, also those it does not go back to. */
  readonly told: number[] = [];
  connected = false;
  /** Holds back what is spooled, as a slow line does; confirmations and heartbeats go out. */
  holding = false;
  /** What it says instead of the truth. */
  alterConfirmation: (confirmation: EpochConfirmation) => EpochConfirmation = (confirmation) => confirmation;
  readonly #verify: (announced: KemKey) => AnnouncedKemKey;
  readonly #address: () => string;
  readonly #bootId: string;
  #client: Client | undefined;
  #call: ClientDuplexStream<AgentFrame, CollectorFrame> | undefined;
  #stopped = true;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: {
    identity: AgentIdentity;
    address: () => string;
    /** What it says of its host; nothing unless given. */
    bootId?: string;
    verify?: (announced: KemKey) => AnnouncedKemKey;
  }) {
    this.identity = parts.identity;
    this.kemKey = parts.identity.kemKey;
    this.#verify = parts.verify ?? verifierOf(parts.identity.ca);
    this.#address = parts.address;
    this.#bootId = parts.bootId ?? '';
  }

  /** Connects, and again whenever the stream ends, until it is disposed. */
  start(): this {
    this.#stopped = false;
    this.#connect();
    return this;
  }

  /** Seals events for the epoch it is at, and sends them where it is connected. */
  send(events: readonly HostEvent[]): void {
    const { envelope: identity } = this.identity;
    const { kemKey, position: previous } = this;
    const sealed = sealEnvelope({ events, losses: [], identity, kemKey, previous, nowUs: Date.now() * 1000 });
    this.position = sealed.position;
    const { sequence } = sealed.position;
    const spooled = { sequence, epoch: kemKey.epoch, events: events.length, bytes: sealed.bytes };
    this.spool.push(spooled);
    if (this.connected && !this.holding) this.#write({ envelope: spooled.bytes });
  }

  /** Sends what was held back. */
  release(): void {
    this.holding = false;
    if (this.connected) for (const { bytes } of this.spool) this.#write({ envelope: bytes });
  }

  heartbeat(): void {
    this.#write({
      heartbeat: {
        sentAtUs: Date.now() * 1000,
        spooledEnvelopes: this.spool.length,
        sealingEpoch: this.kemKey.epoch,
        oldestSpooledEpoch: this.spool[0]?.epoch ?? 0,
      },
    });
  }

  confirmation(): EpochConfirmation {
    return signEpochConfirmation({
      identity: this.identity.envelope,
      kemKey: this.kemKey,
      oldestSpooledEpoch: this.spool[0]?.epoch ?? 0,
      nowUs: Date.now() * 1000,
    });
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#end();
  }

  #connect(): void {
    this.#client = new Client(this.#address(), collectorCredentials(this.identity), CHANNEL_OPTIONS);
    const { path, requestSerialize, responseDeserialize } = telemetryService.stream;
    const call = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    this.#call = call;
    call.on('data', (frame: CollectorFrame) => this.#hear(frame));
    const again = () => {
      if (this.#call !== call) return;
      this.#end();
      if (!this.#stopped) this.#timer = setTimeout(() => this.#connect(), AGAIN_MS);
    };
    call.on('error', again);
    call.on('end', again);
    const { streamId } = this.position;
    const host = { hostName: this.identity.name, bootId: this.#bootId };
    this.#write({ hello: { ...host, sentAtUs: Date.now() * 1000, streamId } });
  }

  #end(): void {
    this.connected = false;
    const [call, client] = [this.#call, this.#client];
    this.#call = this.#client = undefined;
    call?.cancel();
    client?.close();
  }

  #hear({ welcome, kemKey, acknowledgement, refusal }: CollectorFrame): void {
    if (welcome) {
      this.#forget(welcome.lastSequence ?? 0);
      this.connected = true;
      this.#take(welcome.kemKey);
      if (!this.holding) for (const { bytes } of this.spool) this.#write({ envelope: bytes });
    }
    if (kemKey) this.#take(kemKey);
    if (acknowledgement) this.#forget(acknowledgement.sequence ?? 0);
    if (refusal) this.refusals.push(refusal);
  }

  #take(announced: KemKey | null | undefined): void {
    const next = announced && this.#verify(announced);
    if (next) this.told.push(next.epoch);
    if (next && next.epoch >= this.kemKey.epoch) this.kemKey = next;
    this.#write({ epochConfirmation: this.alterConfirmation(this.confirmation()) });
    this.heartbeat();
  }

  #forget(sequence: number): void {
    const before = this.spool[0]?.epoch ?? 0;
    while (this.spool[0] && this.spool[0].sequence <= sequence) this.acknowledged += this.spool.shift()!.events;
    if ((this.spool[0]?.epoch ?? 0) !== before && before < this.kemKey.epoch && this.connected) this.heartbeat();
  }

  #write(frame: AgentFrame): void {
    this.#call?.write(frame);
  }
}

function verifierOf(ca: string): (announced: KemKey) => AnnouncedKemKey {
  const authority = new X509Certificate(ca);
  return (announced) => verifyKemKey(announced, authority);
}
