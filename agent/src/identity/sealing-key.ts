// The ML-KEM epoch this agent seals for. It only ever moves forward: an older epoch announced again is an attack, or a
// mistake that would let one succeed, and is refused.
//
// Order of a switch: on disk, then in use, then confirmed. An agent that was killed in between confirms at its next welcome.
import type { X509Certificate } from 'node:crypto';
import { type AnnouncedKemKey, type KemKey, RefusalError, verifyKemKey } from '@threatguard/proto';
import { saveKemKey } from './identity-files.ts';

export class SealingKey {
  readonly #home: string;
  readonly #anchors: () => readonly X509Certificate[];
  #current: AnnouncedKemKey;
  /** Whose certificate vouches for what is on disk, as far as this run knows. */
  #keptBy: Uint8Array | undefined;

  /** `anchors` is asked at each announcement: CAs follow one another while the agent runs. */
  constructor(parts: { home: string; kemKey: AnnouncedKemKey; anchors: () => readonly X509Certificate[] }) {
    this.#home = parts.home;
    this.#anchors = parts.anchors;
    this.#current = parts.kemKey;
  }

  get current(): AnnouncedKemKey {
    return this.#current;
  }

  /** Whether new envelopes are sealed for another epoch now. Throws RefusalError, and stays as it was. */
  take(announced: KemKey): boolean {
    const now = this.#current;
    const next = verifyKemKey(announced, this.#anchors());
    if (next.epoch < now.epoch) {
      throw new RefusalError(
        'epoch_refused',
        `epoch ${next.epoch} was announced, and this host has left it for ${now.epoch}`,
      );
    }
    const sameEpoch = next.epoch === now.epoch;
    if (sameEpoch && Buffer.compare(next.publicKeySha256, now.publicKeySha256) !== 0) {
      throw new RefusalError(
        'epoch_refused',
        `another key was announced for epoch ${now.epoch}, which this host seals for`,
      );
    }
    // What was refused once stays refused, though an older announcement of the same epoch comes again.
    if (sameEpoch && next.refusedBefore < now.refusedBefore) return false;
    const isNews = !sameEpoch || next.refusedBefore > now.refusedBefore;
    const by = announced.certificate ?? new Uint8Array();
    // Under another certificate it is kept all the same: the CA of the one before may be retired next.
    if (!isNews && this.#keptBy && Buffer.compare(this.#keptBy, by) === 0) return false;
    saveKemKey(this.#home, announced);
    this.#keptBy = Uint8Array.from(by);
    this.#current = { ...next, refusedBefore: Math.max(next.refusedBefore, now.refusedBefore) };
    return !sameEpoch;
  }
}
