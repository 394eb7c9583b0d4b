// Keys are made on this host and never leave it; only a certificate request does.
import 'reflect-metadata';
import { createPublicKey, KeyObject, webcrypto } from 'node:crypto';
import { cryptoProvider, Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { activeProfile, signatureAlgorithmOf } from '@threatguard/proto';

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
  const algorithm = { name: activeProfile().signature };
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  return {
    privateKeyPem: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }),
    publicKeyDer: KeyObject.from(keys.publicKey).export({ type: 'spki', format: 'der' }),
    certificateRequest: await request(commonName, keys),
  };
}

/** A request that proves the possession of a key there is: PKCS#10, DER. */
export function requestFor(commonName: string, privateKey: KeyObject): Promise<Uint8Array> {
  const algorithm = { name: signatureAlgorithmOf(privateKey) ?? activeProfile().signature };
  return request(commonName, {
    privateKey: privateKey.toCryptoKey(algorithm, false, ['sign']),
    publicKey: createPublicKey(privateKey).toCryptoKey(algorithm, true, ['verify']),
  });
}

async function request(commonName: string, keys: webcrypto.CryptoKeyPair): Promise<Uint8Array> {
  cryptoProvider.set(webcrypto as Crypto);
  const made = await Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [commonName] }],
    keys,
    signingAlgorithm: keys.privateKey.algorithm,
  });
  return new Uint8Array(made.rawData);
}
