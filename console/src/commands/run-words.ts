import { fileURLToPath } from 'node:url';
import { Config, run } from '@oclif/core';
import { explain } from './explain.ts';
import { helpWords, refuseUnknownCommand } from './resolve.ts';

/** What every command has: where it is, and which others there are. */
export function loadConfig(): Promise<Config> {
  return Config.load(fileURLToPath(new URL('../..', import.meta.url)));
}

/** Runs one command to its end. Never throws: what went wrong is in what it gives, with the exit code. */
export async function runWords(
  argv: readonly string[],
  config: Config,
): Promise<{ message: string; exitCode: number }> {
  try {
    const words = helpWords(argv);
    refuseUnknownCommand(words, config.commands);
    await run([...words], config);
    return { message: '', exitCode: 0 };
  } catch (error) {
    return explain(error);
  }
}
