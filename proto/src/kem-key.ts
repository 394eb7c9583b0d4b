// The fleet's current ML-KEM public key, signed by the collector's certificate key: agents seal for no other.
import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { kemAlgorithmOf } from './algorithms.ts';
import { activeProfile } from './crypto/active.ts';
import type { KemPublicKey } from './envelope/index.ts';
import { parsePeerName } from './peer-name.ts';
import { RefusalError } from './refusal.ts';
import { keyId, signBytes, verifyBytes } from './signature.ts';
import { issuerOf } from './trust-anchors.ts';
import { type KemKey, KemKeyBody } from './v1.ts';

/** What an agent learns of a verified announcement. */
export interface AnnouncedKemKey extends KemPublicKey {
  /** Of the SubjectPublicKeyInfo: what a confirmation names. */
  publicKeySha256: Uint8Array;
  refusedBefore: number;
}

export function signKemKey(parts: {
  epoch: number;
  publicKey: KeyObject;
  createdAtUs: number;
  /** Nothing sealed for an epoch below is taken any more; 0 where all are. */
  refusedBefore?: number;
  signer: { privateKey: KeyObject; certificate: X509Certificate };
}): KemKey {
  const key = KemKeyBody.encode({
    algorithm: kemAlgorithmOf(parts.publicKey),
    epoch: parts.epoch,
    publicKey: parts.publicKey.export({ type: 'spki', format: 'der' }),
    createdAtUs: parts.createdAtUs,
    refusedBefore: parts.refusedBefore ?? 0,
  }).finish();
  const signature = signBytes({ message: key, privateKey: parts.signer.privateKey, purpose: 'kem' });
  return { key, signature, certificate: parts.signer.certificate.raw };
}

/** The key, once its certificate chains to one of `ca` and its signature verifies. Throws RefusalError otherwise. */
export function verifyKemKey(announced: KemKey, ca: X509Certificate | readonly X509Certificate[]): AnnouncedKemKey {
  const message = announced.key ?? new Uint8Array();
  const certificate = new X509Certificate(announced.certificate ?? new Uint8Array());
  if (!issuerOf(certificate, [ca].flat())) {
    throw new RefusalError('identity_mismatch', 'the ML-KEM key is signed by a certificate of another CA');
  }
  if (parsePeerName(certificate.subjectAltName)?.kind !== 'collector') {
    throw new RefusalError('identity_mismatch', 'the ML-KEM key is signed by somebody who is no collector');
  }
  const { publicKey } = certificate;
  if (!verifyBytes({ message, signature: announced.signature ?? new Uint8Array(), publicKey, purpose: 'kem' })) {
    throw new RefusalError('signature_invalid', 'the ML-KEM key is not signed by the collector');
  }
  const body = KemKeyBody.decode(message);
  const kemKey = createPublicKey({ key: Buffer.from(body.publicKey), type: 'spki', format: 'der' });
  const algorithm = kemAlgorithmOf(kemKey);
  const { acceptedKems } = activeProfile();
  if (!algorithm || algorithm !== body.algorithm || !acceptedKems.includes(algorithm)) {
    throw new RefusalError('version_unsupported', `the announced key is none of ${acceptedKems.join(', ')}`);
  }
  if (body.epoch < 1 || body.refusedBefore > body.epoch) {
    throw new RefusalError('header_malformed', 'the announced key has no epoch, or refuses itself');
  }
  return { epoch: body.epoch, publicKey: kemKey, publicKeySha256: keyId(kemKey), refusedBefore: body.refusedBefore };
}
