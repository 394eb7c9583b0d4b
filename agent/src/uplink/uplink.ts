// Brings the spool's envelopes to the collector, for ever: connects, serves one session, and when that ends tries again.
// Nothing here is lost by ending: what the collector has not acknowledged stays in the spool.
import { setTimeout as wait } from 'node:timers/promises';
import { Client, type ServiceError, status } from '@grpc/grpc-js';
import {
  type EpochConfirmation,
  type Heartbeat,
  type Hello,
  type KemKey,
  type Refusal,
  telemetryService,
  type Welcome,
} from '@threatguard/proto';
import { type ClientIdentity, channelOptionsFor, collectorCredentials } from '@threatguard/proto/client';
import type { Logger } from 'pino';
import type { Spool } from '../spool/spool.ts';
import { backoffMs } from './backoff.ts';
import type { CertificateDuties } from './certificate-duties.ts';
import type { Resealing } from './reseal.ts';
import { Session, type SessionEnd } from './session.ts';

const DRAIN_MS_MAX = 1000;

export interface UplinkOptions {
  /** HOST:PORT */
  collector: string;
  /** Read anew for every connection. */
  identity: ClientIdentity;
  /** Sees to the certificate; without it the one there is stays. */
  certificates?: CertificateDuties;
  spool: Spool;
  hello: () => Hello;
  heartbeat: () => Heartbeat;
  /** The fleet's key as each welcome and every rotation announces it; not verified yet. */
  onKemKey: (kemKey: KemKey) => void;
  /** What the agent seals for, signed: sent after each of them. */
  confirmation: () => EpochConfirmation;
  resealing: Resealing;
  log: Logger;
  /** [0, 1), for the jitter of reconnecting. */
  random: () => number;
}

export class Uplink implements AsyncDisposable {
  readonly #options: UplinkOptions;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #session: Session | undefined;
  #failures = 0;
  #connected = false;
  #clockOffsetUs: number | undefined;
  /** The collector did not take our certificate for a valid one. */
  #unrecognised = false;
  /** What was last said about a collector that is away, so that it is said once. */
  #complaint: string | undefined;

  private constructor(options: UplinkOptions) {
    this.#options = options;
    this.#done = this.#run();
  }

  /** Starts connecting and returns at once: a collector that is away is no reason not to start. */
  static start(options: UplinkOptions): Uplink {
    return new Uplink(options);
  }

  get connected(): boolean {
    return this.#connected;
  }

  /**
   * The collector's clock minus ours, as each welcome shows it: too low by the time that takes to arrive. Undefined before
   * the first.
   */
  get clockOffsetUs(): number | undefined {
    return this.#clockOffsetUs;
  }

  /** Tells the collector at once how the agent is, where one is connected. */
  sendHeartbeat(): void {
    this.#session?.sendHeartbeat();
  }

  /** Gives the collector a moment to acknowledge what was sent last, then ends; the rest stays in the spool. */
  async [Symbol.asyncDispose](): Promise<void> {
    const moment = wait(DRAIN_MS_MAX, undefined, { ref: false });
    await Promise.race([this.#session?.drained(), moment, this.#done]);
    this.#stop.abort();
    this.#session?.close();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const end = await this.#serve();
      this.#connected = false;
      if (this.#stop.signal.aborted) break;
      if (end.kind !== 'lost') continue;
      this.#complain(end.error);
      const pauseMs = backoffMs(this.#failures++, this.#options.random);
      await wait(pauseMs, undefined, { signal: this.#stop.signal }).catch(() => undefined); // aborted: the loop ends
    }
  }

  async #serve(): Promise<SessionEnd> {
    const { collector, identity, certificates, spool, hello, heartbeat, onKemKey, confirmation, resealing } =
      this.#options;
    if (certificates && (certificates.expired || this.#unrecognised)) {
      this.#unrecognised = false;
      // Where only our clock thinks so it is refused, and the connection is made all the same.
      await certificates.recover().catch((error: Error) => {
        this.#options.log.warn({ reason: error.message }, 'no other certificate for the one that has expired');
      });
    }
    // A channel of its own each time: a kept one would wait out its own back-off beside ours.
    const client = new Client(collector, collectorCredentials(identity), channelOptionsFor(identity));
    try {
      const { path, requestSerialize, responseDeserialize } = telemetryService.stream;
      const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
      const welcomed = (welcome: Welcome) => {
        if (welcome.sentAtUs) this.#clockOffsetUs = welcome.sentAtUs - Date.now() * 1000;
        this.#failures = 0;
        this.#complaint = undefined;
        this.#connected = true;
        this.#options.log.info({ collector, spooledEnvelopes: spool.end - spool.first }, 'connected');
        // In this order: a key may be signed under a CA we are only told of now, and rest on the one we are to forget.
        const { kemKey, trustAnchors } = welcome;
        if (trustAnchors) certificates?.trust(trustAnchors);
        if (kemKey) onKemKey(kemKey);
        if (trustAnchors) certificates?.forgetRetired(trustAnchors);
      };
      this.#session = new Session({
        call,
        spool,
        hello,
        heartbeat: () => ({ ...heartbeat(), welcomeOffsetUs: this.#clockOffsetUs }),
        confirmation,
        resealing,
        welcomed,
        announced: onKemKey,
        refused: (each) => this.#refused(each),
        told: (frame, send) => certificates?.take(frame, send) ?? 'done',
        beat: (send) => certificates?.check(send),
      });
      return await this.#session.ended;
    } finally {
      this.#session = undefined;
      client.close();
    }
  }

  #refused(refusal: Refusal): void {
    const { sequence, code, message } = refusal;
    if (code === 'agent_cloned' || code === 'agent_revoked') {
      this.#options.log.error({ code, reason: message }, 'the collector refuses this agent');
      return;
    }
    this.#options.log.warn({ sequence, code, reason: message }, 'the collector refused an envelope');
  }

  #complain(error: Error | undefined): void {
    const { code, details } = (error ?? {}) as Partial<ServiceError>;
    const reason = details || error?.message || 'the collector ended the stream';
    // Its clock may be ahead of ours, and our certificate expired there.
    if (code === status.UNAUTHENTICATED) this.#unrecognised = true;
    const complaint = code === undefined ? reason : String(code);
    const log = this.#options.log.child({ collector: this.#options.collector, reason });
    if (complaint === this.#complaint) {
      log.debug('still no collector');
      return;
    }
    this.#complaint = complaint;
    if (code === status.PERMISSION_DENIED || code === status.UNAUTHENTICATED) {
      log.error('the collector refuses this agent; if it was revoked by mistake, enroll again with --force');
    } else {
      log.warn('no connection to the collector; events are spooled, and it is tried again until it answers');
    }
  }
}
