import { describe, expect, it } from 'vitest';
import { helpWords, namedCommand, refuseUnknownCommand } from '../../console/src/commands/resolve.ts';
import { ConsoleError } from '../../console/src/model/console-error.ts';
import { parseEventQuery } from '../../console/src/model/event-query.ts';
import { age, isoTime, parseTime } from '../../console/src/model/time.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 10);
const COMMANDS = [
  ...[{ id: 'up' }, { id: 'status' }, { id: 'agents:list' }, { id: 'agents:revoke', args: { name: {} } }],
  ...[{ id: 'agents:token:create', flags: { uses: {}, valid: {} } }, { id: 'alerts:list' }],
  ...[
    { id: 'alerts:show', args: { id: {} } },
    { id: 'alerts:budget' },
    { id: 'alerts:budget:set', args: { number: {} } },
    { id: 'events:search', strict: false },
  ],
];

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ConsoleError && error.code === 'usage') return error.message;
    throw error;
  }
  throw new Error('was not refused');
}

describe('event filters', () => {
  it('are read as field, value and whether they are turned round', () => {
    expect(parseEventQuery(['user.name:root', 'and', 'not source.ip:10.0.0.0/8', 'not', 'host.name:web-*'])).toEqual([
      { field: 'user.name', value: 'root', negated: false },
      { field: 'source.ip', value: '10.0.0.0/8', negated: true },
      { field: 'host.name', value: 'web-*', negated: true },
    ]);
  });

  it('keep colons and spaces of the value', () => {
    expect(parseEventQuery(['source.ip:2001:db8::1', 'event.reason:no such user'])).toMatchObject([
      { value: '2001:db8::1' },
      { value: 'no such user' },
    ]);
  });

  it.each([
    [
      ['user.name:root', 'user.nmae:x'],
      'did you mean "user.name"?\n  user.name:root user.nmae:x\n                 ^^^^^^^^^',
    ],
    [['root'], 'a filter is written field:value'],
    [['user.name:'], 'use user.name:* for any'],
    [['user.name:x', 'source.ip:999.1.1.1'], '"999.1.1.1" is no address, such as 192.0.2.1'],
    [['event.outcome:fail'], 'is never "fail"; valid: success, failure'],
    [['not'], 'nothing follows "not"'],
    [['zzzzzzzzzzzz:1'], 'there is no field "zzzzzzzzzzzz"; see'],
    [Array.from({ length: 33 }, () => 'user.name:root'), 'at most 32 filters'],
  ])('%j is refused: %s', (args, message) => {
    expect(refusal(() => parseEventQuery(args))).toContain(message);
  });
});

describe('times', () => {
  const context = { flag: '--since', nowMs: NOW_MS, utc: true };

  it.each([
    ['15m', NOW_MS - 15 * 60_000],
    ['24h', NOW_MS - 86_400_000],
    ['7d', NOW_MS - 7 * 86_400_000],
    ['2026-11-21', Date.UTC(2026, 10, 21)],
    ['2026-11-21T09:30', Date.UTC(2026, 10, 21, 9, 30)],
    ['2026-11-21 09:30:15.5', Date.UTC(2026, 10, 21, 9, 30, 15, 500)],
    ['2026-11-21T09:30+01:00', Date.UTC(2026, 10, 21, 8, 30)],
  ])('%s is understood', (text, ms) => {
    expect(parseTime(text, context)).toBe(ms * 1000);
  });

  it.each([['yesterday'], ['24'], ['-5m'], ['2026-13-01'], ['5 m'], ['']])(
    '"%s" is refused with what to write',
    (text) => {
      expect(refusal(() => parseTime(text, context))).toContain('write a duration such as 15m');
    },
  );

  it('are written with microseconds', () => {
    expect(isoTime(NOW_MS * 1000 + 123_456)).toBe('2026-11-21T10:00:00.123456Z');
    expect(isoTime(0)).toBeUndefined();
    expect(age((NOW_MS - 7_200_000) * 1000, NOW_MS)).toBe('2h');
  });
});

describe('words that begin no command, or that it does not take', () => {
  it.each([
    [['stauts'], 'did you mean "status"?'],
    [['alerts', 'lsit'], 'did you mean "alerts list"?'],
    [['agents', 'token', 'crate', '--uses', '2'], 'did you mean "agents token create"?'],
    [['zzzzzzzz'], 'valid: up, status, agents, alerts'],
    [['agents', 'token', 'create', 'web-1'], '"agents token create" does not take "web-1"; it takes --uses, --valid'],
    [['agents', 'revoke', 'web-1', 'web-2'], '"agents revoke" does not take "web-2"; it takes NAME'],
  ])('%j are refused: %s', (argv, message) => {
    expect(refusal(() => refuseUnknownCommand(argv, COMMANDS))).toContain(message);
  });

  it.each([
    [['alerts', 'show', 'lsit']],
    [['agents', 'revoke', 'web-1']],
    [['events', 'search', 'user.name:root', 'sshd']],
    [['alerts']],
    [['alerts', 'budget']],
    [['alerts', 'budget', 'set', '50']],
    [['--help']],
    [['alerts', '--help']],
    [[]],
  ])('%j are let through', (argv) => {
    expect(() => refuseUnknownCommand(helpWords(argv), COMMANDS)).not.toThrow();
  });
});

describe('the command that words name', () => {
  const ids = Object.fromEntries(COMMANDS.map(({ id }) => [id, true]));

  it.each([
    [['status'], 'status', []],
    [['alerts', 'list', '--since', '24h'], 'alerts:list', ['--since', '24h']],
    [['alerts', 'budget'], 'alerts:budget', []],
    [['alerts', 'budget', 'set', '50'], 'alerts:budget:set', ['50']],
    [['events', 'search', 'user.name:root', '--', '--help'], 'events:search', ['user.name:root', '--', '--help']],
  ])('%j is %s with %j', (argv, id, operands) => {
    expect(namedCommand(argv, ids)).toEqual({ id, operands });
  });

  it.each([
    [['alerts']],
    [['agents', 'token']],
    [['alerts', 'lsit']],
    [['alerts', '--output', 'json', 'list']],
    [['alerts', 'list', '--help']],
    [['--version']],
    [['constructor']],
    [['__proto__']],
    [[]],
  ])('%j name none', (argv) => {
    expect(namedCommand(argv, ids)).toBeUndefined();
  });
});
