import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { keyId } from '@threatguard/proto';
import { type CertificateAuthority, VALID_DAYS } from './certificate-authority.ts';
import { loadOrMakeSigningKey, readIfThere, replaceFile } from './key-files.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Who this collector is towards agents and consoles; the same key signs alerts and announces the ML-KEM key. */
export interface CollectorIdentity {
  privateKey: KeyObject;
  certificate: X509Certificate;
  signingKeyId: Uint8Array;
}

/** Loads the collector's key and certificate; a certificate with less than a third of its life left is renewed. */
export async function loadCollectorIdentity(parts: {
  keyFile: string;
  certificateFile: string;
  authority: CertificateAuthority;
  nowMs: number;
}): Promise<CollectorIdentity> {
  const { key: privateKey } = await loadOrMakeSigningKey(parts.keyFile);
  const publicKey = createPublicKey(privateKey);
  const stored = await readIfThere(parts.certificateFile);
  let certificate = stored ? new X509Certificate(stored) : undefined;
  const usable =
    certificate?.checkPrivateKey(privateKey) &&
    certificate.verify(parts.authority.certificate.publicKey) &&
    certificate.validToDate.getTime() - parts.nowMs > (VALID_DAYS.collector * DAY_MS) / 3;
  if (!certificate || !usable) {
    const name = { kind: 'collector', id: keyId(publicKey).toString('hex').slice(0, 32) } as const;
    certificate = await parts.authority.issue({ name, publicKey, nowMs: parts.nowMs });
    await replaceFile(parts.certificateFile, certificate.toString());
  }
  return { privateKey, certificate, signingKeyId: keyId(publicKey) };
}
