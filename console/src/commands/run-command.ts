import { fileURLToPath } from 'node:url';
import { Config, run } from '@oclif/core';
import { refuseUnknownCommand } from './resolve.ts';

/** Runs the command that is named, or shows its help. Throws what it threw. */
export async function runCommand(argv: readonly string[]): Promise<void> {
  const config = await Config.load(fileURLToPath(new URL('../..', import.meta.url)));
  refuseUnknownCommand(argv, config.commands);
  await run([...argv], config);
}
