import type { CheckedTreeHead, KeptHead } from '@threatguard/proto/evidence';
import { ConsoleError } from './console-error.ts';
import type { JsonRecord } from './json.ts';
import type { Column } from './table.ts';
import { humanTime, isoTime, zoneName } from './time.ts';

const DIGEST = /^[0-9a-f]{64}$/i;

/** Keys of a tree head in JSON and CSV, in order. */
export const HEAD_KEYS = [
  'number',
  'sha256',
  'signed_at',
  'tree.size',
  'tree.root',
  'previous.sha256',
  'audit.sequence',
  'audit.sha256',
] as const;

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

export function headRecord(head: CheckedTreeHead): JsonRecord {
  return {
    number: head.number,
    sha256: hex(head.digest),
    signed_at: isoTime(head.signedAtUs),
    'tree.size': head.treeSize,
    'tree.root': hex(head.root),
    'previous.sha256': hex(head.previousHeadDigest),
    'audit.sequence': head.auditSequence,
    'audit.sha256': hex(head.auditDigest),
  };
}

export function headColumns(look: { utc: boolean; nowMs: number }): Column<CheckedTreeHead>[] {
  return [
    { title: 'HEAD', cell: (head) => String(head.number), align: 'right' },
    { title: `SIGNED (${zoneName(look.nowMs, look.utc)})`, cell: (head) => humanTime(head.signedAtUs, look.utc) },
    { title: 'ENTRIES', cell: (head) => String(head.treeSize), align: 'right' },
    { title: 'SHA-256', cell: (head) => hex(head.digest) },
  ];
}

/** Heads somebody kept: one digest in hex, or the text of a file with what `evidence heads` printed, in any form. */
export function parseKeptHeads(text: string, name: string): KeptHead[] {
  if (DIGEST.test(text.trim())) return [{ digest: text.trim() }];
  const heads = fromJson(text) ?? fromLines(text);
  if (heads.length > 0) return heads;
  throw new ConsoleError(
    'usage',
    `--head ${name}: neither the SHA-256 of a tree head nor a file of them; "threatguard evidence heads --output json" writes one`,
  );
}

function fromJson(text: string): KeptHead[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return [value].flat().flatMap((each: unknown) => {
    const { sha256, number } = (each ?? {}) as { sha256?: unknown; number?: unknown };
    if (typeof sha256 !== 'string' || !DIGEST.test(sha256)) return [];
    return [{ digest: sha256, number: typeof number === 'number' ? number : undefined }];
  });
}

/** The table, CSV, JSON of several runs one after another, or digests alone: the first digest of a line is that of a head. */
function fromLines(text: string): KeptHead[] {
  return text.split('\n').flatMap((line) => {
    const digest = /(?<![0-9a-z])[0-9a-f]{64}(?![0-9a-z])/i.exec(line)?.[0];
    const number = /^\W*(?:"number":)?(\d{1,15})\b/.exec(line)?.[1];
    return digest ? [{ digest, number: number === undefined ? undefined : Number(number) }] : [];
  });
}
