import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, type Interfaces, Parser } from '@oclif/core';
import { describe, expect, it } from 'vitest';
import { beginInvocation, type Invocation } from '../../console/src/commands/invocation.ts';
import { LOADED } from '../../console/src/commands/loaded.ts';
import { refuseUnknownCommand } from '../../console/src/commands/resolve.ts';
import { readShellLine } from '../../console/src/model/shell-words.ts';
import { sourceFiles } from '../support/source-files.ts';

const commands = Object.entries(LOADED).map(([id, command]) => ({
  id,
  command: command as unknown as Command.Class,
}));
const flagsOf = ({ flags, baseFlags }: Command.Class) => ({ ...baseFlags, ...flags });
const known = commands.map(({ id, command }) => ({
  id,
  args: command.args,
  flags: flagsOf(command),
  strict: command.strict,
}));
const topics = new Set(known.flatMap(({ id }) => id.split(':').map((_, at, parts) => parts.slice(0, at).join(' '))));

// Flags are read in the middle of a command, which wants to know what the process was given.
beginInvocation({ argv: [], env: {}, isRoot: false } as unknown as Invocation);

type Flags = Interfaces.OutputFlags<Interfaces.FlagInput>;
type Input = Interfaces.Input<Flags, Flags, Interfaces.OutputArgs<Interfaces.ArgInput>>;

/** The command some words are, and what is left of them: examples name other commands, too. */
function namedBy(words: readonly string[]): { named: Command.Class; operands: string[] } {
  const parts = words.map((_, at) => words.slice(0, at + 1).join(':'));
  const at = parts.findLastIndex((part) => part in LOADED);
  const named = commands.find((each) => each.id === parts[at])!.command;
  return { named, operands: words.slice(at + 1) };
}

/** Words of an example as oclif gets them: what a shell would do with the rest of the line is cut off. */
function exampleWords(example: string): readonly string[] {
  const line = example.replaceAll('<%= config.bin %>', 'threatguard');
  const { words } = readShellLine(line.slice(line.lastIndexOf('threatguard ')).replace(/^source <\((.*)\)$/, '$1'));
  const end = words.findIndex((word) => /^(\||>>?|&&|<)$/.test(word));
  return words.slice(1, end < 0 ? undefined : end).map((word) => word.replace(/\)$/, ''));
}

describe.each(commands)('$id', ({ command }) => {
  const { examples = [], summary, description } = command;

  it('says what it does, and shows how with examples that can be typed', async () => {
    expect(summary).toMatch(/^[A-Z].*\.$/s);
    expect(description).toContain('Exit codes:');
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      const words = exampleWords(String(example));
      expect(() => refuseUnknownCommand(words, known), String(example)).not.toThrow();
      const { named, operands } = namedBy(words);
      const args = Object.fromEntries(
        Object.entries(named.args ?? {}).map(([name, arg]) => [name, { ...arg, ignoreStdin: true }]),
      );
      const input = { flags: flagsOf(named), args, strict: named.strict } as Input;
      await expect(Parser.parse(operands, input), String(example)).resolves.toBeDefined();
    }
  });

  it('takes what every command takes', () => {
    expect(Object.keys(flagsOf(command))).toEqual(
      expect.arrayContaining(['home', 'context', 'output', 'utc', 'fields']),
    );
  });
});

/** Every list, and what it takes beside what all commands do: by when, how many, and whether it goes on. */
const LISTS: Record<string, readonly string[]> = {
  'alerts:list': ['since', 'until', 'limit', 'follow'],
  'alerts:watch': ['since'],
  'events:search': ['since', 'until', 'limit', 'follow'],
  'events:tail': ['since'],
  'hunt:run': ['since', 'until'],
  'incidents:list': ['since', 'until', 'limit', 'follow'],
  'audit:list': ['since', 'until', 'limit'],
  // What is now: there is no time to choose by.
  'entities:list': ['limit'],
  'evidence:heads': ['limit'],
  'intel:list': ['limit'],
  'intel:sources': ['limit'],
  'agents:list': ['limit', 'label'],
  'alerts:exceptions:list': ['limit'],
  'compliance:hold:list': ['limit'],
  'hunt:list': ['limit'],
  'models:list': ['limit'],
  'rules:list': ['limit'],
  'users:list': ['limit'],
  'users:token:list': ['limit'],
  // A few names of this machine.
  'context:list': [],
};

describe('every list', () => {
  it('is one of those that are known here', () => {
    const lists = commands.map(({ id }) => id).filter((id) => /:(list|search|tail|watch|heads|sources)$/.test(id));
    expect(lists.filter((id) => !(id in LISTS))).toEqual([]);
  });

  it.each(Object.entries(LISTS))('%s takes %j', (id, flags) => {
    const { command } = commands.find((each) => each.id === id)!;
    expect(Object.keys(flagsOf(command))).toEqual(expect.arrayContaining([...flags]));
  });
});

describe('what the console says', () => {
  it('names commands that there are', () => {
    const dead = sourceFiles('console').flatMap(({ path, text }) =>
      [...text.matchAll(/"threatguard ((?:[a-z-]+ ?)+)/g)]
        .map(([, words]) => words!.trim().split(' '))
        .filter((words) => !isCommand(words))
        .map((words) => `${path}: threatguard ${words.join(' ')}`),
    );
    expect(dead).toEqual([]);
  });

  it('has a line of help for every topic', () => {
    const { oclif } = JSON.parse(readFileSync(join(import.meta.dirname, '../../console/package.json'), 'utf8'));
    const described = new Set(Object.keys(oclif.topics).map((topic) => topic.replaceAll(':', ' ')));
    expect([...topics].filter((topic) => topic && !described.has(topic))).toEqual([]);
  });
});

/** Some words are a command, with operands after it, or a topic. */
function isCommand(words: readonly string[]): boolean {
  const ids = new Set(known.map(({ id }) => id.replaceAll(':', ' ')));
  if (topics.has(words.join(' ')) || words[0] === 'help') return true;
  return words.some((_, at) => ids.has(words.slice(0, at + 1).join(' ')));
}
