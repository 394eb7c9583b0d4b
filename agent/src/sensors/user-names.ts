import { readFileSync, statSync } from 'node:fs';

/** How often, at most, the file is looked at: an exec must not cost a stat(2) each time. */
const CHECK_EVERY_MS = 1000;
/** A file of accounts larger than this is not taken into memory. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;

/** Names of local accounts by number. */
export interface UserNames {
  /** The account's name, or undefined where the file knows none (a directory service may). */
  nameOf(userId: number): string | undefined;
}

/** Reads `file` in the form of passwd(5), again whenever it changed. `nowMs` is the clock, for tests. */
export function readUserNames(file = '/etc/passwd', nowMs: () => number = Date.now): UserNames {
  let names = new Map<number, string>();
  let version = '';
  let checkedAtMs = Number.NEGATIVE_INFINITY;

  /** While an editor replaces the file, or no descriptor is free, what was known holds until the next look. */
  function refresh(): void {
    checkedAtMs = nowMs();
    try {
      const { ino, mtimeNs, size } = statSync(file, { bigint: true });
      const current = `${ino}:${mtimeNs}:${size}`;
      if (current === version || size > FILE_BYTES_MAX) return;
      names = parsePasswd(readFileSync(file, 'utf8'));
      version = current;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }

  return {
    nameOf(userId) {
      if (nowMs() - checkedAtMs >= CHECK_EVERY_MS) refresh();
      return names.get(userId);
    },
  };
}

/** The first account of a number is its name, as getpwuid(3) has it. */
function parsePasswd(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name, , id] = line.split(':');
    if (name && id && /^\d+$/.test(id) && !names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}
