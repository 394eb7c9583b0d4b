// Empties the outbox to JetStream. A row is removed only after the server's acknowledgement, and each revision has its
// own message id, so a crash or a lost answer at any point repeats a publish and never loses or doubles an alert.
import { alertSubject } from '@threatguard/proto';
import { pause } from '../pause.ts';
import type { OutboxRow } from '../store/page.ts';
import type { Store } from '../store/store.ts';
import { type AlertSigner, revisionKey } from './alert-signer.ts';
import { explainSilence, linkToNats, type NatsLink, publicUrl } from './nats-link.ts';

/** Rows on the wire at once. */
const IN_FLIGHT_MAX = 64;
const ACKNOWLEDGE_TIMEOUT_MS = 5_000;
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 5_000;
const STOP_TIMEOUT_MS = 2_000;
/** An agent id that is not one token of a subject would be published where no console listens. */
const SUBJECT_TOKEN = /^[A-Za-z0-9-]{1,64}$/;

export interface OutboxPublisherOptions {
  store: Pick<Store, 'outbox' | 'removeFromOutbox'>;
  /** nats://user:password@host:port */
  url: string;
  signer: AlertSigner;
  /** A subject that is listened to beside, and who is told of what is said there: not of what this publisher announces itself. */
  hears?: { subject: string; heard: () => void };
}

/** Publishes what is committed as soon as `wake` says so; while NATS is away it keeps trying and everything waits. */
export class OutboxPublisher implements AsyncDisposable {
  readonly #store: OutboxPublisherOptions['store'];
  readonly #url: string;
  readonly #signer: AlertSigner;
  readonly #hears: OutboxPublisherOptions['hears'];
  readonly #stopped = new AbortController();
  #link: NatsLink | undefined;
  #state = 'unavailable: not connected yet';
  #woken = true;
  #signal = Promise.withResolvers<void>();
  #oversized = 0;
  readonly #ended: Promise<void>;

  private constructor(options: OutboxPublisherOptions) {
    this.#store = options.store;
    this.#url = options.url;
    this.#signer = options.signer;
    this.#hears = options.hears;
    this.#ended = this.#run();
  }

  /** Begins at once with what an earlier run left; does not wait for NATS. */
  static start(options: OutboxPublisherOptions): OutboxPublisher {
    return new OutboxPublisher(options);
  }

  /** There may be new rows. Never waits. */
  wake(): void {
    this.#woken = true;
    this.#signal.resolve();
  }

  /** Publishes once, to whoever listens at this moment; nothing where NATS is away. */
  announce(subject: string, bytes: Uint8Array): void {
    const connection = this.#link?.connection;
    if (connection && !connection.isClosed()) connection.publish(subject, bytes);
  }

  /** `connected to nats://...` or `unavailable: ...`, for status. */
  state(): string {
    const left = this.#oversized > 0 ? `; ${this.#oversized} alerts were larger than NATS takes` : '';
    return this.#state + left;
  }

  /** What is in flight is finished within a limit; what is not waits in the outbox for the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    this.#signal.resolve();
    const timer = setTimeout(() => void this.#link?.connection.close(), STOP_TIMEOUT_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    let retryMs = RETRY_MS_MIN;
    while (!this.#stopped.signal.aborted) {
      try {
        const link = await this.#connected();
        while (this.#woken && !this.#stopped.signal.aborted) {
          this.#woken = false;
          await this.#empty(link);
          retryMs = RETRY_MS_MIN;
        }
        await this.#nextSignal();
      } catch (error) {
        this.#woken = true;
        this.#state = `unavailable: ${publicUrl(this.#url)}: ${error instanceof Error ? error.message : String(error)}`;
        await pause(retryMs, this.#stopped.signal);
        retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
      }
    }
    await this.#link?.connection.close();
    this.#state = 'unavailable: stopped';
  }

  async #connected(): Promise<NatsLink> {
    if (this.#link && !this.#link.connection.isClosed()) return this.#link;
    const link = await linkToNats(this.#url);
    this.#link = link;
    if (this.#hears) {
      const { subject, heard } = this.#hears;
      link.connection.subscribe(subject, { callback: () => heard() });
      // What was said while nobody listened: the server takes a subscription in after it was asked for.
      await link.connection.flush();
      heard();
    }
    this.#state = `connected to ${publicUrl(this.#url)}`;
    void link.connection.closed().then(() => {
      if (link !== this.#link || this.#stopped.signal.aborted) return;
      this.#state = `unavailable: ${publicUrl(this.#url)}: the connection was lost`;
      // Reconnect now, not when the next alert comes: status should say what is so.
      this.wake();
    });
    return link;
  }

  async #empty(link: NatsLink): Promise<void> {
    for (;;) {
      const rows = await this.#store.outbox(IN_FLIGHT_MAX);
      if (rows.length === 0 || this.#stopped.signal.aborted) return;
      // Sent in order over one connection; the server stores them in order. The answers come in any.
      const signing = rows.map(({ alert }) => this.#signer.sign(alert));
      await Promise.allSettled(signing);
      const answers = await Promise.allSettled(rows.map((row, index) => this.#publish(link, row, signing[index]!)));
      const done = rows.filter((_, index) => answers[index]?.status === 'fulfilled').map(({ id }) => id);
      await this.#store.removeFromOutbox(done);
      const failed = answers.find((answer) => answer.status === 'rejected');
      if (failed) throw failed.reason;
      if (rows.length < IN_FLIGHT_MAX) return;
    }
  }

  async #publish({ connection, stream }: NatsLink, { alert }: OutboxRow, signing: Promise<Uint8Array>): Promise<void> {
    const signed = await signing;
    const agent = SUBJECT_TOKEN.test(alert.agentId ?? '') ? alert.agentId! : '';
    if (signed.length > (connection.info?.max_payload ?? Number.POSITIVE_INFINITY)) {
      // It would be refused for ever and everything behind it with it. It stays in the store, where consoles list it.
      this.#oversized++;
      return;
    }
    const options = { msgID: revisionKey(alert), timeout: ACKNOWLEDGE_TIMEOUT_MS };
    await stream.publish(alertSubject(alert.severity ?? 0, agent), signed, options).catch(explainSilence);
  }

  async #nextSignal(): Promise<void> {
    if (!this.#woken && !this.#stopped.signal.aborted) await this.#signal.promise;
    this.#signal = Promise.withResolvers();
  }
}
