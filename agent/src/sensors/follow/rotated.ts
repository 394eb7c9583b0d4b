// Finding what a log became while nobody looked: auth.log.1, auth.log-20261121, found by inode or by what it begins with.
import { closeSync, openSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { digestPrefix, type FilePosition, PREFIX_BYTES_MAX } from './cursor.ts';
import { readPrefix } from './open-log.ts';

/** Rotated files looked at, newest first: what logrotate keeps of a log for a year of days fits. */
const SIBLINGS_MAX = 400;
const COMPRESSED = /\.(?:gz|xz|bz2|zst|lz4)$/;

export interface RotatedFile {
  path: string;
  inode: string;
  size: number;
  modifiedMs: number;
  packed: boolean;
}

/** Rotations of the log, oldest first; compressed ones only where they are asked for. */
export function listRotated(path: string, { packed = false } = {}): RotatedFile[] {
  const directory = dirname(path);
  const base = basename(path);
  const found: RotatedFile[] = [];
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(`${base}.`) && !name.startsWith(`${base}-`)) continue;
    const isPacked = COMPRESSED.test(name);
    if (isPacked && !packed) continue;
    const stat = statSync(join(directory, name), { bigint: true, throwIfNoEntry: false });
    if (!stat?.isFile()) continue;
    found.push({
      path: join(directory, name),
      inode: String(stat.ino),
      size: Number(stat.size),
      modifiedMs: Number(stat.mtimeNs) / 1e6,
      packed: isPacked,
    });
  }
  // Numbers say the order; times only where there are none: they may be those of copying or packing, or of one tick of the clock.
  const isNumbered = found.every(({ path: each }) => numberOf(each) > 0);
  const byTime = (a: RotatedFile, b: RotatedFile) => a.modifiedMs - b.modifiedMs || a.path.localeCompare(b.path);
  return found.sort((a, b) => (isNumbered && numberOf(b.path) - numberOf(a.path)) || byTime(a, b)).slice(-SIBLINGS_MAX);
}

/** 2 of auth.log.2 and auth.log.2.gz; 0 of auth.log-20261121. */
function numberOf(path: string): number {
  return Number(/\.(\d{1,4})(?:\.[a-z0-9]{2,3})?$/.exec(path)?.[1] ?? 0);
}

/** What a file is known by beside its inode. */
export type Beginning = Pick<FilePosition, 'prefixBytes' | 'prefixSha256'>;

/** Of no bytes where the file is gone. */
export function beginningOf(path: string): Beginning {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, 'r');
    const prefix = readPrefix(descriptor, PREFIX_BYTES_MAX);
    return { prefixBytes: prefix.length, prefixSha256: digestPrefix(prefix) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { prefixBytes: 0, prefixSha256: '' };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Whether the file at `path` begins with the bytes the position was taken in, and reaches as far. */
export function holds(path: string, size: number, position: FilePosition): boolean {
  if (size < position.offset) return false;
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false; // rotated on between listing and opening
    throw error;
  }
  try {
    const prefix = readPrefix(descriptor, position.prefixBytes);
    return prefix.length === position.prefixBytes && digestPrefix(prefix) === position.prefixSha256;
  } finally {
    closeSync(descriptor);
  }
}
