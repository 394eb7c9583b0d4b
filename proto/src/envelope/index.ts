export { type DecodedBatch, decodeBatch, decodePayload } from './batch.ts';
export { decryptPayload } from './content-key.ts';
export {
  claimedSigningKey,
  DIGEST_BYTES,
  ENVELOPE_VERSION,
  NO_PREVIOUS_DIGEST,
  STREAM_ID_BYTES,
  type VerifiedEnvelope,
  type VerifiedHeader,
  verifyEnvelope,
  verifyHeader,
} from './header.ts';
export { openEnvelope } from './open.ts';
export {
  type EnvelopeIdentity,
  envelopeIdentity,
  type KemPublicKey,
  type SealedEnvelope,
  type StreamPosition,
  sealEnvelope,
  sealPayload,
} from './seal.ts';
