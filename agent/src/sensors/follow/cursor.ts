// Where a followed log was left: written beside the agent's other state, replaced whole, read at the next start.
import { createHash } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
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

/** The files being read, oldest first: one, or several while a rotated one is drained. Null: there is no usable cursor. */
export async function readCursor(path: string): Promise<FilePosition[] | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  const saved = parseJson(text) as { version?: unknown; files?: unknown } | null | undefined;
  if (saved?.version !== 1 || !Array.isArray(saved.files) || saved.files.length > FILES_MAX) return null;
  return saved.files.every(isPosition) ? saved.files : null;
}

/** Whole or not at all: a new file is written, flushed and renamed over the old one. */
export async function writeCursor(path: string, files: FilePosition[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify({ version: 1, files: files.slice(-FILES_MAX) }));
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

/** The same without waiting for the disk, for the moments after a stop, when the process may end at any time. */
export function writeCursorNow(path: string, files: FilePosition[]): void {
  writeFileSync(`${path}.last`, JSON.stringify({ version: 1, files: files.slice(-FILES_MAX) }), { mode: 0o600 });
  renameSync(`${path}.last`, path);
}
