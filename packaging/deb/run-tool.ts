import { spawnSync } from 'node:child_process';
import { PackageError } from './package-error.ts';

/** Runs a tool to its end and gives its standard output. Throws PackageError where it is missing or fails. */
export function runTool(
  tool: string,
  args: string[],
  options: { debianPackage: string; env?: Record<string, string>; timeout?: number },
): string {
  const { status, stdout, stderr, error } = spawnSync(tool, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    ...options,
  });
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
    throw new PackageError(
      'tool_missing',
      `${tool} is missing; install it with: apt-get install ${options.debianPackage}`,
    );
  }
  if (error || status !== 0) {
    throw new PackageError('tool_failed', `${tool} ${args.join(' ')} failed: ${error?.message ?? stderr.trim()}`);
  }
  return stdout;
}
