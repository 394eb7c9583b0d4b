// A CA says which one it came from, so that evidence of the time before proves to whoever knows the newer one alone. For
// evidence only: an agent that went back over it could be talked back to a CA that was given up.
import { type KeyObject, X509Certificate } from 'node:crypto';
import { profileOfCa } from './algorithms.ts';
import { keyId, signBytes, verifyBytes } from './signature.ts';
import { type CaEndorsement, CaEndorsementBody, type CaSuccession } from './v1.ts';

/** By the new CA's key, over the old CA's certificate and when it gave way. */
export function signCaEndorsement(parts: {
  old: X509Certificate;
  successor: { privateKey: KeyObject };
  succeedsAtUs: number;
}): CaEndorsement {
  const { old, successor, succeedsAtUs } = parts;
  const body = CaEndorsementBody.encode({ oldCaCertificate: old.raw, succeedsAtUs }).finish();
  return { body, signature: signBytes({ message: body, privateKey: successor.privateKey, purpose: 'caEndorsement' }) };
}

/**
 * The CA that `successor` says it came from, and when it took over (microseconds since the Unix epoch). Undefined unless
 * `successor` signed it, and it is the CA which the succession is from, of the same profile. Never throws on hostile bytes.
 */
export function readCaEndorsement(
  { oldCaKeyId, endorsement }: CaSuccession,
  successor: X509Certificate,
): { old: X509Certificate; succeedsAtUs: number } | undefined {
  const message = Uint8Array.from(endorsement?.body ?? []);
  const signature = endorsement?.signature ?? new Uint8Array();
  if (!verifyBytes({ message, signature, publicKey: successor.publicKey, purpose: 'caEndorsement' })) return undefined;
  try {
    const { oldCaCertificate, succeedsAtUs } = CaEndorsementBody.decode(message);
    const old = new X509Certificate(oldCaCertificate ?? new Uint8Array());
    const { publicKey } = old;
    const isNamed = Buffer.compare(keyId(publicKey), oldCaKeyId ?? new Uint8Array()) === 0;
    const ours = old.ca && profileOfCa(publicKey) === profileOfCa(successor.publicKey) && old.verify(publicKey);
    return isNamed && ours ? { old, succeedsAtUs: succeedsAtUs ?? 0 } : undefined;
  } catch {
    return undefined; // signed by a CA of ours, and not a certificate: of no use, and no harm
  }
}
