// What the rest of the contract asks of an implementation of FIPS 203 and FIPS 204, and of nothing else.
//
// Keys are KeyObjects for every provider, read and written as PKCS#8 and SubjectPublicKeyInfo (encodings.ts): what one
// provider made, another takes. TLS, certificates and AES-GCM are OpenSSL's under either provider.
import type { KeyObject } from 'node:crypto';
import type { KemAlgorithm, SignatureAlgorithm } from '../algorithms.ts';

export type ProviderName = 'openssl' | 'liboqs';

export const PROVIDER_NAMES: readonly ProviderName[] = ['openssl', 'liboqs'];

export interface CryptoProvider {
  readonly name: ProviderName;
  /** ML-DSA.Sign with a context of at most 255 bytes (FIPS 204 algorithm 2), pure and hedged. */
  sign(parts: { message: Uint8Array; privateKey: KeyObject; context: Uint8Array }): Buffer;
  /** ML-DSA.Verify (FIPS 204 algorithm 3). False for a signature of another length; never throws on hostile bytes. */
  verify(parts: { message: Uint8Array; signature: Uint8Array; publicKey: KeyObject; context: Uint8Array }): boolean;
  /** ML-KEM.Encaps (FIPS 203 algorithm 20). */
  encapsulate(publicKey: KeyObject): { ciphertext: Uint8Array; sharedKey: Uint8Array };
  /**
   * ML-KEM.Decaps (FIPS 203 algorithm 21). Another key's ciphertext gives a secret nobody knows (implicit rejection), and
   * no error; one of the wrong length throws.
   */
  decapsulate(parts: { privateKey: KeyObject; ciphertext: Uint8Array }): Uint8Array;
  generate(algorithm: SignatureAlgorithm | KemAlgorithm): { privateKey: KeyObject; publicKey: KeyObject };
}
