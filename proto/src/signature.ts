import { createHash, type KeyObject, sign, verify } from 'node:crypto';
import { SIGNATURE_ALGORITHM, SIGNATURE_ALGORITHMS, SIGNATURE_CONTEXTS, type SignaturePurpose } from './algorithms.ts';

const contexts = Object.fromEntries(
  Object.entries(SIGNATURE_CONTEXTS).map(([purpose, context]) => [purpose, Buffer.from(context)]),
) as Record<SignaturePurpose, Buffer>;

/** ML-DSA signature (FIPS 204, pure, hedged) over `message`, bound to `purpose` by its context string. */
export function signBytes(parts: { message: Uint8Array; privateKey: KeyObject; purpose: SignaturePurpose }): Buffer {
  return sign(null, parts.message, { key: parts.privateKey, context: contexts[parts.purpose] });
}

/** The same in a thread of Node's pool: a signature takes a millisecond, in which this thread may serve others. */
export function signBytesAside(parts: Parameters<typeof signBytes>[0]): Promise<Buffer> {
  const key = { key: parts.privateKey, context: contexts[parts.purpose] };
  return new Promise((resolve, reject) => {
    sign(null, parts.message, key, (error, signature) => (error ? reject(error) : resolve(signature)));
  });
}

/** Whether `signature` is one of `publicKey` over `message` for this purpose. Never throws on hostile bytes. */
export function verifyBytes(parts: {
  message: Uint8Array;
  signature: Uint8Array;
  publicKey: KeyObject;
  purpose: SignaturePurpose;
}): boolean {
  const algorithm = SIGNATURE_ALGORITHMS[SIGNATURE_ALGORITHM];
  if (parts.publicKey.asymmetricKeyType !== algorithm.keyType) return false;
  if (parts.signature.length !== algorithm.signatureBytes) return false;
  return verify(null, parts.message, { key: parts.publicKey, context: contexts[parts.purpose] }, parts.signature);
}

/** SHA-256 of the SubjectPublicKeyInfo (RFC 5280 4.1): how keys are named everywhere. */
export function keyId(publicKey: KeyObject): Buffer {
  return sha256(publicKey.export({ type: 'spki', format: 'der' }));
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
