// Finding what a log became while nobody looked: auth.log.1, auth.log-20261121, found by inode or by what it begins with.
import { closeSync, openSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { digestPrefix, type FilePosition } from './cursor.ts';
import { readPrefix } from './open-log.ts';

/** Rotated files looked at, newest first: what logrotate keeps of a log for a year of days fits. */
const SIBLINGS_MAX = 400;
const COMPRESSED = /\.(?:gz|xz|bz2|zst|lz4)$/;

export interface RotatedFile {
  path: string;
  inode: string;
  size: number;
  modifiedMs: number;
}

/** Uncompressed rotations of the log, oldest first. */
export function listRotated(path: string): RotatedFile[] {
  const directory = dirname(path);
  const base = basename(path);
  const found: RotatedFile[] = [];
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(`${base}.`) && !name.startsWith(`${base}-`)) continue;
    if (COMPRESSED.test(name)) continue;
    const stat = statSync(join(directory, name), { bigint: true, throwIfNoEntry: false });
    if (!stat?.isFile()) continue;
    found.push({
      path: join(directory, name),
      inode: String(stat.ino),
      size: Number(stat.size),
      modifiedMs: Number(stat.mtimeNs) / 1e6,
    });
  }
  return found.sort((a, b) => a.modifiedMs - b.modifiedMs || byName(a.path, b.path)).slice(-SIBLINGS_MAX);
}

/** Of two written in the same tick of the kernel's clock: .2 is older than .1, -20261120 older than -20261121. */
function byName(a: string, b: string): number {
  const [first, second] = [a, b].map((path) => Number(/\.(\d{1,4})$/.exec(path)?.[1] ?? 0)) as [number, number];
  return second - first || a.localeCompare(b);
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
