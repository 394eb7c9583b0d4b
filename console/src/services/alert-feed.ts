import type { KeyObject } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type Alert, type AlertFilter, RefusalError, SignedAlert, verifyAlert } from '@threatguard/proto';
import type { CollectorClient } from '../client/collector-client.ts';
import { trustedSigningKey } from '../client/collector-key.ts';
import type { NatsSubscription } from '../client/nats.ts';
import { matchesAlert } from '../model/alert-filter.ts';
import { ConsoleError, isUnreachable } from '../model/console-error.ts';
import { type Arrival, SeenAlerts } from './seen-alerts.ts';

// One feed over two ways: NATS, and the collector's own gRPC stream while NATS is away. Invariants: nothing is handed on
// before its signature was checked with a key the fleet's CA vouches for; nothing is handed on twice; after any pause
// the feed asks again from before the pause began.

/** First and longest pause between attempts to reach NATS or the collector. */
const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 15_000;
/** A catch-up begins this long before the pause: clocks of the servers differ and publishing takes a moment. */
const OVERLAP_MS = 10_000;
/** Alerts fetched in one catch-up over gRPC. */
const CATCH_UP_ALERTS_MAX = 1000;

export type FeedWay = 'nats' | 'grpc' | 'none';

export interface FeedOptions {
  client: CollectorClient;
  /** PEM of the fleet's CA. */
  ca: string;
  filter: AlertFilter;
  /** Deliver what was raised since then, too. */
  sinceUs: number | undefined;
  signal: AbortSignal;
  onAlert(alert: Alert, arrival: Exclude<Arrival, 'known'>): void;
  /** How alerts reach us, with what to tell the operator about it. */
  onWay?(way: FeedWay): void;
  onNote(note: string): void;
}

/** Runs until `signal`. Throws ConsoleError where the collector is not there at the start, or cannot be trusted. */
export function followAlerts(options: FeedOptions): Promise<void> {
  return new AlertFeed(options).run();
}

