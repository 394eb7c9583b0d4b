import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { AuditPart } from '@threatguard/proto';
import { beginLine, entryLine, type FileVerification, verifyAuditLines } from '../model/audit-file.ts';
import { ConsoleError } from '../model/console-error.ts';
import type { KeptAuditHead } from '../model/kept-audit-head.ts';

/** An export as it goes into a file. `counted` is told how many entries there were so far. */
export async function* auditLines(
  parts: AsyncIterable<AuditPart>,
  { exportedAt, counted }: { exportedAt: string; counted: (entries: number) => void },
): AsyncIterable<Uint8Array> {
  let entries = 0;
  for await (const part of parts) {
    const lines = part.anchors ? [beginLine(part.anchors, exportedAt)] : (part.entries ?? []).map(entryLine);
    entries += part.entries?.length ?? 0;
    counted(entries);
    yield Buffer.from(lines.map((line) => `${line}\n`).join(''));
  }
}

/** Verifies an export on disk. Throws ConsoleError `unreadable` where it cannot be read or is none. */
export async function verifyAuditFile(path: string, kept: readonly KeptAuditHead[]): Promise<FileVerification> {
  const input = createReadStream(path);
  // Of a file that cannot be opened the lines say nothing and do not end.
  const broken = new Promise<never>((_, reject) => input.once('error', reject));
  try {
    const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
    return await Promise.race([verifyAuditLines(lines, kept), broken]);
  } catch (error) {
    if (error instanceof ConsoleError)
      throw new ConsoleError(error.code, `${path}: ${error.message}`, { cause: error });
    const { code } = error as NodeJS.ErrnoException;
    if (!code) throw error;
    throw new ConsoleError('unreadable', `${path} cannot be read (${code})`, { cause: error });
  } finally {
    input.destroy();
  }
}
