// Where reading goes on after a restart, when the log may have been rotated any number of times meanwhile.
import { statSync } from 'node:fs';
import type { FilePosition } from './cursor.ts';
import { holds, listRotated } from './rotated.ts';

export interface ResumePlan {
  /** Rotated files to read first, oldest first. */
  rotated: { path: string; offset: number }[];
  /** Where to begin in what the path names now. */
  liveFrom: number;
  /** Positions whose file is gone: what stood behind them was never read. */
  lost: number;
}

/** Finds each file of the cursor by inode and beginning, a copy of it by its beginning, and the rotations made in between. */
export function planResume(from: { path: string; cursorFile: string; positions: FilePosition[] }): ResumePlan {
  const listed = listRotated(from.path);
  const current = statSync(from.path, { bigint: true, throwIfNoEntry: false });
  const plan: ResumePlan = { rotated: [], liveFrom: 0, lost: 0 };
  const found = new Set<string>();
  let unread = listed.length; // index of the first rotation that may have been made while we were away
  for (const position of from.positions) {
    const isCurrent = current !== undefined && String(current.ino) === position.inode;
    if (isCurrent && holds(from.path, Number(current.size), position)) {
      plan.liveFrom = position.offset;
      continue;
    }
    const renamed = listed.find((file) => file.inode === position.inode && holds(file.path, file.size, position));
    const old = renamed ?? listed.find((file) => position.prefixBytes > 0 && holds(file.path, file.size, position));
    if (old) {
      plan.rotated.push({ path: old.path, offset: position.offset });
      found.add(old.inode);
      unread = Math.min(unread, listed.indexOf(old));
    } else if (position.offset > 0 || position.prefixBytes > 0) {
      plan.lost++;
      const savedMs = modifiedMs(from.cursorFile);
      const newer = listed.findIndex((file) => file.modifiedMs >= savedMs);
      if (newer >= 0) unread = Math.min(unread, newer);
    }
  }
  for (const file of listed.slice(unread))
    if (!found.has(file.inode)) plan.rotated.push({ path: file.path, offset: 0 });
  return plan;
}

function modifiedMs(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
}
