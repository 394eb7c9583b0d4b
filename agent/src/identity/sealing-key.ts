// The ML-KEM epoch this agent seals for. It only ever moves forward: an older epoch announced again is an attack, or a
// mistake that would let one succeed, and is refused.
//
// Order of a switch: on disk, then in use, then confirmed. An agent that was killed in between confirms at its next welcome.
import { type AnnouncedKemKey, type KemKey, RefusalError, verifyKemKey } from '@threatguard/proto';
import { type Identity, saveKemKey } from './identity-files.ts';

export class SealingKey {
  readonly #home: string;
  readonly #identity: Pick<Identity, 'ca'>;
  #current: AnnouncedKemKey;

  constructor(home: string, identity: Pick<Identity, 'ca' | 'kemKey'>) {
    this.#home = home;
    this.#identity = identity;
    this.#current = identity.kemKey;
  }

  get current(): AnnouncedKemKey {
    return this.#current;
  }

  /** Whether new envelopes are sealed for another epoch now. Throws RefusalError, and stays as it was. */
  take(announced: KemKey): boolean {
    const now = this.#current;
    const next = verifyKemKey(announced, this.#identity.ca);
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
    if (sameEpoch && next.refusedBefore <= now.refusedBefore) return false;
    saveKemKey(this.#home, announced);
    this.#current = { ...next, refusedBefore: Math.max(next.refusedBefore, now.refusedBefore) };
    return !sameEpoch;
  }
}
