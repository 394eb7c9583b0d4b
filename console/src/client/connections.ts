import { type CollectorClient, openCollector } from './collector-client.ts';
import type { Deployment } from './deployment.ts';
import type { LoginFile } from './login-file.ts';

/** Collectors one shell speaks to at a time; the one asked longest ago is let go. */
const KEPT_MAX = 8;

/** Clients that are kept from one command to the next, so that a command pays for no handshake. In order of use, newest last. */
export class Connections implements Disposable {
  readonly #clients = new Map<string, CollectorClient>();
  readonly #note: (text: string) => void;

  constructor(note: (text: string) => void) {
    this.#note = note;
  }

  /** The client of a deployment as it is on disk now: a renewed certificate, or another login, gets a connection of its own. */
  open(deployment: Deployment, login: LoginFile): CollectorClient {
    const key = [deployment.collector, deployment.certificate, deployment.ca, login.user].join('\n');
    const client = this.#clients.get(key) ?? openCollector(deployment, this.#note, login);
    this.#clients.delete(key);
    this.#clients.set(key, client);
    for (const [oldest, old] of this.#clients) {
      if (this.#clients.size <= KEPT_MAX) break;
      this.#clients.delete(oldest);
      old[Symbol.dispose]();
    }
    // A command disposes of it as it does of its own, and it lives on.
    return { ...client, [Symbol.dispose]: () => undefined };
  }

  /** Ends the calls a command waits for. */
  interrupt(): void {
    for (const client of this.#clients.values()) client.interrupt();
  }

  [Symbol.dispose](): void {
    for (const client of this.#clients.values()) client[Symbol.dispose]();
    this.#clients.clear();
  }
}
