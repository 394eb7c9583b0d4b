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
import { createCipheriv, createDecipheriv, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { KEM_ALGORITHMS, type KemAlgorithm, kemAlgorithmOf } from './algorithms.ts';
import { activeProfile, activeProvider } from './crypto/active.ts';
import { eventSpans } from './event-spans.ts';
import {
  BATCH_BYTES_MAX,
  BATCH_EVENTS_MAX,
  ENVELOPE_BYTES_MAX,
  HEADER_BYTES_MAX,
  HEADER_LOSSES_MAX,
} from './limits.ts';
import { RefusalError } from './refusal.ts';
import { keyId, sha256, signBytes, verifyBytes } from './signature.ts';
import { Batch, Envelope, EnvelopeHeader, type HostEvent, type Loss } from './v1.ts';

export const ENVELOPE_VERSION = 1;
export const STREAM_ID_BYTES = 16;
export const DIGEST_BYTES = 32;
/** What the first header of a stream names as the one before it. */
export const NO_PREVIOUS_DIGEST = new Uint8Array(DIGEST_BYTES);

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_INFO = 'threatguard/envelope/v1 AES-256-GCM';

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

/** What a header says of its payload: the same for whichever epoch it is sealed. */
export type AboutPayload = Pick<
  VerifiedHeader,
  'eventCount' | 'firstEventAtUs' | 'lastEventAtUs' | 'sealedAtUs' | 'losses' | 'payloadDigest' | 'batchBytes'
>;

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

/** An EnvelopeHeader whose signature was verified and whose fields have the right form. */
export interface VerifiedHeader {
  agentId: string;
  streamId: Uint8Array;
  sequence: number;
  previousHeaderDigest: Uint8Array;
  headerDigest: Uint8Array;
  signingKeyId: Uint8Array;
  eventCount: number;
  firstEventAtUs: number;
  lastEventAtUs: number;
  sealedAtUs: number;
  losses: Loss[];
  payloadDigest: Uint8Array;
  batchBytes: number;
  kemAlgorithm: KemAlgorithm;
  kemEpoch: number;
  kemCiphertext: Uint8Array;
  nonce: Uint8Array;
}

export interface VerifiedEnvelope {
  header: VerifiedHeader;
  /** The three signed or sealed parts as they came, for evidence. */
  headerBytes: Uint8Array;
  signature: Uint8Array;
  ciphertext: Uint8Array;
}

/**
 * Verifies who made the bytes before anything in them is believed. Throws RefusalError (`frame_oversized`,
 * `frame_malformed`, `signature_invalid`, `header_malformed`, `version_unsupported`, `identity_mismatch`).
 */
export function verifyEnvelope(
  bytes: Uint8Array,
  signer: { agentId: string; publicKey: KeyObject; signingKeyId: Uint8Array },
): VerifiedEnvelope {
  if (bytes.length > ENVELOPE_BYTES_MAX) throw new RefusalError('frame_oversized', `envelope of ${bytes.length} bytes`);
  const envelope = decodeOrRefuse(() => Envelope.decode(bytes), 'frame_malformed', 'not an envelope');
  const header = verifyHeader(envelope.header, envelope.signature, signer);
  return { header, headerBytes: envelope.header, signature: envelope.signature, ciphertext: envelope.ciphertext };
}

/**
 * The same of a header with its signature, as evidence keeps them. Throws RefusalError (`frame_oversized`,
 * `signature_invalid`, `header_malformed`, `version_unsupported`, `identity_mismatch`).
 */
export function verifyHeader(
  headerBytes: Uint8Array,
  signature: Uint8Array,
  signer: { agentId: string; publicKey: KeyObject; signingKeyId: Uint8Array },
): VerifiedHeader {
  if (headerBytes.length > HEADER_BYTES_MAX) {
    throw new RefusalError('frame_oversized', `header of ${headerBytes.length} bytes`);
  }
  const signed = verifyBytes({ message: headerBytes, signature, publicKey: signer.publicKey, purpose: 'batch' });
  if (!signed) throw new RefusalError('signature_invalid', 'the signature is not one of the key of this stream');
  const header = readHeader(headerBytes);
  if (header.agentId !== signer.agentId || !sameBytes(header.signingKeyId, signer.signingKeyId)) {
    throw new RefusalError('identity_mismatch', 'the header names another agent or key than the certificate');
  }
  return header;
}

/**
 * Which key an envelope claims to be signed with: only to choose, among the keys of one agent, the one to verify with.
 * Undefined where the bytes do not say.
 */
export function claimedSigningKey(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length > ENVELOPE_BYTES_MAX) return undefined;
  try {
    const { header } = Envelope.decode(bytes);
    return header.length > HEADER_BYTES_MAX ? undefined : EnvelopeHeader.decode(header).signingKeyId;
  } catch {
    return undefined; // verifyEnvelope says what is wrong with it
  }
}

