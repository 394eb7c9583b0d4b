// An envelope that its sender seals anew, because the epoch it was sealed for is refused: the same payload, stream and
// sequence under another epoch, in a chain that continues from another header. Only the sender kept the content key, and
// only the sender can sign it.
import {
  decryptPayload,
  type EnvelopeIdentity,
  type KemPublicKey,
  type SealedEnvelope,
  sealPayload,
} from './envelope/index.ts';
import { sha256 } from './signature.ts';
import { Envelope, EnvelopeHeader } from './v1.ts';

/** What an envelope of one's own says of its place; its signature is not looked at. Throws where the bytes are no envelope. */
export function readOwnHeader(bytes: Uint8Array): {
  kemEpoch: number;
  sequence: number;
  previousHeaderDigest: Uint8Array;
} {
  const { kemEpoch, sequence, previousHeaderDigest } = EnvelopeHeader.decode(Envelope.decode(bytes).header);
  return { kemEpoch, sequence, previousHeaderDigest };
}

/** Undefined where `contentKey` is not the key of this envelope. `previousHeaderDigest` is what the new header continues. */
export function resealEnvelope(parts: {
  bytes: Uint8Array;
  contentKey: Uint8Array;
  identity: EnvelopeIdentity;
  kemKey: KemPublicKey;
  previousHeaderDigest: Uint8Array;
}): SealedEnvelope | undefined {
  const { header: headerBytes, ciphertext } = Envelope.decode(parts.bytes);
  const header = EnvelopeHeader.decode(headerBytes);
  const payload = decryptPayload({ headerBytes, ciphertext, nonce: header.nonce, key: parts.contentKey });
  if (!payload || Buffer.compare(sha256(payload), header.payloadDigest) !== 0) return undefined;
  const { eventCount, firstEventAtUs, lastEventAtUs, sealedAtUs, losses, payloadDigest, batchBytes } = header;
  return sealPayload({
    payload,
    about: { eventCount, firstEventAtUs, lastEventAtUs, sealedAtUs, losses, payloadDigest, batchBytes },
    identity: parts.identity,
    kemKey: parts.kemKey,
    previous: { streamId: header.streamId, headerDigest: parts.previousHeaderDigest },
    sequence: header.sequence,
  });
}
