import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Config, run } from '@oclif/core';
import { ConsoleError } from '../model/console-error.ts';
import { explain } from './explain.ts';
import { COMMANDS } from './index.ts';
import { helpWords, namedCommand, refuseUnknownCommand } from './resolve.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let whole: Promise<Config> | undefined;
let bare: Promise<Config> | undefined;

/** What oclif knows with every command loaded: to help, to suggest and to complete. */
export function wholeConfig(): Promise<Config> {
  whole ??= Config.load(ROOT);
  return whole;
}

/** Without any command: a command that runs asks for no other. */
function bareConfig(): Promise<Config> {
  bare ??= Config.load({ root: ROOT, pjson: withoutCommands() });
  return bare;
}

function withoutCommands() {
  const { oclif, ...about } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const { commands: _, ...rest } = oclif;
  return { ...about, oclif: rest };
}

/** Runs one command to its end. Never throws: what went wrong is in what it gives, with the exit code. */
export async function runWords(argv: readonly string[]): Promise<{ message: string; exitCode: number }> {
  try {
    await runKnown(helpWords(argv));
    return { message: '', exitCode: 0 };
  } catch (error) {
    return explain(error);
  }
}

async function runKnown(words: readonly string[]): Promise<void> {
  const named = namedCommand(words, COMMANDS);
  if (named) {
    const command = await COMMANDS[named.id]();
    const { args, strict, baseFlags } = command;
    refuseUnknownCommand(words, [{ id: named.id, args, strict, flags: { ...baseFlags, ...command.flags } }]);
    command.id = named.id;
    await command.run([...named.operands], await bareConfig());
  } else if (words[0] === '--version') {
    await run([...words], await bareConfig());
  } else if (words[0]?.startsWith('-') && words[0] !== '--help') {
    throw new ConsoleError('usage', `a command comes first, then its flags: threatguard status ${words[0]}`);
  } else {
    const config = await wholeConfig();
    refuseUnknownCommand(words, config.commands);
    await run([...words], config);
  }
}
