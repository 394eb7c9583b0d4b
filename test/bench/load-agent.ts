// One agent of a load: envelopes sealed ahead or on the spot, one stream, at most so many unacknowledged.
//
// Form: #ahead is sealed and not sent; #due are the moments at which an envelope was to go and has not yet (its spool);
// #inFlight is sent and not acknowledged, ascending by sequence; `acknowledged` is what the store must hold, no more, no less.
import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { Client, type ClientDuplexStream } from '@grpc/grpc-js';
import {
  type AgentFrame,
  type CollectorFrame,
  Envelope,
  EnvelopeHeader,
  type EnvelopeIdentity,
  envelopeIdentity,
  HostEvent,
  NO_PREVIOUS_DIGEST,
  STREAM_ID_BYTES,
  type StreamPosition,
  sealEnvelope,
  telemetryService,
  UNACKNOWLEDGED_ENVELOPES_MAX,
} from '@threatguard/proto';
import { CHANNEL_OPTIONS, collectorCredentials } from '@threatguard/proto/client';
import type { readIdentity } from '../../agent/src/identity/identity-files.ts';
import { DigestSum, type Digests } from './event-digest.ts';

/** What was sealed, by which its events can be made again when they are counted. */
export interface Sealed {
  bytes: Uint8Array;
  sequence: number;
  headerDigest: Uint8Array;
  payloadDigest: Uint8Array;
  firstEvent: number;
  count: number;
  atUs: number;
}

/** Makes the event of an index, the same each time. */
export type EventMaker = (index: number, atUs: number) => HostEvent;

export class LoadAgent {
  readonly acknowledged: Omit<Sealed, 'bytes'>[] = [];
  /** From due (or sent, where it sends what it can) to acknowledged. */
  readonly waitsMs: number[] = [];
  refused = 0;
  windowMax = UNACKNOWLEDGED_ENVELOPES_MAX;
  /** Events in what is sealed from now on. */
  eventsPerBatch = 1;
  /** Sends without being asked for an envelope, until this time of performance.now(). */
  busyUntilMs = 0;
  sealedOnTheSpot = 0;
  /** When the newest acknowledgement came, of performance.now(). */
  acknowledgedAtMs = 0;
  readonly event: EventMaker;
  readonly #identity: ReturnType<typeof readIdentity>;
  readonly #signer: EnvelopeIdentity;
  readonly #client: Client;
  readonly #call: ClientDuplexStream<AgentFrame, CollectorFrame>;
  #ahead: Sealed[] = [];
  readonly #due: number[] = [];
  readonly #inFlight = new Map<number, { sinceMs: number; sealed: Omit<Sealed, 'bytes'> }>();
  #position: StreamPosition = { streamId: randomBytes(STREAM_ID_BYTES), sequence: 0, headerDigest: NO_PREVIOUS_DIGEST };
  #nextEvent = 0;
  #writable = true;
  #planned = false;
  #idle: (() => void) | undefined;
  readonly #welcomed = Promise.withResolvers<void>();
  readonly #failed = Promise.withResolvers<never>();

