import { suggest } from '@threatguard/proto';
import { ConsoleError } from '../model/console-error.ts';

/** A command as oclif describes it; `id` with colons. */
interface KnownCommand {
  id: string;
  args?: Readonly<Record<string, unknown>>;
  flags?: Readonly<Record<string, unknown>>;
  /** False where it takes any number of words. */
  strict?: boolean | undefined;
}

/** `help alerts list` asks for what `alerts list --help` does; `help` alone for every command. */
export function helpWords(argv: readonly string[]): readonly string[] {
  return argv[0] === 'help' ? [...argv.slice(1).filter((word) => !word.startsWith('-')), '--help'] : argv;
}

/**
 * The command that the words before the first flag name, the longest, and what is given to it. Undefined where they name none,
 * and where help is asked for.
 */
export function namedCommand<Id extends string>(
  argv: readonly string[],
  commands: Readonly<Record<Id, unknown>>,
): { id: Id; operands: readonly string[] } | undefined {
  if (upTo(argv, (word) => word === '--').includes('--help')) return undefined;
  const words = upTo(argv, isFlag);
  const ids = words.map((_, at) => words.slice(0, at + 1).join(':'));
  const at = ids.findLastIndex((id) => Object.hasOwn(commands, id));
  return at < 0 ? undefined : { id: ids[at] as Id, operands: argv.slice(at + 1) };
}

const isFlag = (word: string) => word.startsWith('-');

function upTo(argv: readonly string[], isEnd: (word: string) => boolean): readonly string[] {
  const end = argv.findIndex(isEnd);
  return end < 0 ? argv : argv.slice(0, end);
}

/**
 * Refuses words that begin no command, before oclif takes `alerts lsit` for a wish to see the help of `alerts`; and words a
 * command does not take, before oclif looks for a command `ca:retire:web-1`. A lone topic, such as `alerts`, is left to its help.
 */
export function refuseUnknownCommand(argv: readonly string[], commands: readonly KnownCommand[]): void {
  const words = upTo(argv, isFlag);
  let matching = commands.map((command) => ({ command, parts: command.id.split(':') }));
  for (const [index, word] of words.entries()) {
    const found = matching.find(({ parts }) => parts.length === index);
    const next = matching.filter(({ parts }) => parts[index] === word);
    // A longer command goes before the operands of a shorter one: `alerts budget set`.
    if (found && next.length === 0) {
      refuseOperands(found.command, words.slice(index));
      return;
    }
    if (next.length === 0) {
      const choices = [...new Set(matching.map(({ parts }) => [...words.slice(0, index), parts[index]!].join(' ')))];
      const typed = words.slice(0, index + 1).join(' ');
      throw new ConsoleError('usage', `there is no command "${typed}"${suggest(typed, choices)}`);
    }
    matching = next;
  }
}

function refuseOperands({ id, args = {}, flags = {}, strict }: KnownCommand, operands: readonly string[]): void {
  const taken = Object.keys(args).map((name) => name.toUpperCase());
  const extra = operands[taken.length];
  if (strict === false || extra === undefined) return;
  const options = Object.keys(flags).map((name) => `--${name}`);
  const all = [...taken, ...options].join(', ') || 'nothing';
  throw new ConsoleError('usage', `"${id.replaceAll(':', ' ')}" does not take "${extra}"; it takes ${all}`);
}
