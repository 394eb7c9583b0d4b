// The mark a run leaves when it ends by itself: where the stream stood then. After a power cut it is missing, and what the
// disk kept of the last second is in doubt.
import { closeSync, fsyncSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeSegmentHeader, type SegmentHeader } from './record.ts';

const NAME = 'clean';

/** Throws where the disk refuses; the next boot then begins a new stream, which is safe. */
export function writeCleanMark(directory: string, where: SegmentHeader): void {
  writeFileSync(join(directory, NAME), encodeSegmentHeader(where));
  syncDirectory(directory);
}

/** Whether the last run ended by itself with the stream where it was found now. The mark holds for one start only. */
export function takeCleanMark(directory: string, found: SegmentHeader | undefined): boolean {
  const path = join(directory, NAME);
  let mark: Buffer;
  try {
    mark = readFileSync(path);
  } catch {
    return false; // no mark: not a clean end
  }
  rmSync(path);
  syncDirectory(directory);
  if (!found) return false;
  // Boot id aside: the mark is of the boot that ended, the segment perhaps of an earlier one.
  const bootIdEnd = 8 + found.bootId.length;
  return mark.subarray(bootIdEnd).equals(encodeSegmentHeader(found).subarray(bootIdEnd));
}

function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}
