// Envelopes in the spool whose epoch is refused go out sealed anew: the same stream and sequence, a header that continues
// from the last one the collector has. Each is made when its turn comes, so nothing on disk changes and nothing can tear;
// until it is acknowledged the spool keeps the envelope as it was, and a later session makes it again.
//
// State: #sent is the digest of the newest header sent, while it is not the one the spool has for that sequence; undefined
// while what is sent is what is spooled. All that follows such an envelope has to be sealed anew as well, up to where the
// spool itself continues from it (Spool.continueFrom). #until is the last sequence before that; once it is acknowledged, what
// the collector has and what the spool has agree again, and the mark goes.
import { type AnnouncedKemKey, type EnvelopeIdentity, readOwnHeader, resealEnvelope } from '@threatguard/proto';
import type { ContentKeys } from '../spool/content-keys.ts';
import type { ResealMark } from '../spool/reseal-mark.ts';
import type { Spool, SpooledEnvelope } from '../spool/spool.ts';

export interface ResealParts {
  spool: Spool;
  /** Signs what is sealed anew; asked each time, since the agent's key may be replaced. */
  signer: () => EnvelopeIdentity;
  contentKeys: ContentKeys;
  mark: ResealMark;
  kemKey: () => AnnouncedKemKey;
}

export class Resealing {
  readonly #parts: ResealParts;
  #sent: Uint8Array | undefined;
  #until: number | undefined;

  constructor(parts: ResealParts) {
    this.#parts = parts;
  }

  /** What new envelopes are sealed for. */
  get epoch(): number {
    return this.#parts.kemKey().epoch;
  }

  /** A session begins; the collector has the stream up to `sequence`, whose header has this digest. */
  begin(streamId: Uint8Array, last: { sequence: number; headerDigest: Uint8Array }): void {
    const { spool, mark } = this.#parts;
    this.#sent = undefined;
    if (!mark.isOn(streamId) || last.headerDigest.length === 0) return;
    const waiting = spool.oldestSequence(streamId);
    if ((waiting ?? spool.position.sequence + 1) !== last.sequence + 1) return;
    this.#sent = last.headerDigest;
    this.settle(streamId, spool.first);
    if (waiting === undefined) mark.clear(streamId);
  }

  /** Something of this stream was acknowledged. */
  acknowledged(streamId: Uint8Array): void {
    if (this.#until === undefined) return;
    const { spool, mark } = this.#parts;
    if ((spool.oldestSequence(streamId) ?? Number.POSITIVE_INFINITY) <= this.#until) return;
    this.#until = undefined;
    mark.clear(streamId);
  }

  /** Whether the collector takes no envelope of this epoch any more; 0 is none. */
  isRefused(epoch: number): boolean {
    return epoch > 0 && epoch < this.#parts.kemKey().refusedBefore;
  }

  /** The bytes to send; undefined where they would have to be sealed anew and their key is not there. */
  prepare(envelope: SpooledEnvelope): Uint8Array | undefined {
    const refused = this.isRefused(envelope.epoch);
    if (this.#sent === undefined && !refused) return envelope.bytes;
    const { previousHeaderDigest } = readOwnHeader(envelope.bytes);
    const continues = this.#sent ?? previousHeaderDigest;
    if (!refused && Buffer.compare(continues, previousHeaderDigest) === 0) {
      this.#sent = undefined;
      this.#parts.mark.clear(envelope.streamId);
      return envelope.bytes;
    }
    const { signer, contentKeys, kemKey, mark } = this.#parts;
    const contentKey = contentKeys.unwrap(envelope.wrappedKey);
    if (!contentKey) return undefined;
    const { bytes } = envelope;
    const to = { identity: signer(), kemKey: kemKey(), previousHeaderDigest: continues };
    const sealed = resealEnvelope({ bytes, contentKey, ...to });
    if (!sealed) return undefined;
    mark.set(envelope.streamId);
    this.#sent = sealed.position.headerDigest;
    return sealed.bytes;
  }

  /** Everything up to spool number `next` was sent: where that is all there is, the spool continues from it. */
  settle(streamId: Uint8Array, next: number): void {
    const { spool } = this.#parts;
    if (this.#sent === undefined || next !== spool.end) return;
    const { position } = spool;
    const isCurrent = Buffer.compare(position.streamId, streamId) === 0;
    const differs = Buffer.compare(position.headerDigest, this.#sent) !== 0;
    if (isCurrent && differs && !spool.continueFrom(this.#sent)) return;
    this.#sent = undefined;
    this.#until = isCurrent ? position.sequence : Number.POSITIVE_INFINITY;
  }
}
