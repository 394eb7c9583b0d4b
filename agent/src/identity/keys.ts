// Keys are made on this host and never leave it; only a certificate request does.
import 'reflect-metadata';
import { KeyObject, webcrypto } from 'node:crypto';
import { cryptoProvider, Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { activeProfile } from '@threatguard/proto';

export interface NewKey {
  /** PKCS#8. */
  privateKeyPem: string;
  /** SubjectPublicKeyInfo, DER: to know the certificate made for it again. */
  publicKeyDer: Buffer;
  /** PKCS#10, DER. The collector decides the name in the certificate; the subject is a hint. */
  certificateRequest: Uint8Array;
}

/** A new key of the fleet's profile, with a request that proves its possession. */
export async function makeKey(commonName: string): Promise<NewKey> {
  cryptoProvider.set(webcrypto as Crypto);
  const algorithm = { name: activeProfile().signature };
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [commonName] }],
    keys,
    signingAlgorithm: algorithm,
  });
  return {
    privateKeyPem: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }),
    publicKeyDer: KeyObject.from(keys.publicKey).export({ type: 'spki', format: 'der' }),
    certificateRequest: new Uint8Array(request.rawData),
  };
}
