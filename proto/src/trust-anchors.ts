// Which CAs are trusted while one follows another. Trust goes from old to new only, each step signed by the older CA's key;
// what a list merely names is not believed.
import { type KeyObject, X509Certificate } from 'node:crypto';
import { profileOfCa } from './algorithms.ts';
import { keyId, signBytes, verifyBytes } from './signature.ts';
import type { CaSuccession, TrustAnchors } from './v1.ts';

/** CAs at one time: a fleet has one, and two while it rotates. */
export const TRUST_ANCHORS_MAX = 8;
/** Of the fingerprint, so that it fits a label of a server name (RFC 1035 2.3.4: 63 bytes). */
const SERVER_NAME_HEX = 40;

/** What a client names as server (TLS SNI) to be shown a certificate of the CA it trusts; `caSha256` in hex. */
export function caServerName(caSha256: string): string {
  return `ca-${caSha256.slice(0, SERVER_NAME_HEX)}`;
}

/** The anchor that issued a certificate; undefined where none did. Says nothing about its life. */
export function issuerOf(
  certificate: X509Certificate,
  anchors: readonly X509Certificate[],
): X509Certificate | undefined {
  return anchors.find((anchor) => certificate.checkIssued(anchor) && certificate.verify(anchor.publicKey));
}

/** Every certificate of a PEM text, in its order. Throws where one cannot be read. */
export function readCertificates(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

/** The old CA vouches for the new one. */
export function signCaSuccession(parts: {
  old: { certificate: X509Certificate; privateKey: KeyObject };
  successor: X509Certificate;
  nowUs: number;
}): CaSuccession {
  const { old, successor, nowUs } = parts;
  const message = successor.raw;
  return {
    oldCaKeyId: keyId(old.certificate.publicKey),
    newCaCertificate: message,
    signature: signBytes({ message, privateKey: old.privateKey, purpose: 'caSuccession' }),
    succeedsAtUs: nowUs,
  };
}

/**
 * `trusted` (newest first) and every CA that one of them vouches for, directly or through others, newest first. What is not
 * vouched for is left out; never throws on hostile bytes.
 */
export function extendTrust(trusted: readonly X509Certificate[], told: TrustAnchors): X509Certificate[] {
  const anchors = [...trusted];
  const successions = (told.successions ?? []).slice(0, TRUST_ANCHORS_MAX);
  // Each round can only use what the one before it added.
  for (let round = 0; round < successions.length; round++) {
    for (const succession of successions) {
      const old = anchors.findIndex((anchor) => sameBytes(keyId(anchor.publicKey), succession.oldCaKeyId));
      const successor = old < 0 ? undefined : vouchedFor(succession, anchors[old]!);
      if (!successor || anchors.length >= TRUST_ANCHORS_MAX) continue;
      if (!anchors.some((anchor) => sameBytes(anchor.raw, successor.raw))) anchors.splice(old, 0, successor);
    }
  }
  return anchors;
}

/**
 * What is left of `anchors` (newest first) when those the collector no longer names are dropped: only such as are older
 * than one it names, so that nobody talks an agent back to an older CA.
 */
export function withoutRetired(anchors: readonly X509Certificate[], told: TrustAnchors): X509Certificate[] {
  const named = (anchor: X509Certificate) => (told.certificates ?? []).some((each) => sameBytes(anchor.raw, each));
  const oldestNamed = anchors.findLastIndex(named);
  return oldestNamed < 0 ? [...anchors] : anchors.slice(0, oldestNamed + 1);
}

function vouchedFor(succession: CaSuccession, old: X509Certificate): X509Certificate | undefined {
  const message = Uint8Array.from(succession.newCaCertificate ?? []);
  const signature = succession.signature ?? new Uint8Array();
  if (!verifyBytes({ message, signature, publicKey: old.publicKey, purpose: 'caSuccession' })) return undefined;
  try {
    const successor = new X509Certificate(message);
    const { publicKey } = successor;
    // The key of its CA decides a fleet's profile: a successor keeps it.
    const ours = successor.ca && profileOfCa(publicKey) === profileOfCa(old.publicKey);
    return ours && successor.verify(publicKey) ? successor : undefined;
  } catch {
    return undefined; // signed by a CA of ours, and not a certificate: of no use, and no harm
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array | null | undefined): boolean {
  return b !== null && b !== undefined && Buffer.compare(a, b) === 0;
}
