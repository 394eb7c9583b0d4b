// The correlation types of the specification, each over events of agents and over flat JSON as `rules test` reads it.
import { describe, expect, it } from 'vitest';
import { refusals, spoken } from '../support/flat-rules.ts';
import { enrichedBatch, hostEvent, STARTED_AT_US } from '../support/rule-events.ts';
import { engineOf } from '../support/rule-text.ts';

/** Seconds, which rule matches, and what else the event has; the group is the address. */
type Row = [at: number, rule: string, more?: { ip?: string; user?: string; target?: string; port?: number }];

const BASES = ['a', 'b', 'c']
  .map(
    (name) =>
      `title: ${name}\nname: ${name}\nlogsource: {category: authentication}\ndetection:\n    sel: {event.reason: is-${name}}\n    condition: sel\n---\n`,
  )
  .join('');
const document = (name: string, correlation: string) =>
  `title: ${name}\nname: ${name}\ncorrelation:\n    ${correlation.split('; ').join('\n    ')}\n`;
const joined = (correlation: string) =>
  `${BASES}${document('joined', `${correlation}${correlation.includes('group-by') ? '' : '; group-by: [source.ip]'}`)}`;

/** The numbers of the events at which `joined` speaks: the same in the engine and in `rules test`. */
function speaksAt(text: string, rows: readonly Row[]): number[] {
  const engine = engineOf(text);
  const live = rows.flatMap(([at, rule, more = {}], index) => {
    const { ip = '192.0.2.1', user = 'alice', target = '', port } = more;
    const authentication = { reason: `is-${rule}`, sourceAddress: ip, sourcePort: port ?? 0 };
    const event = { class: 'AUTHENTICATION', activity: 'LOGON', user: { name: user }, targetUser: { name: target } };
    const batch = enrichedBatch([hostEvent({ ...event, authentication }, STARTED_AT_US + at * 1e6)], {
      receivedAtUs: STARTED_AT_US + 1e12,
    });
    return engine.inspect(batch).some(({ ruleId }) => ruleId === 'joined') ? [index] : [];
  });
  const events = rows.map(([at, rule, { ip = '192.0.2.1', user = 'alice', target, port } = {}]) => ({
    '@timestamp': new Date(STARTED_AT_US / 1000 + at * 1000).toISOString(),
    'event.reason': `is-${rule}`,
    'source.ip': ip,
    'user.name': user,
    ...(target === undefined ? {} : { 'user.target.name': target }),
    ...(port === undefined ? {} : { 'source.port': port }),
  }));
  const flat = spoken(text, events).flatMap((ids, index) => (ids.includes('joined') ? [index] : []));
  expect(flat).toEqual(live);
  return live;
}

const times = (...seconds: number[]): Row[] => seconds.map((at) => [at, 'a']);
const ports = (...numbers: number[]): Row[] => numbers.map((port, at) => [at, 'a', { port }]);
const order = (rules: string): Row[] => [...rules].map((rule, at) => [at, rule]);
const minute = (type: string, more: string) => joined(`type: ${type}; rules: [a]; timespan: 1m; ${more}`);
const count = (condition: string) => minute('event_count', `condition: {${condition}}`);
const users = (...names: string[]): Row[] => names.map((user, at) => [at, 'a', { user }]);
const value = (type: string, condition: string) => minute(type, `condition: {field: source.port, ${condition}}`);
const together = (type: string, more = '') => joined(`type: ${type}; rules: [a, b, c]; timespan: 1m${more}`);

