import { type Alert, SignedAlert } from '@threatguard/proto';
import type { AlertSigner } from './alert-signer.ts';

/** Alerts that wait for one slow subscriber; when there are more it is told how many it missed. */
const WAITING_MAX = 1_000;

/** What a subscriber is given, in order: an alert, or the number it missed because it was too slow. */
export type FeedItem = { kind: 'alert'; alert: Alert; signed: SignedAlert } | { kind: 'lagged'; missed: number };

/** Takes one item; the next comes when its promise is done. One that throws has unsubscribed itself. */
export type FeedListener = (item: FeedItem) => void | Promise<void>;

interface Subscriber {
  listener: FeedListener;
  waiting: Alert[];
  missed: number;
  delivering: boolean;
}

/** Alerts for subscribers in this process, as they are committed: the collector's own gRPC stream, with or without NATS. */
export class AlertFeed {
  readonly #signer: AlertSigner;
  readonly #subscribers = new Set<Subscriber>();

  constructor(signer: AlertSigner) {
    this.#signer = signer;
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  /** Never waits for a subscriber, and costs nothing where there is none. */
  publish(alerts: readonly Alert[]): void {
    if (this.#subscribers.size === 0) return;
    // All at once, however slowly they are then taken; one that fails does so where it is delivered.
    for (const alert of alerts) this.#signer.sign(alert).catch(() => undefined);
    for (const subscriber of this.#subscribers) {
      const room = WAITING_MAX - subscriber.waiting.length;
      subscriber.waiting.push(...alerts.slice(0, room));
      subscriber.missed += Math.max(0, alerts.length - room);
      if (!subscriber.delivering) void this.#deliver(subscriber);
    }
  }

  /** Alerts published from now on. Returns what ends it; safe twice. */
  subscribe(listener: FeedListener): () => void {
    const subscriber: Subscriber = { listener, waiting: [], missed: 0, delivering: false };
    this.#subscribers.add(subscriber);
    return () => {
      this.#subscribers.delete(subscriber);
      subscriber.waiting.length = 0;
    };
  }

  async #deliver(subscriber: Subscriber): Promise<void> {
    subscriber.delivering = true;
    try {
      while (this.#subscribers.has(subscriber)) {
        const alert = subscriber.waiting.shift();
        if (alert) {
          await subscriber.listener({
            kind: 'alert',
            alert,
            signed: SignedAlert.decode(await this.#signer.sign(alert)),
          });
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
}
