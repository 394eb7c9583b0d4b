import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './source-files.ts';

/** script(1) of util-linux gives a program a terminal; Debian always has it. */
export const hasPty = existsSync('/usr/bin/script');

const quote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`;

/** Runs a console command in a terminal of that many columns; gives all it wrote there, stdout and stderr. */
export function runInTerminal(
  args: string[],
  options: { columns: number; env: Record<string, string> },
): Promise<{ code: number | null; screen: string }> {
  const bin = join(ROOT, 'console', 'bin', 'threatguard.js');
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', bin, ...args].map(quote).join(' ');
  const { NO_COLOR: _, ...env } = process.env;
  return new Promise((resolve) => {
    const child = execFile(
      '/usr/bin/script',
      ['-qec', `stty cols ${options.columns} rows 24; ${command}`, '/dev/null'],
      { env: { ...env, TERM: 'xterm-256color', ...options.env } },
      (_error, stdout) => resolve({ code: child.exitCode, screen: stdout.replaceAll('\r\n', '\n') }),
    );
    child.stdin?.end();
  });
}
