import { createDecipheriv, hkdfSync } from 'node:crypto';

const TAG_BYTES = 16;
const KEY_INFO = 'threatguard/envelope/v1 AES-256-GCM';

/** The AES-256-GCM key of one envelope, from the secret that ML-KEM shares (RFC 5869). */
export function envelopeKey(secret: Uint8Array, nonce: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, nonce, KEY_INFO, 32));
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
