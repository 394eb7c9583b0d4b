import type { KeyObject } from 'node:crypto';
import { sha256, verifyBytes } from '../signature.ts';
import { type BundleEnd, BundleManifest } from '../v1.ts';
import type { Findings } from './findings.ts';
import type { Authorities } from './trust.ts';

/** The key that signed the end of a bundle over every byte before it; undefined with a finding where none did. */
export function verifyEnd(
  { manifest, signature, certificate }: BundleEnd,
  read: { records: number; digest: Uint8Array; headDigest: Uint8Array | undefined },
  { authorities, findings }: { authorities: Authorities; findings: Findings },
): KeyObject | undefined {
  const message = manifest ?? new Uint8Array();
  const stated = decodeManifest(message);
  const publicKey = authorities.collectorKey(certificate, stated?.signedAtUs ?? 0);
  if (!stated || typeof publicKey === 'string') {
    const why = typeof publicKey === 'string' ? publicKey : 'what it signed is no manifest';
    findings.add('collector_certificate_invalid', `the certificate of the bundle's end: ${why}`);
    return undefined;
  }
  if (!verifyBytes({ message, signature: signature ?? new Uint8Array(), publicKey, purpose: 'evidence' })) {
    findings.add('manifest_signature_invalid', 'the end of the bundle is not signed by the collector');
    return undefined;
  }
  const fits =
    stated.records === read.records &&
    same(stated.digest, read.digest) &&
    same(stated.certificateDigest, sha256(certificate ?? new Uint8Array())) &&
    same(stated.headDigest, read.headDigest);
  if (!fits) findings.add('manifest_mismatch', 'the bundle is not the one the collector signed: it was altered since');
  return publicKey;
}

function same(a: Uint8Array | null | undefined, b: Uint8Array | undefined): boolean {
  return Buffer.compare(a ?? new Uint8Array(), b ?? new Uint8Array()) === 0;
}

function decodeManifest(bytes: Uint8Array): BundleManifest | undefined {
  try {
    return BundleManifest.decode(bytes);
  } catch {
    return undefined;
  }
}
