import { decapsulate, encapsulate, generateKeyPairSync, sign, verify } from 'node:crypto';
import { KEM_ALGORITHMS, type KemAlgorithm, SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from '../algorithms.ts';
import type { CryptoProvider } from './provider.ts';

/** FIPS 203 and 204 as the OpenSSL inside Node implements them. */
export const OPENSSL: CryptoProvider = {
  name: 'openssl',
  sign: ({ message, privateKey, context }) => sign(null, message, { key: privateKey, context }),
  verify: ({ message, signature, publicKey, context }) => verify(null, message, { key: publicKey, context }, signature),
  encapsulate: (publicKey) => encapsulate(publicKey),
  decapsulate: ({ privateKey, ciphertext }) => decapsulate(privateKey, ciphertext),
  generate: (algorithm) => generateKeyPairSync(keyTypeOf(algorithm) as 'ml-dsa-65'),
};

function keyTypeOf(algorithm: SignatureAlgorithm | KemAlgorithm): string {
  return { ...SIGNATURE_ALGORITHMS, ...KEM_ALGORITHMS }[algorithm].keyType;
}
