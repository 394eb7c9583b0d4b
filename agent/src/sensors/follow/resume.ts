// Where reading goes on after a restart, when the log may have been rotated any number of times meanwhile.
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { digestPrefix, type FilePosition } from './cursor.ts';
import { holds, listRotated, type RotatedFile } from './rotated.ts';
import { canUnpack, readPackedPrefix, type Unpacked, unpackFrom } from './unpack.ts';

export interface ResumePlan {
  /** Rotated files to read first, oldest first. */
  rotated: { path: string; offset: number }[];
  /** Where to begin in what the path names now. */
  liveFrom: number;
  /** Files that hold lines never read, and are gone, damaged, or packed in a way that cannot be read. */
  lost: number;
  /** To be called once the rotated files are open. */
  close(): void;
}

interface ToRead {
  file: RotatedFile;
  offset: number;
}

/** Finds each file of the cursor by inode and beginning, a copy of it (packed or not) by its beginning, and what came between. */
export async function planResume(from: {
  path: string;
  cursorFile: string;
  positions: FilePosition[];
}): Promise<ResumePlan> {
  const listed = listRotated(from.path, { packed: true });
  const current = statSync(from.path, { bigint: true, throwIfNoEntry: false });
  const toRead: ToRead[] = [];
  let liveFrom = 0;
  let gone = 0;
  let unread = listed.length; // index of the first rotation that may have been made while we were away
  for (const position of from.positions) {
    const isCurrent = current !== undefined && String(current.ino) === position.inode;
    if (isCurrent && holds(from.path, Number(current.size), position)) {
      liveFrom = position.offset;
      continue;
    }
    const file = findPlain(listed, position) ?? (await findPacked(listed, position));
    if (file) {
      toRead.push({ file, offset: position.offset });
      unread = Math.min(unread, listed.indexOf(file));
    } else if (position.offset > 0 || position.prefixBytes > 0) {
      gone++;
      const savedMs = modifiedMs(from.cursorFile);
      const newer = listed.findIndex((each) => each.modifiedMs >= savedMs);
      if (newer >= 0) unread = Math.min(unread, newer);
    }
  }
  const between = listed.slice(unread).filter((file) => !toRead.some((each) => each.file === file));
  const unreadable = between.filter((file) => file.packed && !canUnpack(file.path) && !hasTwin(listed, file)).length;
  for (const file of between)
    if (!file.packed || (canUnpack(file.path) && !hasTwin(listed, file))) toRead.push({ file, offset: 0 });
  // One that is gone may be the very one that cannot be unpacked: no file is counted twice.
  return { ...(await unpackAll(toRead, dirname(from.cursorFile), Math.max(gone, unreadable))), liveFrom };
}

function findPlain(listed: RotatedFile[], position: FilePosition): RotatedFile | undefined {
  const plain = listed.filter(({ packed }) => !packed);
  const renamed = plain.find((file) => file.inode === position.inode && holds(file.path, file.size, position));
  return renamed ?? plain.find((file) => position.prefixBytes > 0 && holds(file.path, file.size, position));
}

/** Newest first: the one wanted is one of the last. */
async function findPacked(listed: RotatedFile[], position: FilePosition): Promise<RotatedFile | undefined> {
  if (position.prefixBytes === 0) return undefined;
  for (const file of listed.toReversed()) {
    if (!file.packed || !canUnpack(file.path)) continue;
    const prefix = await readPackedPrefix(file.path, position.prefixBytes);
    if (prefix.length === position.prefixBytes && digestPrefix(prefix) === position.prefixSha256) return file;
  }
  return undefined;
}

/** While logrotate packs, the text stands beside it. */
function hasTwin(listed: RotatedFile[], { path }: RotatedFile): boolean {
  const plain = path.slice(0, path.lastIndexOf('.'));
  return listed.some((file) => file.path === plain);
}

async function unpackAll(toRead: ToRead[], directory: string, lost: number): Promise<Omit<ResumePlan, 'liveFrom'>> {
  const unpacked: Unpacked[] = [];
  const close = () => {
    for (const each of unpacked.splice(0)) each.close();
  };
  const plan = { rotated: [] as ResumePlan['rotated'], lost, close };
  try {
    for (const { file, offset } of toRead) {
      if (!file.packed) {
        plan.rotated.push({ path: file.path, offset });
        continue;
      }
      const text = await unpackFrom(file.path, offset, directory);
      unpacked.push(text);
      if (!text.whole || text.size < offset) plan.lost++;
      if (text.size >= offset) plan.rotated.push({ path: text.path, offset });
    }
    return plan;
  } catch (error) {
    close();
    throw error;
  }
}

function modifiedMs(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
}
