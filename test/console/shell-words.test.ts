import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { completeLine, mayKeep, readShellLine } from '../../console/src/model/shell-words.ts';

describe('a line of the shell', () => {
  it.each([
    ['alerts list', ['alerts', 'list']],
    ['  alerts   list  ', ['alerts', 'list']],
    ["hunt run 'user:root | count by host.name'", ['hunt', 'run', 'user:root | count by host.name']],
    ['note 1 --text "it\'s fine"', ['note', '1', '--text', "it's fine"]],
    ['note 1 --text=""', ['note', '1', '--text=']],
    ["note ''", ['note', '']],
    [String.raw`a\ b "c\"d" 'e\f' "g\h"`, ['a b', 'c"d', String.raw`e\f`, String.raw`g\h`]],
    ['status # of today', ['status']],
    ['rules show a#b', ['rules', 'show', 'a#b']],
    ['events search path:/etc/* $HOME `id`', ['events', 'search', 'path:/etc/*', '$HOME', '`id`']],
    ['# nothing', []],
  ])('%s is %j', (line, words) => {
    expect(readShellLine(line)).toMatchObject({ words, openQuote: undefined });
  });

  it.each(["alerts 'x", 'alerts "x', `alerts "x'`])('%s has an open quote', (line) => {
    expect(readShellLine(line).openQuote).toBeDefined();
  });

  it('gives back every word that was quoted', () => {
    const quote = (word: string) => `'${word.replaceAll("'", `'"'"'`)}'`;
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        expect(readShellLine(words.map(quote).join(' '))).toMatchObject({ words, openQuote: undefined });
      }),
      { seed: 8, numRuns: 300 },
    );
  });

  it('is read to its end whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (line) => {
        const { words, partial } = readShellLine(line);
        expect(partial === undefined || words.at(-1) === partial).toBe(true);
      }),
      { seed: 8, numRuns: 300 },
    );
  });
});

describe('a line with a secret', () => {
  it.each([
    'login --password hunter2',
    'login --password=hunter2',
    'x --client-secret abc',
    'users token create bob --token-value x',
    'enrol tg1.abcdefgh1234.SSSSSSSSSSS.00',
    'intel import https://bob:pw@feeds.example/x.csv --source x',
    ' alerts list',
    '   ',
    '',
  ])('%j is not kept', (line) => {
    expect(mayKeep(line)).toBe(false);
  });

  it.each([
    'alerts list',
    'users token list',
    'agents token create --uses 3',
    'intel import https://feeds.example/x.csv',
  ])('%j is none', (line) => {
    expect(mayKeep(line)).toBe(true);
  });
});

describe('completion of a line', () => {
  const asked: (readonly string[])[] = [];
  const complete = (found: string[]) => async (words: readonly string[]) => {
    asked.push(words);
    return found;
  };

  it.each([
    ['al', ['alerts'], { words: ['alerts '], current: 'al' }, ['al']],
    ['alerts ', ['ack', 'list'], { words: ['ack', 'list'], current: '' }, ['alerts', '']],
    ['threatguard alerts l', ['list'], { words: ['list '], current: 'l' }, ['alerts', 'l']],
    ['help alerts l', ['list'], { words: ['list '], current: 'l' }, ['alerts', 'l']],
    ['events search user', ['user.name:'], { words: ['user.name:'], current: 'user' }, ['events', 'search', 'user']],
    [
      "hunt run 'user:root and (proc",
      ['process.pid:'],
      { words: ['process.pid:'], current: 'proc' },
      ['hunt', 'run', 'proc'],
    ],
    ['hunt run "x" ', [], { words: [], current: '' }, ['hunt', 'run', 'x', '']],
  ])('%j asks for its last word', async (line, found, expected, words) => {
    expect(await completeLine(line, complete(found))).toEqual(expected);
    expect(asked.at(-1)).toEqual(words);
  });

  it('leaves a word alone that was typed with quotes', async () => {
    expect((await completeLine(`alerts show 'a'b`, complete(['ab']))).words).toEqual([]);
  });
});