describe('a correlation', () => {
  it.each<[string, string, Row[], number[]]>([
    ['event_count gte', count('gte: 3'), times(0, 1, 2), [2]],
    ['event_count gt', count('gt: 3'), times(0, 1, 2, 3), [3]],
    ['event_count eq', count('eq: 2'), times(0, 1, 2), [1]],
    ['event_count neq', count('neq: 1'), times(0, 1), [1]],
    ['event_count lt: once for what a span has', count('lt: 3'), times(0, 1, 2, 100), [0, 3]],
    ['event_count in a range', count('gt: 1, lte: 2'), times(0, 1, 2), [1]],
    ['event_count: an event a whole span before is out', count('gte: 2'), times(0, 60), []],
    ['event_count: one microsecond less is in', count('gte: 2'), times(0, 59.999), [1]],
    ['event_count across a full minute', count('gte: 2'), times(59, 61), [1]],
    [
      'event_count of several rules together',
      joined('type: event_count; rules: [a, b]; timespan: 1m; condition: {gte: 3}'),
      order('aba'),
      [2],
    ],
    ['value_count', minute('value_count', 'condition: {field: user.name, gte: 3}'), users('x', 'y', 'x', 'z'), [3]],
    [
      'value_count of two fields',
      minute('value_count', 'condition: {field: [user.name, source.port], gte: 2}'),
      [
        [0, 'a', { user: 'x', port: 1 }],
        [1, 'a', { user: 'x', port: 1 }],
        [2, 'a', { user: 'x', port: 2 }],
      ],
      [2],
    ],
    [
      'value_count under an alias',
      joined(
        'type: value_count; rules: [a, b]; timespan: 1m; aliases: {who: {a: user.name, b: user.target.name}}; condition: {field: who, gte: 2}',
      ),
      [
        [0, 'a', { user: 'x' }],
        [1, 'b', { target: 'x' }],
        [2, 'b', { target: 'y' }],
      ],
      [2],
    ],
    ['temporal in any order', together('temporal'), order('cab'), [2]],
    ['temporal with one missing', together('temporal'), order('aabb'), []],
    [
      'temporal beyond the span',
      together('temporal'),
      [
        [0, 'a'],
        [30, 'b'],
        [60, 'c'],
      ],
      [],
    ],
    ['temporal with a condition', together('temporal', '; condition: {gte: 2}'), order('aac'), [2]],
    [
      'temporal of different groups',
      together('temporal', '; condition: {gte: 2}'),
      [
        [0, 'a'],
        [1, 'b', { ip: '192.0.2.2' }],
      ],
      [],
    ],
    ['temporal_ordered', together('temporal_ordered'), order('abc'), [2]],
    ['temporal_ordered with others between', together('temporal_ordered'), order('bacabc'), [5]],
    ['temporal_ordered the other way round', together('temporal_ordered'), order('cba'), []],
    ['temporal_ordered with a condition', together('temporal_ordered', '; condition: {gte: 2}'), order('cac'), [2]],
    ['value_sum', value('value_sum', 'gt: 100'), ports(60, 40, 1), [2]],
    ['value_sum of events without the field', value('value_sum', 'gte: 0'), times(0, 1), []],
    [
      'value_sum forgets',
      value('value_sum', 'gt: 100'),
      [
        [0, 'a', { port: 99 }],
        [60, 'a', { port: 99 }],
      ],
      [],
    ],
    ['value_avg above', value('value_avg', 'gt: 500'), ports(400, 600, 900), [2]],
    ['value_avg below, a fraction', value('value_avg', 'lt: 1.5'), ports(2, 1, 1), [2]],
    [
      'value_percentile of a rare text',
      minute('value_percentile', 'condition: {field: user.name, lte: 25}'),
      users('x', 'x', 'x', 'y'),
      [3],
    ],
    [
      'value_percentile of a text that is not rare',
      minute('value_percentile', 'condition: {field: user.name, lte: 24}'),
      users('x', 'x', 'x', 'y'),
      [],
    ],
    ['value_percentile: the highest of numbers', value('value_percentile', 'gte: 90'), ports(5, 4, 3, 2, 9), [4]],
    ['value_percentile: the lowest of numbers', value('value_percentile', 'lte: 10'), ports(5, 6, 7, 8, 1), [4]],
    ['value_percentile: the median is 50', value('value_percentile', 'eq: 50'), ports(7), [0]],
    ['an event that came late, in the newest window', count('gte: 3'), times(0, 20, 10), [2]],
    ['one that came late, in a window that has passed', count('gte: 3'), times(0, 10, 200, 20), [3]],
    ['one that came later than five minutes', count('gte: 3'), times(0, 10, 500, 20), []],
    [
      'a late first part',
      together('temporal_ordered'),
      [
        [1, 'b'],
        [2, 'c'],
        [0, 'a'],
      ],
      [2],
    ],
    [
      'a late last part that was the first',
      together('temporal_ordered'),
      [
        [1, 'a'],
        [2, 'b'],
        [0, 'c'],
      ],
      [],
    ],
  ])('%s', (_, text, rows, expected) => {
    expect(speaksAt(text, rows)).toEqual(expected);
  });

  it('says of an older window once what late events add to it', () => {
    expect(speaksAt(count('gte: 2'), times(0, 1, 200, 201, 2, 202))).toEqual([1, 3]);
  });

  it('groups by several fields together, and by aliases', () => {
    const both = joined(
      'type: event_count; rules: [a]; group-by: [source.ip, user.name]; timespan: 1m; condition: {gte: 2}',
    );
    expect(speaksAt(both, users('x', 'y', 'x'))).toEqual([2]);
    const alias = joined(
      'type: temporal; rules: [a, b]; group-by: [who]; timespan: 1m; aliases: {who: {a: user.name, b: user.target.name}}',
    );
    expect(
      speaksAt(alias, [
        [0, 'a', { user: 'x' }],
        [1, 'b', { target: 'y' }],
        [2, 'b', { target: 'x' }],
      ]),
    ).toEqual([2]);
  });
});

