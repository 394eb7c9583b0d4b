import { HuntError, parseHunt } from '@threatguard/proto';
import { describe, expect, it } from 'vitest';

const term = (field: string, value: string, compare = ':') => ({ kind: 'term', field, compare, value });

/** Where the error of a hunt points, as the text it is under. */
function refusal(query: string): { message: string; under: string } {
  try {
    parseHunt(query);
  } catch (error) {
    if (error instanceof HuntError)
      return { message: error.message, under: query.slice(error.at, error.at + error.length) };
    throw error;
  }
  throw new Error(`"${query}" was read`);
}

describe('a hunt', () => {
  it('is read as an analyst means it', () => {
    const query =
      'user.name:root and process.executable:*/curl and not source.ip:10.0.0.0/8 | count by host.name | sort -count | limit 20';
    expect(parseHunt(query)).toEqual({
      where: {
        kind: 'and',
        of: [
          term('user.name', 'root'),
          term('process.executable', '*/curl'),
          { kind: 'not', of: term('source.ip', '10.0.0.0/8') },
        ],
      },
      countBy: ['host.name'],
      sort: { by: 'count', descending: true },
      limit: 20,
    });
  });

  it.each([
    ['', undefined],
    ['user:root', term('user.name', 'root')],
    ['USER.NAME:Root', term('user.name', 'Root')],
    ['user.name : root', null],
    ['user.name: root', term('user.name', 'root')],
    ['ip:2001:db8::1', term('source.ip', '2001:db8::1')],
    ['ip: fe80::', term('source.ip', 'fe80::')],
    ['cmd:--level=3', term('process.command_line', '--level=3')],
    ['cmd:"curl -o \\"x\\" | sh"', term('process.command_line', 'curl -o "x" | sh')],
    ["cmd:'a and b'", term('process.command_line', 'a and b')],
    ['pid>1000', term('process.pid', '1000', '>')],
    ['destination.port >= 1024', term('destination.port', '1024', '>=')],
    ['pid=1', term('process.pid', '1')],
    ['pid != 1', { kind: 'not', of: term('process.pid', '1') }],
    ['user:root host:web-1', { kind: 'and', of: [term('user.name', 'root'), term('host.name', 'web-1')] }],
    [
      'user:(root or admin, www-data)',
      { kind: 'or', of: ['root', 'admin', 'www-data'].map((name) => term('user.name', name)) },
    ],
    ['ip:(fe80::1 or ::1)', { kind: 'or', of: [term('source.ip', 'fe80::1'), term('source.ip', '::1')] }],
    [
      'user:a or user:b and not (user:c or user:d)',
      {
        kind: 'or',
        of: [
          term('user.name', 'a'),
          {
            kind: 'and',
            of: [
              term('user.name', 'b'),
              { kind: 'not', of: { kind: 'or', of: [term('user.name', 'c'), term('user.name', 'd')] } },
            ],
          },
        ],
      },
    ],
  ])('%s', (query, where) => {
    if (where === null) expect(() => parseHunt(query)).toThrow(HuntError);
    else expect(parseHunt(query).where).toEqual(where);
  });

  it.each([
    ['| count', { countBy: [] }],
    ['user:root | count by host, user.name', { countBy: ['host.name', 'user.name'] }],
    ['user:root | sort process.pid', { sort: { by: 'process.pid', descending: false } }],
    ['| LIMIT 5', { limit: 5 }],
  ])('with the stages of "%s"', (query, parts) => {
    expect(parseHunt(query)).toMatchObject(parts);
  });
});

describe('what cannot be read is refused with the place of it', () => {
  it.each([
    ['usr.name:root', 'there is no field "usr.name"; did you mean "user.name"?', 'usr.name'],
    ['user:root and prcess.name:x', 'did you mean "process.name"', 'prcess.name'],
    ['curl', 'process.name:curl', 'curl'],
    ['user:', 'no value after "user:"', 'user:'],
    ['user:""', 'no value after "user:"', 'user:'],
    ['user:root and', 'a condition is missing here', ''],
    ['and user:root', 'a condition is missing before "and"', 'and'],
    ['user:root or or user:x', 'a condition is missing before "or"', 'or'],
    ['not', 'a condition is missing here', ''],
    ['(user:root', 'this bracket is not closed', '('],
    ['user:(root or admin', 'this bracket is not closed', '('],
    ['user:root)', '")" does not fit here', ')'],
    ['cmd:"curl', 'this quote is not closed', '"'],
    ['pid>many', '> compares whole numbers', 'many'],
    ['user:root | cuont by host', 'after | comes count by, sort or limit; did you mean "count"?', 'cuont'],
    ['user:root | count by host | sort -cuont', 'there is no "cuont" to sort by; did you mean "count"?', '-cuont'],
    ['pid=', 'no value after "pid="', 'pid'],
    ['ip:10.0.0.0/99', '"10.0.0.0/99" is no address, such as 192.0.2.1, and no range', '10.0.0.0/99'],
    ['user:root and not ip:(::1 or 999.1.1.1)', '"999.1.1.1" is no address', '999.1.1.1'],
    ['destination.ip!=fe80::/129', 'is no address', 'fe80::/129'],
    ['outcome:failed', 'event.outcome is never "failed"; did you mean "failure"?', 'failed'],
    ['category:net', 'event.category is never "net"', 'net'],
    ['user:root |', 'after | comes', ''],
    ['user:root | count by', 'count by needs a field', 'by'],
    ['user:root | count by hst', 'did you mean', 'hst'],
    ['user:root | count by a.b', 'there is no field "a.b"', 'a.b'],
    ['user:root | count by host | sort user.name', 'what is counted is sorted by count, host.name', 'user.name'],
    ['user:root | limit 0', 'a number from 1 to 10000', '0'],
    ['user:root | limit 5 | limit 6', '"limit" stands here a second time', 'limit'],
    ['user:root, host:web-1', '"," does not fit here', ','],
    [`${'('.repeat(40)}user:root${')'.repeat(40)}`, 'more than 32 brackets', '('],
    [`user:(${Array.from({ length: 70 }, (_, at) => `u${at}`).join(' or ')})`, 'at most 64 conditions', '('],
    ['x'.repeat(5_000), '4096 characters', 'x'],
  ])('%s', (query, message, under) => {
    expect(refusal(query)).toEqual({ message: expect.stringContaining(message), under });
  });
});
