import type { KeyObject, X509Certificate } from 'node:crypto';
import { DIGEST_BYTES } from '../envelope/index.ts';
import { sha256, signBytes } from '../signature.ts';
import { type SignedTreeHead, TreeHead } from '../v1.ts';

const TREE_HEAD_VERSION = 1;

/** A head whose fields have the right form. */
export interface CheckedTreeHead {
  number: number;
  treeSize: number;
  root: Uint8Array;
  previousHeadDigest: Uint8Array;
  auditSequence: number;
  auditDigest: Uint8Array;
  signedAtUs: number;
  /** SHA-256 of the encoded head: what the next head names, and what people note. */
  digest: Buffer;
}

export function signTreeHead(
  head: Omit<CheckedTreeHead, 'digest'>,
  signer: { privateKey: KeyObject; certificate: X509Certificate },
): SignedTreeHead {
  const bytes = TreeHead.encode({ version: TREE_HEAD_VERSION, ...head }).finish();
  const signature = signBytes({ message: bytes, privateKey: signer.privateKey, purpose: 'treeHead' });
  return { head: bytes, signature, certificate: signer.certificate.raw };
}

/** Undefined for bytes that are no head of a known version. Verifies nothing. */
export function readTreeHead(bytes: Uint8Array): CheckedTreeHead | undefined {
  let head: TreeHead;
  try {
    head = TreeHead.decode(bytes);
  } catch {
    return undefined;
  }
  const { number = 0, treeSize = 0, auditSequence = 0, signedAtUs = 0 } = head;
  const { root, previousHeadDigest, auditDigest } = head;
  const counts = [number, treeSize, auditSequence, signedAtUs].map((count) => count ?? 0);
  const digests = [root, previousHeadDigest, auditDigest];
  const wellFormed =
    head.version === TREE_HEAD_VERSION &&
    counts.every((count) => Number.isSafeInteger(count) && count >= 0) &&
    counts[0]! >= 1 &&
    digests.every((digest) => digest?.length === DIGEST_BYTES);
  if (!wellFormed) return undefined;
  return {
    number: counts[0]!,
    treeSize: counts[1]!,
    auditSequence: counts[2]!,
    signedAtUs: counts[3]!,
    root: root!,
    previousHeadDigest: previousHeadDigest!,
    auditDigest: auditDigest!,
    digest: sha256(bytes),
  };
}