/**
 * Decrypts a verified envelope to its payload, zstd(Batch), confirmed by AES-GCM and by the signed digest.
 * Throws RefusalError (`epoch_unknown`, `ciphertext_invalid`, `payload_digest_mismatch`).
 */
export function openEnvelope(
  envelope: VerifiedEnvelope,
  kemPrivateKey: (epoch: number) => KeyObject | undefined,
): Uint8Array {
  const { header, headerBytes, ciphertext } = envelope;
  const privateKey = kemPrivateKey(header.kemEpoch);
  if (!privateKey) throw new RefusalError('epoch_unknown', `sealed for ML-KEM epoch ${header.kemEpoch}`);
  if (kemAlgorithmOf(privateKey) !== header.kemAlgorithm) {
    const held = `the key of ML-KEM epoch ${header.kemEpoch} is of ${kemAlgorithmOf(privateKey)}`;
    throw new RefusalError('ciphertext_invalid', `sealed with ${header.kemAlgorithm}; ${held}`);
  }
  if (ciphertext.length < TAG_BYTES) throw new RefusalError('ciphertext_invalid', 'shorter than its tag');
  const secret = activeProvider().decapsulate({ privateKey, ciphertext: header.kemCiphertext });
  const payload = decryptPayload({
    headerBytes,
    ciphertext,
    nonce: header.nonce,
    key: envelopeKey(secret, header.nonce),
  });
  // ML-KEM never fails on a wrong key (FIPS 203 6.3, implicit rejection): this is where it shows.
  if (!payload) {
    throw new RefusalError(
      'ciphertext_invalid',
      `tried the key of ML-KEM epoch ${header.kemEpoch}: AES-GCM does not confirm it`,
    );
  }
  if (!sameBytes(sha256(payload), header.payloadDigest)) {
    throw new RefusalError('payload_digest_mismatch', 'the payload is not the one that was signed');
  }
  return payload;
}

