// What an agent does about its certificate while it is connected, and before it can be.
import { Client } from '@grpc/grpc-js';
import {
  type AgentFrame,
  type CertificateOrder,
  type CollectorFrame,
  enrolmentService,
  type RecoverResponse,
  type TrustAnchors,
} from '@threatguard/proto';
import { channelOptionsFor, collectorCredentials } from '@threatguard/proto/client';
import type { Logger } from 'pino';
import type { CertificateKeeper } from '../identity/certificate-keeper.ts';

const ANSWER_MS_MAX = 20_000;
/** An order that comes again sooner is one that is being followed. */
const REQUEST_AGAIN_MS = 60_000;

export interface DutyParts {
  keeper: CertificateKeeper;
  collector: string;
  host: { machineId: string; bootId: string };
  nowMs: () => number;
  log: Logger;
}

/** Whether frames about certificates want the connection to be made anew. */
export type DutyOutcome = 'done' | 'reconnect';

export class CertificateDuties {
  readonly #parts: DutyParts;
  #requestedAtMs = -Infinity;

  constructor(parts: DutyParts) {
    this.#parts = parts;
  }

  /** See CertificateKeeper: trusted at once, forgotten when nothing rests on it. */
  trust(told: TrustAnchors): void {
    this.#parts.keeper.trust(told);
  }

  forgetRetired(told: TrustAnchors): void {
    this.#parts.keeper.forgetRetired(told);
  }

  /** Follows a frame of the collector; nothing where it is about something else. */
  take(frame: CollectorFrame, send: (frame: AgentFrame) => void): DutyOutcome {
    const { keeper, log } = this.#parts;
    if (frame.trustAnchors) {
      this.trust(frame.trustAnchors);
      this.forgetRetired(frame.trustAnchors);
    } else if (frame.certificateOrder) {
      this.#request(frame.certificateOrder, send);
    } else if (frame.certificateAnswer) {
      try {
        const { reconnect } = keeper.accept(frame.certificateAnswer);
        this.#requestedAtMs = -Infinity;
        log.info({ until: keeper.certificate.validTo }, 'a new certificate is in place');
        return reconnect ? 'reconnect' : 'done';
      } catch (error) {
        log.error({ reason: (error as Error).message }, 'no new certificate; the present one stays');
      }
    }
    return 'done';
  }

  /** Asks by itself where nobody did: the collector's clock or ours may be off. */
  check(send: (frame: AgentFrame) => void): void {
    if (this.#parts.keeper.due) this.#request({ newKey: false, reason: 'two thirds of its life are over' }, send);
  }

  get expired(): boolean {
    return this.#parts.keeper.expired;
  }

  /** Asks for another certificate with the one that has expired. Rejects with the reason why there is none. */
  async recover(): Promise<void> {
    const { keeper, collector, host, log } = this.#parts;
    const { certificateRequest } = await keeper.request(false);
    const client = new Client(collector, collectorCredentials(keeper.tls), channelOptionsFor(keeper.tls));
    const { path, requestSerialize, responseDeserialize } = enrolmentService.recover;
    const request = { certificateRequest, ...host };
    const answer = await new Promise<RecoverResponse>((resolve, reject) => {
      const deadline = Date.now() + ANSWER_MS_MAX;
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, { deadline }, (error, recovered) =>
        recovered ? resolve(recovered) : reject(error),
      );
    }).finally(() => client.close());
    keeper.trust(answer.trustAnchors ?? {});
    keeper.accept(answer);
    log.info({ until: keeper.certificate.validTo }, 'the certificate had expired; another is in place');
  }

  #request(order: CertificateOrder, send: (frame: AgentFrame) => void): void {
    const { keeper, nowMs, log } = this.#parts;
    if (nowMs() - this.#requestedAtMs < REQUEST_AGAIN_MS) return;
    this.#requestedAtMs = nowMs();
    log.info({ newKey: order.newKey ?? false, reason: order.reason }, 'asking for a new certificate');
    keeper.request(order.newKey ?? false).then(
      (certificateRequest) => send({ certificateRequest }),
      (error: Error) => log.error({ reason: error.message }, 'no certificate can be asked for; the present one stays'),
    );
  }
}
