import type { AuditEntry, VerifyAuditResponse } from '@threatguard/proto';
import type { FileVerification } from './audit-file.ts';
import type { JsonRecord } from './json.ts';
import { type Column, renderPairs } from './table.ts';
import { humanTime, isoTime } from './time.ts';

/** Keys of an entry of the audit log in JSON and CSV, in order. */
export const AUDIT_KEYS = [
  'sequence',
  'at',
  'actor.kind',
  'actor.id',
  'actor.name',
  'from',
  'action',
  'subject',
  'before',
  'after',
  'digest',
] as const;

export function auditRecord(entry: AuditEntry): JsonRecord {
  return {
    sequence: entry.sequence ?? 0,
    at: isoTime(entry.atUs),
    'actor.kind': entry.actorKind ?? '',
    'actor.id': entry.actorId ?? '',
    'actor.name': entry.actorName ?? '',
    from: entry.from ?? '',
    action: entry.action ?? '',
    subject: entry.subject ?? '',
    before: entry.before ?? '',
    after: entry.after ?? '',
    digest: hex(entry.digest),
  };
}

/** For people: by name where there is one. */
export function auditActor({ actorKind, actorId, actorName }: AuditEntry): string {
  return `${actorKind ?? ''} ${actorName || actorId || ''}`.trim();
}

export function auditColumns(utc: boolean): Column<AuditEntry>[] {
  return [
    { title: 'NUMBER', cell: (entry) => String(entry.sequence ?? 0), align: 'right' },
    { title: 'AT', cell: (entry) => humanTime(entry.atUs, utc) },
    { title: 'WHO', cell: (entry) => auditActor(entry), shrink: true },
    { title: 'FROM', cell: (entry) => entry.from ?? '', shrink: true, optional: true },
    { title: 'ACTION', cell: (entry) => entry.action ?? '' },
    { title: 'SUBJECT', cell: (entry) => entry.subject ?? '', shrink: true },
    { title: 'AFTER', cell: (entry) => entry.after ?? '', shrink: true, optional: true },
  ];
}

export function verificationRecord(found: VerifyAuditResponse): JsonRecord {
  return {
    intact: !found.problemSequence,
    entries: found.entries ?? 0,
    first: found.firstSequence ?? 0,
    'head.sequence': found.headSequence ?? 0,
    'head.sha256': hex(found.headDigest),
    'problem.what': found.problem || undefined,
    'problem.sequence': found.problemSequence || undefined,
  };
}

export function verificationPairs(found: VerifyAuditResponse): string[] {
  const { problem, problemSequence } = found;
  return renderPairs([
    ['audit log', problemSequence ? `entry ${problemSequence} is ${problem}` : 'every entry is what was written'],
    ['entries', `${found.entries ?? 0} in order, from ${found.firstSequence ?? 0}`],
    ['head', `${found.headSequence ?? 0}, SHA-256 ${hex(found.headDigest)}`],
  ]);
}

/** Of an export in a file. */
export function fileRecord({ entries, firstSequence, head, problem, held }: FileVerification): JsonRecord {
  return {
    intact: !problem,
    entries,
    first: firstSequence,
    'head.sequence': head.sequence,
    'head.sha256': hex(head.digest),
    heads_held: held,
    'problem.what': problem?.what,
    'problem.sequence': problem?.sequence,
  };
}

export function filePairs({ entries, firstSequence, head, problem, held }: FileVerification): string[] {
  const kept = held.length > 0 ? `the chain goes through ${held.join(', ')}, noted elsewhere` : NO_HEAD_KEPT;
  return renderPairs([
    ['audit log', problem ? `entry ${problem.sequence} is ${problem.what}` : 'every entry is what the chain says'],
    ['entries', `${entries} in order, from ${firstSequence}`],
    ['head', `${head.sequence}, SHA-256 ${hex(head.digest)}`],
    ['kept heads', kept],
  ]);
}

const NO_HEAD_KEPT = 'none given: that the whole log was not written anew, only one noted elsewhere shows (--head)';

function hex(bytes: Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}
