import { type Alert, type AlertKey, SignedAlert, signAlertAside } from '@threatguard/proto';
import { encodable } from '../store/values.ts';

/** Signed revisions kept for whoever needs them next: NATS and the gRPC stream ask within milliseconds of each other. */
const REMEMBERED_MAX = 1_024;

/**
 * Signs each revision of an alert once, however many ways it leaves the collector. Signatures are made beside this thread:
 * a burst of alerts would otherwise hold up every agent for a millisecond each.
 */
export class AlertSigner {
  readonly #key: AlertKey;
  readonly #remembered = new Map<string, Promise<Uint8Array>>();

  constructor(key: AlertKey) {
    this.#key = key;
  }

  /** An encoded SignedAlert. */
  sign(alert: Alert): Promise<Uint8Array> {
    const revision = revisionKey(alert);
    const known = this.#remembered.get(revision);
    if (known) return known;
    const bytes = signAlertAside(encodable(alert), this.#key).then((signed) => SignedAlert.encode(signed).finish());
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.delete(this.#remembered.keys().next().value!);
    this.#remembered.set(revision, bytes);
    bytes.catch(() => this.#remembered.delete(revision));
    return bytes;
  }
}

/** Names one revision of one alert: what makes it unique on NATS and in the outbox. */
export function revisionKey(alert: Alert): string {
  return `${alert.id}:${alert.revision ?? 0}`;
}
