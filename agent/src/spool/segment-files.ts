import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const SEGMENT_NAME = /^(\d{1,15})\.seg$/;

/** Numbers of the segment files in a directory, oldest first. */
export function listSegments(directory: string): number[] {
  return readdirSync(directory)
    .map((name) => Number(SEGMENT_NAME.exec(name)?.[1]))
    .filter((number) => number > 0)
    .sort((a, b) => a - b);
}

export function segmentPath(directory: string, number: number): string {
  return join(directory, `${String(number).padStart(12, '0')}.seg`);
}
