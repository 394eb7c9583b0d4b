// A file as it stands, and what became of it between two looks.
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, readSync } from 'node:fs';
import { Activity, EventClass, type File, type HostEvent, Outcome } from '@threatguard/proto';
import { isSecret } from './watched-paths.ts';

export interface Snapshot {
  /** Changes whenever anything about the file did; no need to read it again while it is the same. */
  version: string;
  size: number;
  mode: number;
  ownerId: number;
  groupId: number;
  /** Empty where the file is no regular one, too large, or not readable. */
  sha256: string;
  /** Whether we may open it. */
  readable: boolean;
  /** Where a symbolic link leads. */
  link: string;
  /** The text, where it may be told and is small; null otherwise. */
  text: string | null;
}

/** A file larger than this is not hashed: the ones watched are configuration. */
const HASH_BYTES_MAX = 16 * 1024 * 1024;
/** A text larger than this is not kept to say which lines changed. */
const TEXT_BYTES_MAX = 256 * 1024;
const LINES_MAX = 64;
const LINE_CHARACTERS_MAX = 1024;

/** The file at `path`; null where there is none, or it is a directory. Throws only what is no matter of the file. */
export function takeSnapshot(path: string, previous: Snapshot | null): Snapshot | null {
  try {
    const entry = lstatSync(path, { bigint: true });
    if (entry.isDirectory()) return null;
    const link = entry.isSymbolicLink() ? readlinkSync(path) : '';
    return readSnapshot(path, link, previous);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

function readSnapshot(path: string, link: string, previous: Snapshot | null): Snapshot {
  let descriptor: number;
  try {
    // O_NONBLOCK: a FIFO put in place of a file must not stop the agent.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'ELOOP' && code !== 'ENXIO' && !(link && code === 'ENOENT'))
      throw error;
    return unreadable(path, link);
  }
  try {
    const stat = fstatSync(descriptor, { bigint: true });
    const version = `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}:${link}`;
    if (previous?.version === version) return previous;
    const size = Number(stat.size);
    const content = stat.isFile() && size <= HASH_BYTES_MAX ? readWhole(descriptor) : null;
    return {
      version,
      size,
      mode: Number(stat.mode) & 0o7777,
      ownerId: Number(stat.uid),
      groupId: Number(stat.gid),
      sha256: content ? createHash('sha256').update(content).digest('hex') : '',
      readable: true,
      link,
      text:
        content && content.length <= TEXT_BYTES_MAX && !isSecret(path) && !content.includes(0)
          ? content.toString('utf8')
          : null,
    };
  } finally {
    closeSync(descriptor);
  }
}

/** What lstat(2) tells of a file that cannot be opened, or of a link that leads nowhere. */
function unreadable(path: string, link: string): Snapshot {
  const stat = lstatSync(path, { bigint: true });
  return {
    version: `${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}:${link}`,
    size: Number(stat.size),
    mode: Number(stat.mode) & 0o7777,
    ownerId: Number(stat.uid),
    groupId: Number(stat.gid),
    sha256: '',
    readable: link !== '',
    link,
    text: null,
  };
}

function readWhole(descriptor: number): Buffer {
  const chunks: Buffer[] = [];
  for (let offset = 0; offset <= HASH_BYTES_MAX; ) {
    const chunk = Buffer.allocUnsafe(64 * 1024);
    const length = readSync(descriptor, chunk, 0, chunk.length, offset);
    if (length === 0) break;
    chunks.push(chunk.subarray(0, length));
    offset += length;
  }
  return Buffer.concat(chunks);
}

/** The event between two looks; null where nothing that matters changed (a touch, the same bytes written again). */
export function compareSnapshots(
  path: string,
  before: Snapshot | null,
  after: Snapshot | null,
  nowUs: number,
): HostEvent | null {
  const activity = activityOf(before, after);
  const latest = after ?? before;
  if (activity === null || !latest) return null;
  const file: File = {
    path,
    previousSha256: before?.sha256 ?? '',
    sha256: after?.sha256 ?? '',
    size: after?.size ?? 0,
    mode: latest.mode,
    ownerId: latest.ownerId,
    groupId: latest.groupId,
    ...(activity === Activity.FILE_ATTRIBUTES ? {} : changedLines(path, before, after)),
  };
  return {
    observedAtUs: nowUs,
    class: EventClass.FILE,
    activity,
    outcome: Outcome.SUCCESS,
    sensor: 'file.watch',
    file,
    missing: ['user.name', 'process.pid'],
  };
}

function activityOf(before: Snapshot | null, after: Snapshot | null): Activity | null {
  if (!before || !after) return before ? Activity.FILE_DELETED : after ? Activity.FILE_CREATED : null;
  const content = before.sha256 !== after.sha256 || before.link !== after.link || before.size !== after.size;
  if (content) return Activity.FILE_MODIFIED;
  const attributes = before.mode !== after.mode || before.ownerId !== after.ownerId || before.groupId !== after.groupId;
  return attributes ? Activity.FILE_ATTRIBUTES : null;
}

function changedLines(path: string, before: Snapshot | null, after: Snapshot | null) {
  if ((before && before.text === null) || (after && after.text === null)) return {};
  const removed = countLines(before?.text ?? '');
  const addedLines: string[] = [];
  for (const line of (after?.text ?? '').split('\n')) {
    const left = removed.get(line) ?? 0;
    if (left > 0) removed.set(line, left - 1);
    else if (line !== '' && addedLines.length < LINES_MAX) addedLines.push(tellable(path, line));
  }
  const removedLines: string[] = [];
  for (const [line, left] of removed) {
    for (let n = 0; n < left && removedLines.length < LINES_MAX && line !== ''; n++)
      removedLines.push(tellable(path, line));
  }
  return { addedLines, removedLines };
}

function countLines(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  for (const line of text.split('\n')) lines.set(line, (lines.get(line) ?? 0) + 1);
  return lines;
}

/** Old systems keep password hashes in passwd and group; they stay on the host. */
function tellable(path: string, line: string): string {
  const shown = /(?:^|\/)(?:passwd|group)-?$/.test(path) ? line.replace(/^([^:]*):[^:]{2,}:/, '$1:x:') : line;
  return shown.slice(0, LINE_CHARACTERS_MAX);
}
