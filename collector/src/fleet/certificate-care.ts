// Sees to it that certificates follow the clock and the CA without anybody asking: tells agents when to renew, and renews the
// collector's own.
import type { CertificateOrder } from '@threatguard/proto';
import type { CertificateAuthorities } from './authorities.ts';
import { certificateOrder } from './certification.ts';
import type { CollectorIdentity } from './collector-identity.ts';
import type { Fleet } from './fleet.ts';

const CHECK_MS = 1_000;
/** Certificates are issued at some 1,000 a second on a core that has other work. */
const ORDERS_PER_CHECK_MAX = 100;
/** An agent that was asked and did not answer is asked again. */
const ORDER_AGAIN_US = 10 * 60 * 1_000_000;

export interface CareParts {
  fleet: Fleet;
  authorities: CertificateAuthorities;
  identity: CollectorIdentity;
  nowUs: () => number;
  /** Sends an order on the live stream of an agent; false where it has none. */
  order: (agentId: string, order: CertificateOrder) => boolean;
  /** The agents that stream now. */
  connected: () => Iterable<string>;
  /** The collector has other certificates than before. */
  renewed: () => void;
  failed: (error: unknown) => void;
}

export class CertificateCare implements Disposable {
  readonly #parts: CareParts;
  readonly #timer: NodeJS.Timeout;
  /** When each was last asked; of those that stream. */
  readonly #askedAtUs = new Map<string, number>();

  constructor(parts: CareParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#check(), CHECK_MS);
    this.#timer.unref();
  }

  /** Asks this agent as if it had never been asked: something new is wanted of it, or it has just come. */
  forget(agentId: string): void {
    this.#askedAtUs.delete(agentId);
  }

  /** Brings the collector's certificates to the CAs that are trusted now. */
  async renewOwn(): Promise<void> {
    const { identity, authorities, nowUs, renewed } = this.#parts;
    if (await identity.renew(authorities, nowUs() / 1000)) renewed();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #check(): void {
    this.renewOwn().catch(this.#parts.failed);
    const { fleet, authorities, nowUs, order, connected } = this.#parts;
    const now = nowUs();
    const newestCa = authorities.newest.fingerprint;
    let ordered = 0;
    for (const agentId of connected()) {
      if (ordered >= ORDERS_PER_CHECK_MAX) return;
      const agent = fleet.agent(agentId);
      if (!agent || now - (this.#askedAtUs.get(agentId) ?? -Infinity) < ORDER_AGAIN_US) continue;
      const wanted = certificateOrder(agent, { newestCa, nowUs: now });
      if (!wanted || !order(agentId, wanted)) continue;
      this.#askedAtUs.set(agentId, now);
      ordered += 1;
    }
  }
}
