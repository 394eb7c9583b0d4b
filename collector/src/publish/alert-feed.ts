import { type Alert, SignedAlert } from '@threatguard/proto';
import type { AlertSigner } from './alert-signer.ts';

/** Alerts that wait for one slow subscriber; when there are more it is told how many it missed. */
const WAITING_MAX = 1_000;
/** Signatures made ahead of delivery: as many as Node's pool has threads, so that an urgent alert has few before it. */
const SIGNING_MAX = 4;

/** What a subscriber is given, in order: an alert, or the number it missed because it was too slow. */
export type FeedItem = { kind: 'alert'; alert: Alert; signed: SignedAlert } | { kind: 'lagged'; missed: number };

/** Takes one item; the next comes when its promise is done. One that throws has unsubscribed itself. */
export type FeedListener = (item: FeedItem) => void | Promise<void>;

interface Signing {
  alert: Alert;
  signed: Promise<Uint8Array>;
}

interface Subscriber {
  listener: FeedListener;
  /** These go before those that wait. */
  urgent: Alert[];
  waiting: Alert[];
  missed: number;
  delivering: boolean;
}

/** Alerts for subscribers in this process, as they are committed: the collector's own gRPC stream, with or without NATS. */
export class AlertFeed {
  readonly #signer: AlertSigner;
  readonly #subscribers = new Set<Subscriber>();
  readonly #observers: ((alerts: readonly Alert[]) => void)[] = [];

  constructor(signer: AlertSigner) {
    this.#signer = signer;
  }

  /** Shows every alert that is published, unsigned and without a copy; what it does with it takes no time. */
  observe(observer: (alerts: readonly Alert[]) => void): void {
    this.#observers.push(observer);
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  /**
   * Never waits for a subscriber, and costs nothing where there is none. Urgent ones go before what waits, but not before
   * another revision of the same alert.
   */
  publish(alerts: readonly Alert[], { urgent = false } = {}): void {
    for (const observe of this.#observers) observe(alerts);
    for (const subscriber of this.#subscribers) {
      const room = WAITING_MAX - subscriber.waiting.length - subscriber.urgent.length;
      for (const alert of alerts.slice(0, room)) {
        const first = urgent && !subscriber.waiting.some(({ id }) => id === alert.id);
        (first ? subscriber.urgent : subscriber.waiting).push(alert);
      }
      subscriber.missed += Math.max(0, alerts.length - room);
      if (!subscriber.delivering) void this.#deliver(subscriber);
    }
  }

  /** Alerts published from now on. Returns what ends it; safe twice. */
  subscribe(listener: FeedListener): () => void {
    const subscriber: Subscriber = { listener, urgent: [], waiting: [], missed: 0, delivering: false };
    this.#subscribers.add(subscriber);
    return () => {
      this.#subscribers.delete(subscriber);
      subscriber.urgent.length = 0;
      subscriber.waiting.length = 0;
    };
  }

  async #deliver(subscriber: Subscriber): Promise<void> {
    subscriber.delivering = true;
    const signing: Signing[] = [];
    try {
      while (this.#subscribers.has(subscriber)) {
        this.#signAhead(subscriber, signing);
        const next = signing.shift();
        if (next) {
          const signed = SignedAlert.decode(await next.signed);
          await subscriber.listener({ kind: 'alert', alert: next.alert, signed });
        } else if (subscriber.missed > 0) {
          const { missed } = subscriber;
          subscriber.missed = 0;
          await subscriber.listener({ kind: 'lagged', missed });
        } else break;
      }
    } catch {
      // The listener's connection is gone; whoever made it learns so from the connection itself.
      this.#subscribers.delete(subscriber);
    }
    subscriber.delivering = false;
  }

  #signAhead({ urgent, waiting }: Subscriber, signing: Signing[]): void {
    while (signing.length < SIGNING_MAX) {
      const alert = urgent.shift() ?? waiting.shift();
      if (!alert) return;
      const signed = this.#signer.sign(alert);
      // One that fails does so where it is delivered, if it still is.
      signed.catch(() => undefined);
      signing.push({ alert, signed });
    }
  }
}
