// Alerts of all collectors of a store, for clients of this one: its own from the feed as they are committed, those of the others
// when NATS says that there are some. NATS only says which: what is delivered is read from the store, so nobody who may write to
// NATS can say something to clients, and of revisions that come fast the newest is enough.
//
// Invariants: a revision is delivered once, whichever way it came first, within the newest DELIVERED_MAX. While NATS is away
// subscribers know it; when it is back, what changed meanwhile is delivered from the store before they are told so.
import { DeliverPolicy, type JsMsg, jetstreamManager, type OrderedConsumerOptions } from '@nats-io/jetstream';
import { ALERT_STREAM, type Alert } from '@threatguard/proto';
import { pause } from '../pause.ts';
import type { Store } from '../store/store.ts';
import type { AlertFeed } from './alert-feed.ts';
import { revisionKey } from './alert-signer.ts';
import { linkToNats, publicUrl } from './nats-link.ts';

/** Revisions known to be delivered: those of some minutes of a bad day. */
const DELIVERED_MAX = 16_384;
/** Alerts of others that wait to be read; beyond it subscribers are told how many they missed. */
const PENDING_MAX = 1_000;
/** Read at once. */
const READ_MAX = 16;
/** Messages the server may have on the way here. */
const IN_FLIGHT_MAX = 256;
/** What clocks of collectors may differ, and how long NATS may have been away before it was seen to be. */
const OVERLAP_US = 5_000_000;
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 5_000;
/** A revision as OutboxPublisher names its message. */
const REVISION = /^(?<id>[0-9a-z]{26}):\d{1,10}$/;

/** `away`: why alerts of other collectors are not known at present; undefined where they are. */
export type FleetItem =
  | { kind: 'alert'; alert: Alert }
  | { kind: 'lagged'; missed: number }
  | { kind: 'others'; away: string | undefined };

type FleetListener = (item: FleetItem) => void;

export interface FleetFeedParts {
  own: Pick<AlertFeed, 'subscribe'>;
  store: Pick<Store, 'alertsByIdPrefix' | 'openAlertsSince'>;
  url: string;
  nowUs: () => number;
  failed: (error: unknown) => void;
}

export class FleetFeed implements AsyncDisposable {
  readonly #parts: FleetFeedParts;
  readonly #listeners = new Set<FleetListener>();
  readonly #delivered = new Set<string>();
  readonly #pending = new Set<string>();
  readonly #stopped = new AbortController();
  readonly #ended: Promise<void>;
  #unsubscribe: (() => void) | undefined;
  #missed = 0;
  #reading: Promise<void> | undefined;
  #away: string | undefined = 'NATS was not reached yet';
  #awaySinceUs: number;
  /** Of the newest message of the stream that was seen; 0 for none. */
  #sequence = 0;

  private constructor(parts: FleetFeedParts) {
    this.#parts = parts;
    this.#awaySinceUs = parts.nowUs();
    this.#ended = this.#run();
  }

  /** Does not wait for NATS. */
  static start(parts: FleetFeedParts): FleetFeed {
    return new FleetFeed(parts);
  }

