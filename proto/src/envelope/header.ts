import type { KeyObject } from 'node:crypto';
import { KEM_ALGORITHMS, type KemAlgorithm } from '../algorithms.ts';
import { activeProfile } from '../crypto/active.ts';
import {
  BATCH_BYTES_MAX,
  BATCH_EVENTS_MAX,
  ENVELOPE_BYTES_MAX,
  HEADER_BYTES_MAX,
  HEADER_LOSSES_MAX,
} from '../limits.ts';
import { RefusalError } from '../refusal.ts';
import { sha256, verifyBytes } from '../signature.ts';
import { Envelope, EnvelopeHeader, type Loss } from '../v1.ts';
import { decodeOrRefuse, sameBytes } from './bytes.ts';

export const ENVELOPE_VERSION = 1;
export const STREAM_ID_BYTES = 16;
export const DIGEST_BYTES = 32;
/** What the first header of a stream names as the one before it. */
export const NO_PREVIOUS_DIGEST = new Uint8Array(DIGEST_BYTES);

export const NONCE_BYTES = 12;

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

/** What a header says of its payload: the same for whichever epoch it is sealed. */
export type AboutPayload = Pick<
  VerifiedHeader,
  'eventCount' | 'firstEventAtUs' | 'lastEventAtUs' | 'sealedAtUs' | 'losses' | 'payloadDigest' | 'batchBytes'
>;

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
