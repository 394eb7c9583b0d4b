// Where a followed log was left: in a file beside the agent's other state, replaced whole, and in the spool with the events
// read up to there. The spool's is exact; the file also holds progress over lines that make no event.
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** How much of a file's beginning identifies it: an inode number is given away again once its file is gone. */
export const PREFIX_BYTES_MAX = 1024;

export interface FilePosition {
  inode: string;
  /** Everything before it is handed on and durable. */
  offset: number;
  prefixBytes: number;
  prefixSha256: string;
}

/** Files at once in a cursor: the log, and rotations of it that are still drained. */
const FILES_MAX = 16;

export interface Cursor {
  /** Counts up with every cursor taken, over restarts too: of two the higher is the newer. */
  revision: number;
  /** The files being read, oldest first: one, or several while a rotated one is drained. */
  files: FilePosition[];
}

export function encodeCursor({ revision, files }: Cursor): string {
  return JSON.stringify({ version: 1, revision, files: files.slice(-FILES_MAX) });
}

/** Null: there is no usable cursor. */
export function decodeCursor(text: string): Cursor | null {
  const saved = parseJson(text) as { version?: unknown; revision?: unknown; files?: unknown } | null | undefined;
  if (saved?.version !== 1 || !Array.isArray(saved.files) || saved.files.length > FILES_MAX) return null;
  return saved.files.every(isPosition) ? { revision: revisionOf(saved), files: saved.files } : null;
}

/** 0 where a cursor has none: any that has one is newer. */
export function revisionOf({ revision }: { revision?: unknown }): number {
  return Number.isSafeInteger(revision) && Number(revision) > 0 ? Number(revision) : 0;
}

/** The one with the higher revision. */
export function newerOf<T extends { revision: number }>(first: T | null, second: T | null): T | null {
  if (!first || !second) return first ?? second;
  return first.revision >= second.revision ? first : second;
}

export async function readCursor(path: string): Promise<Cursor | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  return decodeCursor(text);
}

/** Whole or not at all: a new file is written, flushed and renamed over the old one. */
export async function writeCursor(path: string, cursor: Cursor): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(encodeCursor(cursor));
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

export function digestPrefix(prefix: Uint8Array): string {
  return createHash('sha256').update(prefix).digest('hex');
}

function isPosition(value: unknown): value is FilePosition {
  const { inode, offset, prefixBytes, prefixSha256 } = (value ?? {}) as Record<string, unknown>;
  const whole = (number: unknown, max: number) =>
    Number.isInteger(number) && Number(number) >= 0 && Number(number) <= max;
  return (
    typeof inode === 'string' &&
    typeof prefixSha256 === 'string' &&
    whole(offset, Number.MAX_SAFE_INTEGER) &&
    whole(prefixBytes, PREFIX_BYTES_MAX)
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a damaged cursor is no cursor; the caller counts what that may have cost
  }
}
