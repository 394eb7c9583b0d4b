// The chain of the audit log, for those who write it and those who verify it, also from a file.
import { createHash } from 'node:crypto';
import type { AuditEntry } from './v1.ts';

const CONTEXT = 'threatguard/audit/v1';

/** An entry as its digest covers it. */
export interface ChainedEntry {
  sequence: number;
  atUs: number;
  by: { kind: string; id: string; from: string };
  action: string;
  subject: string;
  /** Canonical JSON; empty for nothing. */
  before: string;
  after: string;
  previousDigest: Uint8Array;
}

export interface ChainLink {
  sequence: number;
  digest: Uint8Array;
}

/** The first entry that is not what was written. */
export interface ChainProblem {
  sequence: number;
  what: 'missing' | 'altered';
}

/** SHA-256 over the entry as a JSON array, whose order and spelling are fixed. */
export function auditDigest(entry: ChainedEntry): Uint8Array {
  const { sequence, atUs, by, action, subject, before, after, previousDigest } = entry;
  const fields = [CONTEXT, sequence, atUs, by.kind, by.id, by.from, action, subject, before, after];
  return createHash('sha256')
    .update(JSON.stringify([...fields, Buffer.from(previousDigest).toString('hex')]))
    .digest();
}

/** What is wrong with an entry that should follow `last`; undefined where nothing is. */
export function judgeEntry(entry: ChainedEntry & { digest: Uint8Array }, last: ChainLink): ChainProblem | undefined {
  if (entry.sequence !== last.sequence + 1) return { sequence: last.sequence + 1, what: 'missing' };
  if (!same(auditDigest(entry), entry.digest)) return { sequence: entry.sequence, what: 'altered' };
  // Unaltered itself, but written after another one than stands there now.
  return same(entry.previousDigest, last.digest) ? undefined : { sequence: last.sequence, what: 'altered' };
}

/** What is wrong at the end of a chain that should end with `head`. */
export function judgeEnd(last: ChainLink, head: ChainLink): ChainProblem | undefined {
  if (last.sequence < head.sequence) return { sequence: last.sequence + 1, what: 'missing' };
  return same(last.digest, head.digest) ? undefined : { sequence: last.sequence, what: 'altered' };
}

/** The message of an entry as its digest covers it. */
export function chainedEntry(entry: AuditEntry): ChainedEntry & { digest: Uint8Array } {
  return {
    sequence: entry.sequence ?? 0,
    atUs: entry.atUs ?? 0,
    by: { kind: entry.actorKind ?? '', id: entry.actorId ?? '', from: entry.from ?? '' },
    action: entry.action ?? '',
    subject: entry.subject ?? '',
    before: entry.before ?? '',
    after: entry.after ?? '',
    previousDigest: entry.previousDigest ?? new Uint8Array(),
    digest: entry.digest ?? new Uint8Array(),
  };
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
