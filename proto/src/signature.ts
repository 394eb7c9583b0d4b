import { createHash, type KeyObject, sign } from 'node:crypto';
import { SIGNATURE_ALGORITHMS, SIGNATURE_CONTEXTS, type SignaturePurpose, signatureAlgorithmOf } from './algorithms.ts';
import { activeProfile, activeProvider } from './crypto/active.ts';

const contexts = Object.fromEntries(
  Object.entries(SIGNATURE_CONTEXTS).map(([purpose, context]) => [purpose, Buffer.from(context)]),
) as Record<SignaturePurpose, Buffer>;

/** ML-DSA signature (FIPS 204, pure, hedged) over `message`, bound to `purpose` by its context string. */
export function signBytes(parts: { message: Uint8Array; privateKey: KeyObject; purpose: SignaturePurpose }): Buffer {
  const { message, privateKey, purpose } = parts;
  return activeProvider().sign({ message, privateKey, context: contexts[purpose] });
}

/** The same in a thread of Node's pool: a signature takes a millisecond, in which this thread may serve others. */
export async function signBytesAside(parts: Parameters<typeof signBytes>[0]): Promise<Buffer> {
  // WebAssembly runs in the thread that calls it.
  if (activeProvider().name !== 'openssl') return signBytes(parts);
  const key = { key: parts.privateKey, context: contexts[parts.purpose] };
  return new Promise((resolve, reject) => {
    sign(null, parts.message, key, (error, signature) => (error ? reject(error) : resolve(signature)));
  });
}

/**
 * Whether `signature` is one of `publicKey` over `message` for this purpose, and the key of an algorithm the fleet's
 * profile accepts. Never throws on hostile bytes.
 */
export function verifyBytes(parts: {
  message: Uint8Array;
  signature: Uint8Array;
  publicKey: KeyObject;
  purpose: SignaturePurpose;
}): boolean {
  const { message, signature, publicKey, purpose } = parts;
  const algorithm = signatureAlgorithmOf(publicKey);
  if (!algorithm || !activeProfile().acceptedSignatures.includes(algorithm)) return false;
  if (signature.length !== SIGNATURE_ALGORITHMS[algorithm].signatureBytes) return false;
  return activeProvider().verify({ message, signature, publicKey, context: contexts[purpose] });
}

/** SHA-256 of the SubjectPublicKeyInfo (RFC 5280 4.1): how keys are named everywhere. */
export function keyId(publicKey: KeyObject): Buffer {
  return sha256(publicKey.export({ type: 'spki', format: 'der' }));
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
