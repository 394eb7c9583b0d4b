import type { KeyObject } from 'node:crypto';
import { kemAlgorithmOf } from '../algorithms.ts';
import { activeProvider } from '../crypto/active.ts';
import { RefusalError } from '../refusal.ts';
import { sha256 } from '../signature.ts';
import { sameBytes } from './bytes.ts';
import { decryptPayload, envelopeKey } from './content-key.ts';
import type { VerifiedEnvelope } from './header.ts';

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