  /** From now on, and whether others are known; returns what ends it, which is safe twice. */
  subscribe(listener: FleetListener): () => void {
    this.#listeners.add(listener);
    if (this.#away !== undefined) listener({ kind: 'others', away: this.#away });
    this.#unsubscribe ??= this.#parts.own.subscribe((item) => {
      if (item.kind === 'alert') this.#deliver(item.alert);
      else this.#tell(item);
    });
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#unsubscribe?.();
      this.#unsubscribe = undefined;
      this.#pending.clear();
    };
  }

  async #run(): Promise<void> {
    let retryMs = RETRY_MS_MIN;
    while (!this.#stopped.signal.aborted) {
      try {
        await this.#follow(() => {
          retryMs = RETRY_MS_MIN;
        });
      } catch (error) {
        this.#lose(error instanceof Error ? error.message : String(error));
        await pause(retryMs, this.#stopped.signal);
        retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
      }
    }
  }

  /** Until the connection ends; throws why. */
  async #follow(reached: () => void): Promise<void> {
    const { connection, stream } = await linkToNats(this.#parts.url);
    const stop = () => void connection.close();
    this.#stopped.signal.addEventListener('abort', stop);
    try {
      if (this.#stopped.signal.aborted) return;
      const { state } = await (await jetstreamManager(connection)).streams.info(ALERT_STREAM);
      const consumer = await stream.consumers.get(ALERT_STREAM, this.#from(state.last_seq));
      const messages = await consumer.consume({
        max_messages: IN_FLIGHT_MAX,
        callback: (message) => this.#take(message),
      });
      reached();
      await this.#catchUp();
      const why = await Promise.race([connection.closed(), messages.closed()]);
      if (!this.#stopped.signal.aborted) throw why ?? new Error('the connection was lost');
    } finally {
      this.#stopped.signal.removeEventListener('abort', stop);
      await connection.close();
    }
  }

  /** After the newest that was seen; all there are where the stream is another one than before. */
  #from(lastSequence: number): Partial<OrderedConsumerOptions> {
    if (this.#sequence === 0) return { deliver_policy: DeliverPolicy.New };
    if (lastSequence < this.#sequence) return { deliver_policy: DeliverPolicy.All };
    return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: this.#sequence + 1 };
  }

  #take({ headers, seq }: JsMsg): void {
    this.#sequence = seq;
    const revision = headers?.get('Nats-Msg-Id') ?? '';
    const id = REVISION.exec(revision)?.groups?.id;
    if (!id || this.#listeners.size === 0 || this.#delivered.has(revision)) return;
    if (this.#pending.size < PENDING_MAX) this.#pending.add(id);
    else this.#missed++;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
  }

  async #read(): Promise<void> {
    while (this.#pending.size > 0 && !this.#stopped.signal.aborted) {
      const ids = [...this.#pending].slice(0, READ_MAX);
      try {
        const found = await Promise.all(ids.map((id) => this.#parts.store.alertsByIdPrefix(id)));
        for (const id of ids) this.#pending.delete(id);
        for (const alert of found.flat()) this.#deliver(alert);
      } catch (error) {
        // They stay pending: the store says of itself that it is away.
        this.#parts.failed(error);
        await pause(RETRY_MS_MAX, this.#stopped.signal);
      }
    }
    if (this.#missed > 0) this.#tell({ kind: 'lagged', missed: this.#missed });
    this.#missed = 0;
  }

  /** What changed while NATS was away, the oldest first. */
  async #catchUp(): Promise<void> {
    if (this.#listeners.size > 0) {
      const changed = await this.#parts.store.openAlertsSince(this.#awaySinceUs - OVERLAP_US);
      const missed = changed.filter((alert) => !this.#delivered.has(revisionKey(alert)));
      for (const alert of missed.slice(0, PENDING_MAX).reverse()) this.#deliver(alert);
      if (missed.length > PENDING_MAX) this.#tell({ kind: 'lagged', missed: missed.length - PENDING_MAX });
    }
    this.#away = undefined;
    this.#tell({ kind: 'others', away: undefined });
  }

  #lose(reason: string): void {
    const told = this.#away !== undefined;
    if (!told) this.#awaySinceUs = this.#parts.nowUs();
    this.#away = `NATS does not answer (${publicUrl(this.#parts.url)}): ${reason}`;
    if (!told) this.#tell({ kind: 'others', away: this.#away });
  }

  #deliver(alert: Alert): void {
    const revision = revisionKey(alert);
    if (this.#delivered.has(revision)) return;
    this.#delivered.add(revision);
    if (this.#delivered.size > DELIVERED_MAX) this.#delivered.delete(this.#delivered.keys().next().value!);
    this.#tell({ kind: 'alert', alert });
  }

  #tell(item: FleetItem): void {
    for (const listener of this.#listeners) listener(item);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    this.#unsubscribe?.();
    this.#listeners.clear();
    await this.#ended;
    await this.#reading;
  }
}
