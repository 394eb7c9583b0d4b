// The contract between agent, collector and console: messages, envelope, names, limits.
export {
  type CryptoProfile,
  KEM_ALGORITHMS,
  type KemAlgorithm,
  kemAlgorithmOf,
  PROFILES,
  type ProfileName,
  profileOfCa,
  SIGNATURE_ALGORITHMS,
  SIGNATURE_CONTEXTS,
  type SignatureAlgorithm,
  type SignaturePurpose,
  signatureAlgorithmOf,
  TLS_GROUPS,
  type TlsGroup,
} from './algorithms.ts';
export {
  auditDigest,
  type ChainedEntry,
  type ChainLink,
  type ChainProblem,
  chainedEntry,
  judgeEnd,
  judgeEntry,
} from './audit-chain.ts';
export { readCaEndorsement, signCaEndorsement } from './ca-endorsement.ts';
export { activeProfile, activeProvider, selectCrypto } from './crypto/active.ts';
export { rewriteKeys } from './crypto/key-store.ts';
export { type CryptoProvider, PROVIDER_NAMES, type ProviderName } from './crypto/provider.ts';
export { keyAtRest, openKey, SealedKeyError, setKeyPassphrase } from './crypto/sealed-key.ts';
export { ECS_FIELDS, type EcsValue, toEcs } from './ecs.ts';
export {
  claimedSigningKey,
  type DecodedBatch,
  DIGEST_BYTES,
  decodeBatch,
  decodePayload,
  ENVELOPE_VERSION,
  type EnvelopeIdentity,
  envelopeIdentity,
  type KemPublicKey,
  NO_PREVIOUS_DIGEST,
  openEnvelope,
  type SealedEnvelope,
  STREAM_ID_BYTES,
  type StreamPosition,
  sealEnvelope,
  type VerifiedEnvelope,
  type VerifiedHeader,
  verifyEnvelope,
  verifyHeader,
} from './envelope/index.ts';
export { type ConfirmedEpoch, signEpochConfirmation, verifyEpochConfirmation } from './epoch-confirmation.ts';
export { HUNT_FIELDS, labelName, resolveField } from './hunt/fields.ts';
export type { HuntExpression, HuntSort, HuntTerm, ParsedHunt } from './hunt/hunt.ts';
export { HuntError } from './hunt/hunt-error.ts';
export { HUNT_LIMIT_MAX, parseHunt } from './hunt/parse-hunt.ts';
export { valueProblem } from './hunt/values.ts';
export { formatJoinToken, type JoinToken, parseJoinToken } from './join-token.ts';
export { type AnnouncedKemKey, signKemKey, verifyKemKey } from './kem-key.ts';
export { type SignedKeySuccession, signKeySuccession, verifyKeySuccession } from './key-succession.ts';
export {
  ARGS_BYTES_MAX,
  BATCH_BYTES_MAX,
  BATCH_EVENTS_MAX,
  CLOCK_OFFSET_MS_MAX,
  ENVELOPE_BYTES_MAX,
  FIELD_BYTES_MAX,
  FIELD_ENTRIES_MAX,
  FUTURE_EVENT_MS_MAX,
  HEADER_BYTES_MAX,
  HEADER_LOSSES_MAX,
  MESSAGE_BYTES_MAX,
  ORIGINAL_BYTES_MAX,
  UNACKNOWLEDGED_ENVELOPES_MAX,
} from './limits.ts';
export { LOSS_REASONS, type LossReason } from './loss.ts';
export { type PeerName, parsePeerName, peerUri } from './peer-name.ts';
export { REFUSAL_CODES, type RefusalCode, RefusalError } from './refusal.ts';
export { readOwnHeader, resealEnvelope } from './reseal.ts';
export { keyId, sha256, signBytes, verifyBytes } from './signature.ts';
export { type AlertKey, signAlert, signAlertAside, verifyAlert } from './signed-alert.ts';
export {
  ALERT_STREAM,
  ALERT_SUBJECTS,
  alertSubject,
  CHANGES_SUBJECT,
  parseSeverity,
  severityName,
  TREE_HEAD_SUBJECT,
} from './subjects.ts';
export { suggest } from './suggest.ts';
export { LOGIN_METADATA, RENEW_METADATA, TLS_POLICY, tlsPolicy } from './transport.ts';
export {
  caServerName,
  extendTrust,
  issuerOf,
  readCertificates,
  signCaSuccession,
  TRUST_ANCHORS_MAX,
  withoutRetired,
} from './trust-anchors.ts';
export * from './v1.ts';