/** Undefined where AES-GCM does not confirm key, header and ciphertext. */
export function decryptPayload(parts: {
  headerBytes: Uint8Array;
  ciphertext: Uint8Array;
  nonce: Uint8Array;
  key: Uint8Array;
}): Buffer | undefined {
  if (parts.ciphertext.length < TAG_BYTES) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', parts.key, parts.nonce)
    .setAAD(parts.headerBytes)
    .setAuthTag(parts.ciphertext.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(parts.ciphertext.subarray(0, -TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined; // final() throws where the tag is not the one of key, header and ciphertext
  }
}

/** Events beside the bytes they were decoded from. */
/** What a header says of its payload. */
type AboutBatch = Pick<VerifiedHeader, 'batchBytes' | 'eventCount' | 'firstEventAtUs' | 'lastEventAtUs'>;

export interface DecodedBatch {
  events: HostEvent[];
  /** The encoded Batch. */
  bytes: Uint8Array;
  /** Start and end of each event in `bytes`, in pairs; undefined where the batch holds more than events. */
  spans: Uint32Array | undefined;
}

/** The events of a payload; refuses as `decodeBatch` does. */
export function decodePayload(payload: Uint8Array, header: AboutBatch): HostEvent[] {
  return decodeBatch(payload, header).events;
}

/**
 * Decompresses and decodes a payload, and holds it against what the header says of it.
 * Throws RefusalError (`payload_malformed`, `count_mismatch`).
 */
export function decodeBatch(payload: Uint8Array, header: AboutBatch): DecodedBatch {
  const bytes = decodeOrRefuse(
    // The signed length bounds the output, so a bomb costs no more than a full batch.
    () => zstdDecompressSync(payload, { maxOutputLength: Math.max(1, header.batchBytes) }),
    'payload_malformed',
    'not zstd, or longer than the header says',
  );
  if (bytes.length !== header.batchBytes) throw new RefusalError('payload_malformed', 'shorter than the header says');
  const { events } = decodeOrRefuse(() => Batch.decode(bytes), 'payload_malformed', 'not a batch');
  if (events.length !== header.eventCount) {
    throw new RefusalError('count_mismatch', `${events.length} events where the header says ${header.eventCount}`);
  }
  const { firstAtUs, lastAtUs } = timeSpan(events);
  if (firstAtUs !== header.firstEventAtUs || lastAtUs !== header.lastEventAtUs) {
    throw new RefusalError('count_mismatch', 'the times of the events are not those of the header');
  }
  return { events, bytes, spans: eventSpans(bytes, events.length) };
}

function readHeader(bytes: Uint8Array): VerifiedHeader {
  const header = decodeOrRefuse(() => EnvelopeHeader.decode(bytes), 'header_malformed', 'not an envelope header');
  if (header.version !== ENVELOPE_VERSION) {
    throw new RefusalError(
      'version_unsupported',
      `envelope version ${header.version}, this collector knows ${ENVELOPE_VERSION}`,
    );
  }
  const accepted = activeProfile().acceptedKems;
  const kemAlgorithm = accepted.find((name) => name === header.kemAlgorithm);
  if (!kemAlgorithm)
    throw new RefusalError('version_unsupported', `sealed with another KEM than ${accepted.join(', ')}`);
  const wellFormed =
    header.signingKeyId.length === DIGEST_BYTES &&
    header.streamId.length === STREAM_ID_BYTES &&
    header.previousHeaderDigest.length === DIGEST_BYTES &&
    header.payloadDigest.length === DIGEST_BYTES &&
    header.nonce.length === NONCE_BYTES &&
    header.kemCiphertext.length === KEM_ALGORITHMS[kemAlgorithm].ciphertextBytes &&
    header.losses.length <= HEADER_LOSSES_MAX &&
    Number.isSafeInteger(header.sequence) &&
    header.sequence >= 1 &&
    header.eventCount <= BATCH_EVENTS_MAX &&
    header.batchBytes <= BATCH_BYTES_MAX;
  if (!wellFormed) throw new RefusalError('header_malformed', 'a field of the header has the wrong length or range');
  return {
    agentId: header.agentId,
    // A copy: alerts keep it for long, and a view would keep the whole frame with it.
    streamId: Uint8Array.from(header.streamId),
    sequence: header.sequence,
    previousHeaderDigest: header.previousHeaderDigest,
    headerDigest: sha256(bytes),
    signingKeyId: header.signingKeyId,
    eventCount: header.eventCount,
    firstEventAtUs: header.firstEventAtUs,
    lastEventAtUs: header.lastEventAtUs,
    sealedAtUs: header.sealedAtUs,
    losses: header.losses,
    payloadDigest: header.payloadDigest,
    batchBytes: header.batchBytes,
    kemAlgorithm,
    kemEpoch: header.kemEpoch,
    kemCiphertext: header.kemCiphertext,
    nonce: header.nonce,
  };
}

function timeSpan(events: readonly HostEvent[]): { firstAtUs: number; lastAtUs: number } {
  let firstAtUs = events.length > 0 ? Number.MAX_SAFE_INTEGER : 0;
  let lastAtUs = 0;
  for (const { observedAtUs = 0 } of events) {
    if (observedAtUs < firstAtUs) firstAtUs = observedAtUs;
    if (observedAtUs > lastAtUs) lastAtUs = observedAtUs;
  }
  return { firstAtUs, lastAtUs };
}

function envelopeKey(secret: Uint8Array, nonce: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, nonce, KEY_INFO, 32));
}

function decodeOrRefuse<T>(
  decode: () => T,
  code: 'frame_malformed' | 'header_malformed' | 'payload_malformed',
  what: string,
): T {
  try {
    return decode();
  } catch {
    throw new RefusalError(code, what);
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** The name of the key an identity signs with, from its public key. */
export function envelopeIdentity(
  agentId: string,
  keys: { privateKey: KeyObject; publicKey: KeyObject },
): EnvelopeIdentity {
  return { agentId, privateKey: keys.privateKey, signingKeyId: keyId(keys.publicKey) };
}
