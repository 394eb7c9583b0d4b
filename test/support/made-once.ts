// What takes long to make and is the same each time is made once for a run of tests, by the first who needs it, and copied for
// each: the data directory of PGlite takes four seconds of computing, its copy a quarter of one.
//
// As vitest's global set-up this module makes the folder for it, and removes it in the end. Invariant: what stands under its
// name in there is whole, since it was made under another.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.ts';

/** The folder of this run, for all its processes. */
const VARIABLE = 'THREATGUARD_TEST_MADE_ONCE';
/** On a machine that does much else. */
const MAKING_MS_MAX = 120_000;

export function setup(): void {
  // Every project of a run calls this; they share one.
  if (process.env[VARIABLE]) return;
  const folder = mkdtempSync(join(tmpdir(), 'threatguard-made-once-'));
  // PostgreSQL does not run as root, and reads its own in here.
  chmodSync(folder, 0o755);
  process.env[VARIABLE] = folder;
}

export function teardown(): void {
  rmSync(process.env[VARIABLE]!, { recursive: true, force: true });
}

/** The path of what `make` made at the path it was given; undefined outside of a run of tests, where nothing is kept. */
export async function madeOnce(name: string, make: (path: string) => unknown): Promise<string | undefined> {
  const folder = process.env[VARIABLE];
  if (!folder) return undefined;
  const whole = join(folder, name);
  if (existsSync(whole)) return whole;
  const making = `${whole}.making`;
  await until(
    async () => {
      if (existsSync(whole)) return true;
      if (!isFirst(making)) return false;
      try {
        // Another may have finished between the two looks.
        if (existsSync(whole)) return true;
        await make(join(making, name));
        renameSync(join(making, name), whole);
        return true;
      } finally {
        rmSync(making, { recursive: true, force: true });
      }
    },
    { limitMs: MAKING_MS_MAX, what: `another test file to make ${name}` },
  );
  return whole;
}

/** Whether it was this process that made the directory. */
function isFirst(making: string): boolean {
  try {
    mkdirSync(making);
    // Whoever makes it may be another user, as PostgreSQL must be.
    chmodSync(making, 0o777);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Copies a directory with its owners and modes, as the user who may read it. */
export function copyWhole(from: string, to: string, user: { uid?: number; gid?: number } = {}): void {
  execFileSync('cp', ['-a', from, to], { ...user, stdio: 'pipe' });
}
