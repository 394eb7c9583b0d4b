// An export of the audit log as lines of JSON: what it begins after, the entries in order, and what it ends with. Lines are
// read as they were written; what makes them trustworthy is the chain, and a head that somebody kept.
import {
  type AuditAnchors,
  type AuditEntry,
  type ChainLink,
  chainedEntry,
  judgeEnd,
  judgeEntry,
} from '@threatguard/proto';
import { ConsoleError } from './console-error.ts';
import type { KeptAuditHead } from './kept-audit-head.ts';

const VERSION = 1;
const TYPE = 'threatguard audit log';

export interface FileVerification {
  entries: number;
  firstSequence: number;
  head: ChainLink;
  problem: { sequence: number; what: 'missing' | 'altered' | 'another than the head that was kept' } | undefined;
  /** Kept heads that the chain goes through, by number. */
  held: number[];
}

export function beginLine(anchors: AuditAnchors, exportedAt: string): string {
  const { anchorSequence, anchorDigest, headSequence, headDigest } = anchors;
  return JSON.stringify({
    type: TYPE,
    version: VERSION,
    exported_at: exportedAt,
    after: { sequence: anchorSequence ?? 0, digest: hex(anchorDigest) },
    head: { sequence: headSequence ?? 0, digest: hex(headDigest) },
  });
}

export function entryLine(entry: AuditEntry): string {
  const { sequence, atUs, by, action, subject, before, after, previousDigest, digest } = chainedEntry(entry);
  const [previous, own] = [hex(previousDigest), hex(digest)];
  return JSON.stringify({ sequence, atUs, by, action, subject, before, after, previousDigest: previous, digest: own });
}

/** Throws ConsoleError `unreadable` where the lines are no export of an audit log; what is wrong with the chain is found. */
export async function verifyAuditLines(
  lines: AsyncIterable<string>,
  kept: readonly KeptAuditHead[],
): Promise<FileVerification> {
  let begin: { after: ChainLink; head: ChainLink } | undefined;
  let last: ChainLink | undefined;
  const report: FileVerification = { entries: 0, firstSequence: 0, head: NO_LINK, problem: undefined, held: [] };
  let number = 0;
  for await (const line of lines) {
    number++;
    if (!begin || !last) {
      begin = readBegin(line);
      last = begin.after;
      report.firstSequence = begin.after.sequence + 1;
      report.head = begin.head;
      continue;
    }
    if (report.problem || line === '') continue;
    const entry = readEntry(line);
    if (!entry) throw new ConsoleError('unreadable', `line ${number} of the file is not an entry of an audit log`);
    report.problem = judgeEntry(entry, last) ?? judgeKept(entry, kept, report.held);
    if (report.problem) continue;
    last = entry;
    report.entries++;
  }
  if (!begin || !last) throw new ConsoleError('unreadable', 'the file is empty');
  report.problem ??= judgeEnd(last, begin.head) ?? missedHead(kept, report);
  return report;
}

function judgeKept(entry: ChainLink, kept: readonly KeptAuditHead[], held: number[]): FileVerification['problem'] {
  for (const head of kept.filter(({ sequence }) => sequence === entry.sequence)) {
    if (head.digest !== hex(entry.digest))
      return { sequence: entry.sequence, what: 'another than the head that was kept' };
    held.push(entry.sequence);
  }
  return undefined;
}

/** A head beyond the end: what it stands for was cut off. One before the beginning is gone with what retention removed. */
function missedHead(kept: readonly KeptAuditHead[], { head }: FileVerification): FileVerification['problem'] {
  const beyond = kept.find(({ sequence }) => sequence > head.sequence);
  return beyond && { sequence: head.sequence + 1, what: 'missing' };
}

const NO_LINK: ChainLink = { sequence: 0, digest: new Uint8Array() };

function readBegin(line: string): { after: ChainLink; head: ChainLink } {
  const { type, version, after, head } = (parse(line) ?? {}) as Record<string, unknown>;
  if (type !== TYPE) throw new ConsoleError('unreadable', 'the file is no export of an audit log');
  if (version !== VERSION) {
    throw new ConsoleError('unreadable', `the file is of version ${String(version)}, this program knows ${VERSION}`);
  }
  const [from, to] = [readLink(after), readLink(head)];
  if (!from || !to) throw new ConsoleError('unreadable', 'the first line of the file does not say what it is of');
  return { after: from, head: to };
}

function readLink(value: unknown): ChainLink | undefined {
  const { sequence, digest } = (value ?? {}) as Record<string, unknown>;
  const bytes = readDigest(digest);
  return Number.isSafeInteger(sequence) && bytes ? { sequence: sequence as number, digest: bytes } : undefined;
}

function readEntry(line: string): ReturnType<typeof chainedEntry> | undefined {
  const value = (parse(line) ?? {}) as Record<string, unknown>;
  const { sequence, atUs, action, subject, before, after } = value;
  const { kind, id, from } = (value.by ?? {}) as Record<string, unknown>;
  const [previousDigest, digest] = [readDigest(value.previousDigest), readDigest(value.digest)];
  const texts = [action, subject, before, after, kind, id, from];
  if (!previousDigest || !digest || !texts.every((text) => typeof text === 'string')) return undefined;
  if (!Number.isSafeInteger(sequence) || !Number.isSafeInteger(atUs)) return undefined;
  const entry = { sequence, atUs, by: { kind, id, from }, action, subject, before, after, previousDigest, digest };
  return entry as ReturnType<typeof chainedEntry>;
}

function readDigest(text: unknown): Uint8Array | undefined {
  return typeof text === 'string' && /^[0-9a-f]{64}$/.test(text) ? Buffer.from(text, 'hex') : undefined;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function hex(bytes: Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}
