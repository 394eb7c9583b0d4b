import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from './store-error.ts';

/** Attempts to take a lock whose owner is gone; each ends only when another process was quicker. */
const TAKEOVERS_MAX = 5;

/**
 * Keeps a directory to one process: a file `lock` with pid and start time of its owner. A lock whose owner is gone is
 * taken over; one that is held throws StoreError `unavailable`. Returns what gives it back.
 */
export function lockDirectory(directory: string): () => void {
  const path = join(directory, 'lock');
  const own = `${process.pid} ${startTime(process.pid)}`;
  const candidate = `${path}.${process.pid}`;
  for (let attempt = 0; attempt < TAKEOVERS_MAX; attempt++) {
    writeFileSync(candidate, own, { mode: 0o600 });
    try {
      // A link appears with its content or not at all, so nobody reads half a lock.
      linkSync(candidate, path);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      takeAwayIfStale(path, directory);
    } finally {
      rmSync(candidate, { force: true });
    }
  }
  throw new StoreError('unavailable', `${directory}: other processes are taking the lock of this store as well`);
}

function takeAwayIfStale(path: string, directory: string): void {
  refuseIfHeld(read(path), directory);
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const owner = read(aside);
  // Between the two reads another process may have taken the lock over: then it is given back to it.
  if (isAlive(owner)) renameSync(aside, path);
  refuseIfHeld(owner, directory);
  rmSync(aside, { force: true });
}

function refuseIfHeld(owner: string, directory: string): void {
  if (!isAlive(owner)) return;
  const pid = owner.split(' ')[0];
  const who = Number(pid) === process.pid ? 'this process' : `process ${pid}`;
  throw new StoreError('unavailable', `${directory}: the embedded store is in use by ${who}; stop it first`);
}

function isAlive(owner: string): boolean {
  const [pid = '', started = ''] = owner.split(' ');
  return started !== '' && startTime(Number(pid)) === started;
}

/** Field 22 of /proc/PID/stat (proc(5)): a pid that was given to another process has another. Empty when it is gone. */
function startTime(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  return (
    stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .at(19) ?? ''
  );
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return '';
    throw error;
  }
}
