// "I seal for this epoch from now on", signed by an agent: what lets the collector destroy an older epoch's key.
//
// Bound to the agent by its id and key, to the epoch by the digest of its public key. That digest is also what makes a
// confirmation fresh: nobody could have signed it before the key was made.
import type { KeyObject } from 'node:crypto';
import type { EnvelopeIdentity } from './envelope/index.ts';
import type { AnnouncedKemKey } from './kem-key.ts';
import { RefusalError } from './refusal.ts';
import { signBytes, verifyBytes } from './signature.ts';
import { type EpochConfirmation, EpochConfirmationBody } from './v1.ts';

/** An encoded EpochConfirmationBody: two ids and three numbers. */
const BODY_BYTES_MAX = 256;

export interface ConfirmedEpoch {
  epoch: number;
  publicKeySha256: Uint8Array;
  confirmedAtUs: number;
  /** 0 where nothing waits in the spool. */
  oldestSpooledEpoch: number;
}

export function signEpochConfirmation(parts: {
  identity: EnvelopeIdentity;
  kemKey: Pick<AnnouncedKemKey, 'epoch' | 'publicKeySha256'>;
  oldestSpooledEpoch: number;
  nowUs: number;
}): EpochConfirmation {
  const body = EpochConfirmationBody.encode({
    agentId: parts.identity.agentId,
    epoch: parts.kemKey.epoch,
    publicKeySha256: parts.kemKey.publicKeySha256,
    confirmedAtUs: parts.nowUs,
    oldestSpooledEpoch: parts.oldestSpooledEpoch,
  }).finish();
  const { privateKey } = parts.identity;
  return { body, signature: signBytes({ message: body, privateKey, purpose: 'epochConfirmation' }) };
}

/**
 * What an agent confirmed, once its signature verifies. Whether there is such an epoch is for the caller to say. Throws
 * RefusalError (`frame_oversized`, `signature_invalid`, `frame_malformed`, `identity_mismatch`).
 */
export function verifyEpochConfirmation(
  confirmation: EpochConfirmation,
  signer: { agentId: string; publicKey: KeyObject },
): ConfirmedEpoch {
  const { body: message = new Uint8Array(), signature = new Uint8Array() } = confirmation;
  if (message.length > BODY_BYTES_MAX)
    throw new RefusalError('frame_oversized', `confirmation of ${message.length} bytes`);
  if (!verifyBytes({ message, signature, publicKey: signer.publicKey, purpose: 'epochConfirmation' })) {
    throw new RefusalError('signature_invalid', 'the confirmation is not signed by the key of this stream');
  }
  let body: EpochConfirmationBody;
  try {
    body = EpochConfirmationBody.decode(message);
  } catch {
    throw new RefusalError('frame_malformed', 'not a confirmation of an epoch');
  }
  if (body.agentId !== signer.agentId) {
    throw new RefusalError('identity_mismatch', 'the confirmation names another agent than the certificate');
  }
  return {
    epoch: body.epoch ?? 0,
    publicKeySha256: body.publicKeySha256 ?? new Uint8Array(),
    confirmedAtUs: body.confirmedAtUs ?? 0,
    oldestSpooledEpoch: body.oldestSpooledEpoch ?? 0,
  };
}
