import { readText } from './directories.ts';

/** What system accounts have in place of a home. Below /dev every write to /dev/null would wake us. */
const NO_HOME = /^\/(?:$|nonexistent|dev\b|proc\b|sys\b)/;

/** Homes of all accounts of a passwd(5) file that have one; of a host without the file, none. */
export function listHomes(passwdFile: string): string[] {
  const homes = readText(passwdFile)
    .split('\n')
    .map((line) => line.split(':')[5] ?? '');
  return [...new Set(homes)].filter((home) => home.startsWith('/') && !NO_HOME.test(home));
}