describe('a chain of correlations', () => {
  const many = document(
    'many',
    'type: event_count; rules: [a]; group-by: [source.ip]; timespan: 1m; condition: {gte: 3}',
  );
  const chain = (correlation: string) => `${joined(correlation)}---\n${many}`;

  it('is complete with the event after the many, by its own group', () => {
    const text = chain('type: temporal_ordered; rules: [many, b]; group-by: [user.name]; timespan: 5m');
    expect(speaksAt(text, order('baab'))).toEqual([]);
    expect(speaksAt(text, order('aaab'))).toEqual([3]);
    expect(speaksAt(text, [...order('aaa'), [3, 'b', { user: 'bob' }]])).toEqual([]);
  });

  it('counts each time the other spoke as one, however many events were behind it', () => {
    const text = chain('type: event_count; rules: [many]; group-by: [user.name]; timespan: 5m; condition: {gte: 2}');
    expect(speaksAt(text, times(0, 1, 2, 3, 4))).toEqual([]);
    const other: Row[] = [10, 11, 12].map((at) => [at, 'a', { ip: '192.0.2.9' }]);
    expect(speaksAt(text, [...times(0, 1, 2), ...other])).toEqual([5]);
  });

  it('counts values of the events that completed the other', () => {
    const text = chain(
      'type: value_count; rules: [many]; group-by: [user.name]; timespan: 5m; condition: {field: source.ip, gte: 2}',
    );
    const other: Row[] = [10, 11, 12].map((at) => [at, 'a', { ip: '192.0.2.9' }]);
    expect(speaksAt(text, [...times(0, 1, 2, 3), ...other])).toEqual([6]);
  });

  it('speaks beside the rules it refers to where it generates', () => {
    const text = chain('type: event_count; rules: [many]; timespan: 5m; condition: {gte: 1}; generate: true');
    const [, , third] = spoken(
      text,
      times(0, 1, 2).map(() => ({ 'event.reason': 'is-a', 'source.ip': '::1' })),
    );
    expect(third).toEqual(['many', 'joined']);
  });
});

