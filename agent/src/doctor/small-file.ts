import { readFileSync } from 'node:fs';

/** Text of a file of the kernel; undefined where this kernel, or this user, has none. */
export function readSmallFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // absent and hidden are the same answer here
  }
}
