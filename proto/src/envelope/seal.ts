// The envelope: zstd(Batch) sealed for the fleet's ML-KEM key and signed by the agent.
//
//   payload    = zstd(Batch)
//   secret     = ML-KEM.Encaps(epoch key)                          FIPS 203; ML-KEM-768 or -1024, by that key
//   key        = HKDF-SHA-256(secret, salt = nonce, info)          RFC 5869
//   header     = EnvelopeHeader{..., SHA-256(payload), SHA-256(previous header)}
//   ciphertext = AES-256-GCM(key, nonce, payload, AAD = header)    SP 800-38D; each key is used once
//   signature  = ML-DSA(header, ctx = "threatguard/batch/v1")      FIPS 204; ML-DSA-65 or -87, by the agent's key
//
// The signature covers the digest of the plaintext, so a stored payload stays provable after its ML-KEM key is destroyed.
import { createCipheriv, type KeyObject, randomBytes } from 'node:crypto';
import { constants, zstdCompressSync } from 'node:zlib';
import { kemAlgorithmOf } from '../algorithms.ts';
import { activeProvider } from '../crypto/active.ts';
import { BATCH_BYTES_MAX, BATCH_EVENTS_MAX, HEADER_LOSSES_MAX } from '../limits.ts';
import { keyId, sha256, signBytes } from '../signature.ts';
import { Batch, Envelope, EnvelopeHeader, type HostEvent, type Loss } from '../v1.ts';
import { timeSpan } from './batch.ts';
import { envelopeKey } from './content-key.ts';
import { type AboutPayload, ENVELOPE_VERSION, NONCE_BYTES } from './header.ts';

/** Where a stream stands: the sequence and header digest of its newest envelope. */
export interface StreamPosition {
  streamId: Uint8Array;
  sequence: number;
  headerDigest: Uint8Array;
}

export interface EnvelopeIdentity {
  agentId: string;
  privateKey: KeyObject;
  signingKeyId: Uint8Array;
}

/** The name of the key an identity signs with, from its public key. */
export function envelopeIdentity(
  agentId: string,
  keys: { privateKey: KeyObject; publicKey: KeyObject },
): EnvelopeIdentity {
  return { agentId, privateKey: keys.privateKey, signingKeyId: keyId(keys.publicKey) };
}

export interface KemPublicKey {
  epoch: number;
  publicKey: KeyObject;
}

export interface SealedEnvelope {
  /** The encoded Envelope: the bytes of the spool, the wire and the verification. */
  bytes: Uint8Array;
  /** What the next envelope of the stream continues. */
  position: StreamPosition;
  kemEpoch: number;
  /** The AES-256-GCM key: whoever sealed may keep it to seal the payload anew for another epoch (reseal.ts). */
  contentKey: Uint8Array;
}

/** Seals events as the successor of `previous`. Times of the events must be in microseconds; losses may be empty. */
export function sealEnvelope(parts: {
  events: readonly HostEvent[];
  losses: readonly Loss[];
  identity: EnvelopeIdentity;
  kemKey: KemPublicKey;
  previous: StreamPosition;
  nowUs: number;
}): SealedEnvelope {
  const batch = Batch.encode({ events: parts.events as HostEvent[] }).finish();
  if (parts.events.length > BATCH_EVENTS_MAX || batch.length > BATCH_BYTES_MAX) {
    throw new RangeError(`a batch of ${parts.events.length} events and ${batch.length} bytes exceeds its limits`);
  }
  const payload = zstdCompressSync(batch, { params: { [constants.ZSTD_c_compressionLevel]: 3 } });
  const { firstAtUs, lastAtUs } = timeSpan(parts.events);
  return sealPayload({
    payload,
    about: {
      eventCount: parts.events.length,
      firstEventAtUs: firstAtUs,
      lastEventAtUs: lastAtUs,
      sealedAtUs: parts.nowUs,
      losses: parts.losses.slice(0, HEADER_LOSSES_MAX),
      payloadDigest: sha256(payload),
      batchBytes: batch.length,
    },
    sequence: parts.previous.sequence + 1,
    ...parts,
  });
}

/** Seals and signs a payload that is made already. */
export function sealPayload(parts: {
  payload: Uint8Array;
  about: AboutPayload;
  identity: EnvelopeIdentity;
  kemKey: KemPublicKey;
  previous: Pick<StreamPosition, 'streamId' | 'headerDigest'>;
  sequence: number;
}): SealedEnvelope {
  const { ciphertext: kemCiphertext, sharedKey } = activeProvider().encapsulate(parts.kemKey.publicKey);
  const nonce = randomBytes(NONCE_BYTES);
  const { streamId } = parts.previous;
  const { sequence, payload } = parts;
  const header = EnvelopeHeader.encode({
    version: ENVELOPE_VERSION,
    agentId: parts.identity.agentId,
    signingKeyId: parts.identity.signingKeyId,
    streamId,
    sequence,
    previousHeaderDigest: parts.previous.headerDigest,
    ...parts.about,
    kemAlgorithm: kemAlgorithmOf(parts.kemKey.publicKey),
    kemEpoch: parts.kemKey.epoch,
    kemCiphertext,
    nonce,
  }).finish();
  const contentKey = envelopeKey(sharedKey, nonce);
  const cipher = createCipheriv('aes-256-gcm', contentKey, nonce).setAAD(header);
  const ciphertext = Buffer.concat([cipher.update(payload), cipher.final(), cipher.getAuthTag()]);
  const signature = signBytes({ message: header, privateKey: parts.identity.privateKey, purpose: 'batch' });
  return {
    bytes: Envelope.encode({ header, signature, ciphertext }).finish(),
    position: { streamId, sequence, headerDigest: sha256(header) },
    kemEpoch: parts.kemKey.epoch,
    contentKey,
  };
}