describe('rules a correlation refers to', () => {
  const ID = '5638f7c0-ac70-491d-8465-2a65075e0d86';
  const named = `title: by id\nid: ${ID}\nname: d\nlogsource: {category: authentication}\ndetection:\n    sel: {event.reason: is-d}\n    condition: sel\n---\n`;
  const who = (of: string, target: string) => `aliases: {who: {${of}: user.name, ${target}: user.target.name}}`;
  const pair = (rules: string, aliases: string) =>
    named + joined(`type: temporal; rules: [${rules}]; group-by: [who]; timespan: 1m; ${aliases}`);
  const met: Row[] = [
    [0, 'd', { user: 'x' }],
    [1, 'b', { target: 'y' }],
    [2, 'b', { target: 'x' }],
  ];

  it.each([
    ['by name, aliases by name', 'd, b', who('d', 'b')],
    ['by id, aliases by id', `${ID}, b`, who(ID, 'b')],
    ['by id, aliases by name', `${ID}, b`, who('d', 'b')],
    ['by name, aliases by id', 'd, b', who(ID, 'b')],
    [
      'by name, an alias that says the same twice',
      'd, b',
      `aliases: {who: {d: user.name, ${ID}: user.name, b: user.target.name}}`,
    ],
  ])('%s', (_, rules, aliases) => {
    expect(speaksAt(pair(rules, aliases), met)).toEqual([2]);
  });

  it('may be another correlation under an alias, which reads the event that completed it', () => {
    const many = document(
      'many',
      'type: event_count; rules: [a]; group-by: [source.ip]; timespan: 1m; condition: {gte: 2}',
    );
    const text = `${joined(
      `type: temporal_ordered; rules: [many, b]; group-by: [who]; timespan: 5m; ${who('many', 'b')}`,
    )}---\n${many}`;
    const rows = (last: string): Row[] => [
      [0, 'a', { user: 'x' }],
      [1, 'a', { user: 'y' }],
      [2, 'b', { target: last }],
    ];
    expect(speaksAt(text, rows('y'))).toEqual([2]);
    expect(speaksAt(text, rows('x'))).toEqual([]);
  });

  it('say whom it is about where the group has other names in each', () => {
    const engine = engineOf(pair('d, b', who('d', 'b')));
    const found = met.flatMap(([at, rule, { user = '', target = '' } = {}]) => {
      const authentication = { reason: `is-${rule}` };
      const written = {
        class: 'AUTHENTICATION',
        activity: 'LOGON',
        user: { name: user },
        targetUser: { name: target },
      };
      return engine.inspect(enrichedBatch([hostEvent({ ...written, authentication }, STARTED_AT_US + at * 1e6)]));
    });
    expect(found.map(({ entity }) => entity)).toEqual(['user.target.name=x']);
  });

  it.each([
    ['twice, by id and by name', pair(`d, ${ID}`, who('d', 'b')), /twice/],
    ['of which an alias says nothing', pair('d, b', 'aliases: {who: {d: user.name}}'), /says nothing for "b"/],
    [
      'of which an alias says two things',
      pair('d, b', `aliases: {who: {d: user.name, ${ID}: user.id, b: user.name}}`),
      /says two things for "d"/,
    ],
    ['that are not there', joined('type: temporal; rules: [a, nobody]; timespan: 1m'), /"nobody", which is not loaded/],
    ['that is itself', joined('type: event_count; rules: [joined]; timespan: 1m; condition: {gte: 1}'), /"joined"/],
  ])('are refused %s', (_, text, reason) => {
    expect(refusals(text)).toEqual([expect.stringMatching(reason)]);
  });

  it.each<[string, string, Record<string, string[]>]>([
    ['are quiet by default', '', { joined: ['joined'] }],
    ['are quiet where it says so', '; generate: false', { joined: ['joined'] }],
    ['speak where it generates', '; generate: true', { joined: ['a', 'joined'] }],
  ])('%s', (_, generate, { joined: expected }) => {
    const text = joined(`type: event_count; rules: [a]; timespan: 1m; condition: {gte: 1}${generate}`);
    expect(spoken(text, [{ 'event.reason': 'is-a', 'source.ip': '::1' }])).toEqual([expected]);
  });
});