class AlertFeed {
  readonly #options: FeedOptions;
  readonly #seen: SeenAlerts;
  #key: KeyObject | undefined;
  #forged = 0;
  /** Everything published before is delivered, or was not asked for. */
  #caughtUpMs: number | undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#seen = new SeenAlerts(options.sinceUs ?? Date.now() * 1000);
    this.#caughtUpMs = options.sinceUs === undefined ? undefined : options.sinceUs / 1000;
  }

  async run(): Promise<void> {
    const { signal, onNote } = this.#options;
    let source = await this.#source();
    let retryMs = RETRY_MS_MIN;
    let told = '';
    const tell = (note: string) => {
      if (note !== told) onNote(note);
      told = note;
    };
    // Alerts on NATS do not say what an agent is labelled: the collector chooses.
    if (this.#options.filter.labels?.length) return await this.#followGrpc(signal);
    while (!signal.aborted) {
      if (source.url) {
        const subscription = await this.#subscribe(source);
        if (typeof subscription !== 'string') {
          if (told) tell('NATS is back; catching up');
          told = '';
          retryMs = RETRY_MS_MIN;
          const reason = await this.#untilEnded(subscription);
          if (signal.aborted) return;
          tell(`lost NATS (${reason}); alerts come from the collector itself meanwhile`);
        } else {
          tell(
            `NATS at ${hostOf(source.url)} is not available (${subscription}); alerts come from the collector itself`,
          );
        }
      } else {
        tell('this deployment has no NATS; alerts come from the collector itself');
      }
      const retry = AbortSignal.any([signal, AbortSignal.timeout(source.url ? retryMs : RETRY_MS_MAX)]);
      await this.#followGrpc(retry);
      retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
      source = await this.#source().catch((error: unknown) => {
        // The collector may be away with NATS; only distrust ends the feed.
        if (isUnreachable(error)) return source;
        throw error;
      });
    }
  }

  async #source(): Promise<{ url: string; credentials: string }> {
    const { client, ca } = this.#options;
    const status = await client.getStatus();
    const certificate = status.signingCertificate ?? new Uint8Array();
    this.#key = trustedSigningKey({ certificate, ca, nowMs: Date.now() });
    return { url: status.natsUrl ?? '', credentials: status.natsCredentials ?? '' };
  }

  async #subscribe(source: { url: string; credentials: string }): Promise<NatsSubscription | string> {
    // Only where there is a NATS: a deployment without one does without its library.
    const { subscribeAlerts } = await import('../client/nats.ts');
    return subscribeAlerts({
      ...source,
      sinceMs: this.#caughtUpMs,
      onMessage: (bytes) => this.#takeMessage(bytes),
    }).catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
  }

  async #untilEnded(subscription: NatsSubscription): Promise<string> {
    const { signal, onWay } = this.#options;
    onWay?.('nats');
    const reason = await Promise.race([subscription.ended, aborted(signal)]);
    this.#pausedAt(Date.now());
    onWay?.('none');
    await subscription.close();
    return reason;
  }

  /** Follows the collector's stream until `signal`; says so when that is gone as well, and tries again. */
  async #followGrpc(signal: AbortSignal): Promise<void> {
    const { client, filter, onWay, onNote } = this.#options;
    let retryMs = RETRY_MS_MIN;
    while (!signal.aborted) {
      try {
        const { promise: opened, resolve: onOpen } = Promise.withResolvers<void>();
        const stream = client.watchAlerts(filter, { signal, onOpen, onAlert: (signed) => this.#take(signed) });
        await Promise.race([opened, stream]);
        if (signal.aborted) return;
        // Only now, so that nothing falls between what is listed and what is streamed.
        const catchUp = this.#caughtUpMs === undefined ? undefined : this.#catchUp(this.#caughtUpMs);
        onWay?.('grpc');
        await Promise.all([stream, catchUp]);
        retryMs = RETRY_MS_MIN;
      } catch (error) {
        if (!(error instanceof ConsoleError)) throw error;
        if (retryMs === RETRY_MS_MIN) onNote(`${error.message}; trying again`);
      }
      this.#pausedAt(Date.now());
      onWay?.('none');
      await wait(retryMs, undefined, { signal }).catch(() => undefined);
      retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
    }
  }

  async #catchUp(fromMs: number): Promise<void> {
    const filter = { ...this.#options.filter, sinceUs: Math.floor(fromMs * 1000) };
    const missed = await this.#options.client.listAlerts(filter, CATCH_UP_ALERTS_MAX);
    for (const alert of missed.reverse()) this.#deliver(alert);
  }

  #pausedAt(nowMs: number): void {
    this.#caughtUpMs = nowMs - OVERLAP_MS;
  }

  #takeMessage(bytes: Uint8Array): void {
    let signed: SignedAlert;
    try {
      signed = SignedAlert.decode(bytes);
    } catch {
      this.#countForged();
      return;
    }
    this.#take(signed);
  }

  #take(signed: SignedAlert): void {
    let alert: Alert;
    try {
      alert = verifyAlert(signed, this.#key!);
    } catch (error) {
      if (!(error instanceof RefusalError)) throw error;
      this.#countForged();
      return;
    }
    this.#deliver(alert);
  }

  #deliver(alert: Alert): void {
    if (!matchesAlert(alert, this.#options.filter)) return;
    const arrival = this.#seen.note(alert);
    if (arrival !== 'known') this.#options.onAlert(alert, arrival);
  }

  // Said at 1, 2, 4, 8, ...: whoever can publish forgeries must not be able to flood the screen with notes.
  #countForged(): void {
    this.#forged += 1;
    if ((this.#forged & (this.#forged - 1)) !== 0) return;
    this.#options.onNote(`${this.#forged} message(s) not signed by the collector were dropped, not shown`);
  }
}

function aborted(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('stopped');
    signal.addEventListener('abort', () => resolve('stopped'), { once: true });
  });
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? 'its address';
}
