// The live stream of alerts to WebSocket clients: one subscription to the feed however many there are, and each alert made into
// the bytes of a message once: a thousand clients who are slow wait for the same bytes.
//
// Invariant: #clients holds those that are open and may go on; who may not any more is cut within CHECK_MS.
import type { Alert, AlertFilter } from '@threatguard/proto';
import type { Caller } from '../../access/caller.ts';
import { matchesAlert } from '../../api/alert-filter.ts';
import type { FleetItem } from '../../publish/fleet-feed.ts';
import { describeAlert } from '../schemas/findings.ts';

export const CLIENTS_MAX = 1_000;
/** Not yet sent to one client: some hundreds of alerts. Who lets more gather is cut, and told why. */
export const WAITING_BYTES_MAX = 1024 * 1024;
const CHECK_MS = 1_000;
/** A client that says nothing to two of these is gone. */
const PING_MS = 20_000;

/** Close codes, RFC 6455 7.4.1 and of our own. */
const CLOSE = { goingAway: 1001, slow: 1013, notAllowed: 4401 } as const;

/** What is used of a WebSocket of `ws`. */
export interface StreamSocket {
  readonly bufferedAmount: number;
  send(bytes: Buffer, options: { binary: false }): void;
  ping(): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: 'close' | 'pong', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

interface Client {
  socket: StreamSocket;
  filter: AlertFilter;
  caller: Caller;
  sent: number;
  answered: boolean;
}

export interface AlertStreamParts {
  feed: { subscribe(listener: (item: FleetItem) => void): () => void };
  /** Whether what proved who calls still holds. */
  holds: (caller: Caller) => boolean;
}

export class AlertStream implements Disposable {
  readonly #parts: AlertStreamParts;
  readonly #clients = new Set<Client>();
  #unsubscribe: (() => void) | undefined;
  readonly #checking: NodeJS.Timeout;
  #pingedAtMs = 0;
  /** Why alerts of other collectors are not known at present. */
  #away: string | undefined;

  constructor(parts: AlertStreamParts) {
    this.#parts = parts;
    this.#checking = setInterval(() => this.#check(performance.now()), CHECK_MS).unref();
  }

  get clients(): number {
    return this.#clients.size;
  }

  get isFull(): boolean {
    return this.#clients.size >= CLIENTS_MAX;
  }

  /** Sends what was `missed` and what passes the filter from now on, until the client goes or is cut. */
  add(
    socket: StreamSocket,
    { filter, caller, missed }: { filter: AlertFilter; caller: Caller; missed?: Promise<Alert[]> },
  ): void {
    const client: Client = { socket, filter, caller, sent: 0, answered: true };
    this.#clients.add(client);
    socket.on('close', () => this.#forget(client));
    // The close that follows says the same.
    socket.on('error', () => this.#forget(client));
    socket.on('pong', () => {
      client.answered = true;
    });
    this.#deliver(client, messageOf({ type: 'ready' }));
    if (this.#unsubscribe && this.#away !== undefined) this.#deliver(client, partial(this.#away));
    this.#unsubscribe ??= this.#parts.feed.subscribe((item) => this.#take(item));
    void missed?.then((alerts) => this.#replay(client, alerts));
  }

  /** What was raised before it came. One that is raised meanwhile may come both ways. */
  #replay(client: Client, alerts: readonly Alert[]): void {
    for (const alert of alerts) {
      if (!this.#clients.has(client)) return;
      if (!matchesAlert(alert, client.filter)) continue;
      this.#deliver(client, messageOf({ type: 'alert', alert: describeAlert(alert), replayed: true }));
    }
  }

  #take(item: FleetItem): void {
    if (item.kind === 'alert') this.#send(item.alert);
    else if (item.kind === 'lagged') this.#tellAll(messageOf({ type: 'missed', missed: item.missed }));
    else {
      this.#away = item.away;
      this.#tellAll(item.away === undefined ? messageOf({ type: 'whole' }) : partial(item.away));
    }
  }

  #send(alert: Alert): void {
    let bytes: Buffer | undefined;
    for (const client of this.#clients) {
      if (!matchesAlert(alert, client.filter) || !this.#parts.holds(client.caller)) continue;
      bytes ??= messageOf({ type: 'alert', alert: describeAlert(alert) });
      if (this.#deliver(client, bytes)) client.sent++;
    }
  }

  #tellAll(bytes: Buffer): void {
    for (const client of this.#clients) this.#deliver(client, bytes);
  }

  /** Whether it is on its way; else the client was cut. */
  #deliver(client: Client, bytes: Buffer): boolean {
    if (client.socket.bufferedAmount > WAITING_BYTES_MAX) {
      this.#cut(
        client,
        CLOSE.slow,
        `too slow: alerts after the ${client.sent}th were missed; list them and connect again`,
      );
      return false;
    }
    client.socket.send(bytes, { binary: false });
    return true;
  }

  #check(nowMs: number): void {
    const ping = nowMs - this.#pingedAtMs >= PING_MS;
    if (ping) this.#pingedAtMs = nowMs;
    for (const client of this.#clients) {
      if (!this.#parts.holds(client.caller)) {
        this.#cut(client, CLOSE.notAllowed, 'this login or token is not valid any more');
      } else if (ping && !client.answered) {
        client.socket.terminate();
        this.#forget(client);
      } else if (ping) {
        client.answered = false;
        client.socket.ping();
      }
    }
  }

  #cut(client: Client, code: number, reason: string): void {
    this.#forget(client);
    client.socket.close(code, reason);
    // A client that reads nothing does not read this either.
    setTimeout(() => client.socket.terminate(), CHECK_MS).unref();
  }

  #forget(client: Client): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#away = undefined;
  }

  /** Every client is told that the collector stops. */
  [Symbol.dispose](): void {
    clearInterval(this.#checking);
    for (const client of this.#clients) this.#cut(client, CLOSE.goingAway, 'the collector is stopping; connect again');
  }
}

function messageOf(message: object): Buffer {
  return Buffer.from(JSON.stringify(message));
}

function partial(reason: string): Buffer {
  return messageOf({ type: 'partial', reason: `alerts of other collectors come late: ${reason}` });
}