describe('an event without a field that a correlation groups by', () => {
  it.each([
    ['belongs to no group', '[source.ip]', []],
    ['belongs to none of several fields either', '[source.ip, user.name]', []],
    ['counts where nothing is grouped by', '[]', [2]],
  ])('%s', (_, groupBy, expected) => {
    const text = joined(`type: event_count; rules: [a]; group-by: ${groupBy}; timespan: 1m; condition: {gte: 3}`);
    const events = [0, 1, 2].map((at) => ({ '@timestamp': new Date(at * 1000).toISOString(), 'event.reason': 'is-a' }));
    const found = spoken(
      text,
      events.map((event) => ({ ...event, 'user.name': 'alice' })),
    );
    expect(found.flatMap((ids, index) => (ids.includes('joined') ? [index] : []))).toEqual(expected);
  });
});

describe('a time span', () => {
  it.each([
    ['1s', 1],
    ['90m', 5_400],
    ['24h', 86_400],
    ['7d', 604_800],
  ])('of %s is %d seconds', (timespan, seconds) => {
    const text = joined(`type: event_count; rules: [a]; timespan: ${timespan}; condition: {gte: 2}`);
    expect(speaksAt(text, times(0, seconds))).toEqual([]);
    expect(speaksAt(text, times(0, seconds - 0.001))).toEqual([1]);
  });

  it.each(['1h30', '90', '5M', '1w', '0m', '-5m', '1.5h', "''", '8d', '1 h'])('%s is refused', (timespan) => {
    const text = joined(`type: event_count; rules: [a]; timespan: ${timespan}; condition: {gte: 2}`);
    expect(refusals(text)).toEqual([expect.stringMatching(/time span/)]);
  });
});

describe('a correlation that cannot be honoured is refused by name', () => {
  it.each([
    ['type: value_median; rules: [a]; timespan: 1m; condition: {field: x, gte: 1}', /"value_median" is not supported/],
    ['type: value_sum; rules: [a]; timespan: 1m; condition: {gte: 1}', /value_sum needs a field/],
    ['type: value_avg; rules: [a]; timespan: 1m; condition: {field: [x, y], gte: 1}', /value_avg takes one field/],
    ['type: value_sum; rules: [a]; timespan: 1m', /value_sum needs a field/],
    ['type: event_count; rules: [a]; timespan: 1m', /event_count needs a condition/],
    ['type: event_count; rules: [a]; timespan: 1m; condition: {field: x, gte: 1}', /event_count takes no field/],
    ['type: value_avg; rules: [a]; timespan: 1m; condition: {field: x}', /none of gt, gte/],
    ['type: event_count; rules: [a]; timespan: 1m; condition: {gt: 1, lt: 9, neq: 4}', /more than two/],
    ['type: event_count; rules: [a]; timespan: 1m; condition: {gt: 5, lt: 6}', /no window can ever meet/],
    ['type: event_count; rules: [a]; timespan: 1m; condition: {gte: 100000}', /no window can ever meet.* 1 to 16384/],
    ['type: event_count; rules: [a]; timespan: 1m; condition: {lt: 1}', /no window can ever meet/],
    ['type: value_avg; rules: [a]; timespan: 1m; condition: {field: x, gt: 6, lt: 5}', /no window can ever meet/],
    ['type: value_percentile; rules: [a]; timespan: 1m; condition: {field: x, gt: 100}', /0 to 100/],
    ['type: temporal; rules: [a, b]; timespan: 1m; condition: {gte: 3}', /1 to 2/],
    ['type: temporal; rules: [a, a]; timespan: 1m', /names "a" twice/],
    ['type: event_count; rules: [a]; timespan: 1m; condition: {about: 3}', /about/],
  ])('%s', (correlation, reason) => {
    expect(refusals(joined(correlation))).toEqual([expect.stringMatching(reason)]);
  });
});