  constructor(parts: { collector: string; identity: ReturnType<typeof readIdentity>; event: EventMaker }) {
    const { identity, collector } = parts;
    this.event = parts.event;
    this.#identity = identity;
    this.#signer = envelopeIdentity(identity.agentId, identity);
    const { key, certificate, ca } = identity.pem;
    this.#client = new Client(collector, collectorCredentials({ ca, certificate, key }), CHANNEL_OPTIONS);
    const { path, requestSerialize, responseDeserialize } = telemetryService.stream;
    this.#call = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    this.#failed.promise.catch(() => undefined);
    this.#call.on('error', (error) => this.#failed.reject(new Error(`${identity.name}: ${error.message}`)));
    this.#call.on('end', () => this.#failed.reject(new Error(`${identity.name}: the collector ended the stream`)));
    this.#call.on('data', (frame: CollectorFrame) => this.#hear(frame));
    this.#call.on('drain', () => {
      this.#writable = true;
      this.#plan();
    });
    const { streamId } = this.#position;
    this.#call.write({ hello: { hostName: identity.name, sentAtUs: Date.now() * 1000, streamId } });
  }

  get name(): string {
    return this.#identity.name;
  }

  /** Envelopes due or sent, and not acknowledged. */
  get unanswered(): number {
    return this.#due.length + this.#inFlight.size;
  }

  /** Bytes of what was sealed. */
  sealAhead(): number {
    const sealed = this.#seal();
    this.#ahead.push(sealed);
    return sealed.bytes.length;
  }

  /** Forgets what was sealed and not sent: the stream continues where the collector has it. */
  forgetAhead(): void {
    const last = this.acknowledged.at(-1);
    if (this.#ahead.length === 0) return;
    this.#ahead = [];
    const { streamId } = this.#position;
    this.#position = last
      ? { streamId, sequence: last.sequence, headerDigest: last.headerDigest }
      : { streamId, sequence: 0, headerDigest: NO_PREVIOUS_DIGEST };
  }

  /** Resolves once the collector has welcomed it; rejects when the stream ends. */
  welcomed(): Promise<void> {
    return Promise.race([this.#welcomed.promise, this.#failed.promise]);
  }

  /** An envelope was to be there at this time of performance.now(). */
  owe(dueMs: number): void {
    this.#due.push(dueMs);
    this.#plan();
  }

  /** Sends what it can until then. */
  sendUntil(untilMs: number): void {
    this.busyUntilMs = untilMs;
    this.#plan();
  }

  /** Resolves when everything is sent and acknowledged; rejects when the stream ends. */
  settled(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle = resolve;
    this.#plan();
    return Promise.race([promise, this.#failed.promise]);
  }

  close(): void {
    this.#call.removeAllListeners('end');
    this.#call.end();
    this.#client.close();
  }

  /** One envelope a turn: others share this thread. */
  #plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    setImmediate(() => {
      this.#planned = false;
      if (this.#writable && this.#inFlight.size < this.windowMax && this.#wanted()) {
        this.#send();
        this.#plan();
      } else if (this.#inFlight.size === 0 && !this.#wanted()) {
        this.#idle?.();
      }
    });
  }

  #wanted(): boolean {
    return this.#due.length > 0 || performance.now() < this.busyUntilMs;
  }

  #send(): void {
    const sinceMs = this.#due.shift() ?? performance.now();
    const ahead = this.#ahead.shift();
    if (!ahead) this.sealedOnTheSpot += 1;
    const { bytes, ...sealed } = ahead ?? this.#seal();
    this.#inFlight.set(sealed.sequence, { sinceMs, sealed });
    this.#writable = this.#call.write({ envelope: bytes });
  }

  #seal(): Sealed {
    const [firstEvent, count] = [this.#nextEvent, this.eventsPerBatch];
    const atUs = Date.now() * 1000;
    const events = Array.from({ length: count }, (_, index) => this.event(firstEvent + index, atUs + index));
    this.#nextEvent += count;
    const { kemKey } = this.#identity;
    const previous = this.#position;
    const { bytes, position } = sealEnvelope({
      events,
      losses: [],
      identity: this.#signer,
      kemKey,
      previous,
      nowUs: atUs,
    });
    this.#position = position;
    const { sequence, headerDigest } = position;
    // A copy: a view would keep the whole envelope.
    const payloadDigest = Uint8Array.from(EnvelopeHeader.decode(Envelope.decode(bytes).header).payloadDigest);
    return { bytes, sequence, headerDigest, payloadDigest, firstEvent, count, atUs };
  }

  #hear(frame: CollectorFrame): void {
    if (frame.welcome) this.#welcomed.resolve();
    if (frame.acknowledgement) this.#acknowledge(frame.acknowledgement.sequence ?? 0);
    if (frame.refusal) {
      this.refused += 1;
      const { code, message } = frame.refusal;
      this.#failed.reject(new Error(`${this.name}: the collector refused an envelope: ${code}, ${message}`));
    }
    this.#plan();
  }

  /** This one and all before it. */
  #acknowledge(sequence: number): void {
    this.acknowledgedAtMs = performance.now();
    for (const [sent, { sinceMs, sealed }] of this.#inFlight) {
      if (sent > sequence) break;
      this.#inFlight.delete(sent);
      this.waitsMs.push(this.acknowledgedAtMs - sinceMs);
      this.acknowledged.push(sealed);
    }
  }
}

/** Of everything acknowledged so far. Events are made again and digested now, when nobody is measured. */
export async function digestsOf(agents: readonly LoadAgent[]): Promise<Digests> {
  const [events, headers, payloads] = [new DigestSum(), new DigestSum(), new DigestSum()];
  for (const { acknowledged, event } of agents) {
    for (const { headerDigest, payloadDigest, firstEvent, count, atUs } of acknowledged) {
      headers.addDigest(headerDigest);
      payloads.addDigest(payloadDigest);
      for (let index = 0; index < count; index++) {
        events.add(HostEvent.encode(event(firstEvent + index, atUs + index)).finish());
      }
    }
    // Pings are answered meanwhile.
    await turn();
  }
  return { events: `${events}`, headers: `${headers}`, payloads: `${payloads}` };
}
