import { CollectorClient } from './collector-client.ts';
import type { Deployment } from './deployment.ts';

/** Collectors one shell speaks to at a time; the one asked longest ago is let go. */
const KEPT_MAX = 8;

/** A client a command may dispose of as it does of its own, and which lives on. */
class KeptClient extends CollectorClient {
  override [Symbol.dispose](): void {}

  close(): void {
    super[Symbol.dispose]();
  }
}

/** Clients that are kept from one command to the next, so that a command pays for no handshake. In order of use, newest last. */
export class Connections implements Disposable {
  readonly #clients = new Map<string, KeptClient>();
  readonly #note: (text: string) => void;

  constructor(note: (text: string) => void) {
    this.#note = note;
  }

  /** The client of a deployment as it is on disk now: a renewed certificate gets a connection of its own. */
  open(deployment: Deployment): CollectorClient {
    const key = [deployment.collector, deployment.certificate, deployment.ca].join('\n');
    const client = this.#clients.get(key) ?? new KeptClient(deployment, this.#note);
    this.#clients.delete(key);
    this.#clients.set(key, client);
    for (const [oldest, old] of this.#clients) {
      if (this.#clients.size <= KEPT_MAX) break;
      this.#clients.delete(oldest);
      old.close();
    }
    return client;
  }

  /** Ends the calls a command waits for. */
  interrupt(): void {
    for (const client of this.#clients.values()) client.interrupt();
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }
}
