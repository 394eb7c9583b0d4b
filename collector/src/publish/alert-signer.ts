import type { KeyObject } from 'node:crypto';
import { type Alert, SignedAlert, signAlert } from '@threatguard/proto';
import { encodable } from '../store/values.ts';

/** Signed revisions kept for whoever needs them next: NATS and the gRPC stream ask within milliseconds of each other. */
const REMEMBERED_MAX = 1_024;

export interface SigningKey {
  privateKey: KeyObject;
  signingKeyId: Uint8Array;
}

/** Signs each revision of an alert once, however many ways it leaves the collector. */
export class AlertSigner {
  readonly #key: SigningKey;
  readonly #remembered = new Map<string, Uint8Array>();

  constructor(key: SigningKey) {
    this.#key = key;
  }

  /** An encoded SignedAlert. */
  sign(alert: Alert): Uint8Array {
    const revision = revisionKey(alert);
    const known = this.#remembered.get(revision);
    if (known) return known;
    const bytes = SignedAlert.encode(signAlert(encodable(alert), this.#key)).finish();
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.delete(this.#remembered.keys().next().value!);
    this.#remembered.set(revision, bytes);
    return bytes;
  }
}

/** Names one revision of one alert: what makes it unique on NATS and in the outbox. */
export function revisionKey(alert: Alert): string {
  return `${alert.id}:${alert.revision ?? 0}`;
}
