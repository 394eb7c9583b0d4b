import { type KeyObject, X509Certificate } from 'node:crypto';
import { issuerOf, parsePeerName, readCertificates } from '@threatguard/proto';
import { ConsoleError } from '../model/console-error.ts';

/** The key that signs alerts, once its certificate is one of a collector, in date, and issued by this fleet's CA. */
export function trustedSigningKey(parts: { certificate: Uint8Array; ca: string; nowMs: number }): KeyObject {
  const refuse = (why: string) =>
    new ConsoleError('refused', `the certificate that is to sign alerts ${why}; nothing it signs is shown`);
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(parts.certificate);
  } catch (error) {
    throw new ConsoleError('refused', 'the collector gave no certificate to check alerts with', { cause: error });
  }
  if (!issuerOf(certificate, readCertificates(parts.ca))) throw refuse('was not issued by the CA of this fleet');
  if (parsePeerName(certificate.subjectAltName)?.kind !== 'collector') throw refuse('is not one of a collector');
  if (parts.nowMs < certificate.validFromDate.getTime() || parts.nowMs > certificate.validToDate.getTime()) {
    throw refuse('is not valid at this time');
  }
  return certificate.publicKey;
}
