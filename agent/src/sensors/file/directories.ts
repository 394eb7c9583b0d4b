// Looking into directories as they are: gone, closed to us, huge, or somebody else's mount.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Directories found below one watched path; a tree beyond it is watched in part, and said to be by its refusals. */
const DIRECTORIES_BELOW_MAX = 8192;

/** Not where we may not look: an ordinary user watches what he can. */
export function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'ELOOP') return false;
    throw error;
  }
}

/** Directories inside `top`, `levels` deep. Links are not followed, and what is mounted there is another tree. */
export function directoriesBelow(top: string, levels: number, mounts: ReadonlySet<string>): string[] {
  const found: string[] = [];
  let level = [top];
  for (let n = 0; n < levels && level.length > 0; n++) {
    const next: string[] = [];
    for (const directory of level) {
      for (const entry of readEntries(directory)) {
        const path = join(directory, entry.name);
        if (!entry.isDirectory() || mounts.has(path)) continue;
        if (found.length >= DIRECTORIES_BELOW_MAX) return found;
        found.push(path);
        next.push(path);
      }
    }
    level = next;
  }
  return found;
}

/** What a directory holds; nothing where it is gone or closed to us. */
export function readEntries(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return [];
    throw error;
  }
}

/** Where something is mounted, bind mounts included (proc_pid_mountinfo(5): field 5, with octal escapes). */
export function mountPoints(): Set<string> {
  const points = new Set<string>();
  for (const line of readText('/proc/self/mountinfo').split('\n')) {
    const point = line.split(' ', 5)[4];
    if (point)
      points.add(
        point.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
      );
  }
  return points;
}

/** Empty where there is no such file. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES') return '';
    throw error;
  }
}
