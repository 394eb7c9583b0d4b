// A file as it stands. Taking it never waits and has no effect on what is looked at: only regular files are opened, only those
// that really lie below the root of their watch, and never through a link that was put there in the meantime.
import { createHash } from 'node:crypto';
import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { isSecret } from './watched-paths.ts';

export interface Snapshot {
  /** Changes whenever anything about the file did; no need to read it again while it is the same. */
  version: string;
  /** What it is, a link taken for what it leads to. */
  kind: 'file' | 'link' | 'other';
  size: number;
  mode: number;
  ownerId: number;
  groupId: number;
  /** Empty where the content was not read: no regular file, too large, not ours to open, or outside the root. */
  sha256: string;
  /** Whether we may open it. */
  readable: boolean;
  /** Where a symbolic link leads, as it stands in it. */
  link: string;
  /** The text, where it may be told and is small; null otherwise. */
  text: string | null;
}

/** A file larger than this is not hashed: the ones watched are configuration. */
const HASH_BYTES_MAX = 16 * 1024 * 1024;
/** A text larger than this is not kept to say which lines changed. */
const TEXT_BYTES_MAX = 256 * 1024;
const CHUNK_BYTES = 64 * 1024;
const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);

/** The file at `path`; null where there is none, or it is a directory. Throws only what is no matter of the file. */
export function takeSnapshot(path: string, root: string, previous: Snapshot | null): Snapshot | null {
  try {
    const entry = lstatSync(path, { bigint: true });
    if (entry.isDirectory()) return null;
    const link = entry.isSymbolicLink() ? readlinkSync(path) : '';
    const target = link ? followed(path) : entry;
    const { dev, ino, size, mtimeNs, ctimeNs, mode, uid, gid } = target ?? entry;
    const version = `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}:${link}`;
    if (previous?.version === version) return previous;
    const content = target?.isFile() && size <= HASH_BYTES_MAX ? readContent(path, root, target) : UNREAD;
    return {
      version,
      kind: target?.isFile() ? 'file' : link ? 'link' : 'other',
      size: target?.isFile() ? Number(size) : 0,
      mode: Number(mode) & 0o7777,
      ownerId: Number(uid),
      groupId: Number(gid),
      link,
      ...content,
    };
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** What a link leads to; undefined where it leads nowhere, or in a circle. Asking is harmless also for a device. */
function followed(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (isGone(error) || code === 'ELOOP' || code === 'EACCES') return undefined;
    throw error;
  }
}

interface Content {
  sha256: string;
  readable: boolean;
  text: string | null;
}
const UNREAD: Content = { sha256: '', readable: true, text: null };

function readContent(path: string, root: string, expected: BigIntStats): Content {
  const real = realpathSync.native(path);
  const top = realpathSync.native(root);
  if (!real.startsWith(top === '/' ? '/' : `${top}/`)) return UNREAD;
  let descriptor: number;
  try {
    // O_NONBLOCK: a FIFO that was put in its place since must not stop the agent.
    descriptor = openSync(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM') return { ...UNREAD, readable: false };
    if (code === 'ELOOP' || code === 'ENXIO') return UNREAD; // exchanged since; its own change is told as well
    throw error;
  }
  try {
    const { dev, ino } = fstatSync(descriptor, { bigint: true });
    const same = dev === expected.dev && ino === expected.ino && readlinkSync(`/proc/self/fd/${descriptor}`) === real;
    return same ? digest(descriptor, expected.size <= TEXT_BYTES_MAX && !isSecret(path) && !isSecret(real)) : UNREAD;
  } finally {
    closeSync(descriptor);
  }
}

function digest(descriptor: number, mayTell: boolean): Content {
  let tellable = mayTell;
  const hash = createHash('sha256');
  const kept: Buffer[] = [];
  for (let offset = 0; offset <= HASH_BYTES_MAX; ) {
    const length = readSync(descriptor, chunk, 0, CHUNK_BYTES, offset);
    if (length === 0) break;
    const bytes = chunk.subarray(0, length);
    hash.update(bytes);
    offset += length;
    if (tellable && offset <= TEXT_BYTES_MAX) kept.push(Buffer.from(bytes));
    else tellable = false;
  }
  const content = Buffer.concat(kept);
  const text = tellable && !content.includes(0) ? content.toString('utf8') : null;
  return { sha256: hash.digest('hex'), readable: true, text };
}

function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
