// Rule files on the analyst's disk: read to be sent, written as they came. Names that come from a collector are paths here.
import { lstat, mkdir, open, readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import type { RuleFileText } from '@threatguard/proto';
import { ConsoleError } from '../model/console-error.ts';

/** What a collector takes at once; refused here, so that nothing is read in vain. */
const FILES_MAX = 2_000;
const BYTES_MAX = 8 * 1024 * 1024;

const RULE_FILE = /\.ya?ml$/;
/** As the collector takes them. No segment begins with a dot, so none leads out of the directory. */
const NAME = /^(?:[A-Za-z0-9_@+(),=-][A-Za-z0-9_@+(),=. -]*\/)*[A-Za-z0-9_@+(),=-][A-Za-z0-9_@+(),=. -]*\.ya?ml$/;

/** A file, or every .yml and .yaml below a directory, by their names relative to it. */
export async function readRuleFiles(path: string): Promise<RuleFileText[]> {
  try {
    const directory = (await stat(path)).isDirectory();
    const names = directory ? await rulesBelow(path) : [basename(path)];
    if (names.length === 0) throw new ConsoleError('usage', `${path}: no .yml or .yaml below this directory`);
    if (names.length > FILES_MAX) throw new ConsoleError('usage', `${path}: more than ${FILES_MAX} rule files`);
    const files: RuleFileText[] = [];
    let bytes = 0;
    for (const name of names) {
      const file = directory ? join(path, name) : path;
      bytes += (await stat(file)).size;
      if (bytes > BYTES_MAX) throw new ConsoleError('usage', `${path}: more than ${BYTES_MAX} bytes of rules`);
      files.push({ name: name.split(sep).join('/'), text: await readFile(file, 'utf8') });
    }
    return files;
  } catch (error) {
    throw readable(path, error, 'read');
  }
}

/** Writes files below a directory, none of them over one that is there without `force`. Gives how many. */
export async function writeRuleFiles(
  directory: string,
  files: readonly RuleFileText[],
  { force }: { force: boolean },
): Promise<number> {
  for (const { name = '' } of files) {
    if (!NAME.test(name))
      throw new ConsoleError('failure', `the collector names a file "${name}": nothing was written`);
    if (!force && (await isThere(join(directory, name)))) {
      throw new ConsoleError('refused', `${join(directory, name)} exists already; --force replaces it`);
    }
  }
  try {
    for (const { name = '', text = '' } of files) {
      const path = join(directory, name);
      await mkdir(dirname(path), { recursive: true });
      await using file = await open(path, force ? 'w' : 'wx');
      await file.writeFile(text);
    }
  } catch (error) {
    throw readable(directory, error, 'written');
  }
  return files.length;
}

async function rulesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && RULE_FILE.test(entry.name))
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort();
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw readable(path, error, 'written');
  }
}

function readable(path: string, error: unknown, what: 'read' | 'written'): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (error instanceof ConsoleError || !code || !syscall) return error;
  if (code === 'ENOENT' && what === 'read')
    return new ConsoleError('not_found', `there is no ${path}`, { cause: error });
  return new ConsoleError('failure', `${path} cannot be ${what} (${code})`, { cause: error });
}
