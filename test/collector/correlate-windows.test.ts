// Correlation rules over event time: written here as rules, so that the tests hold whatever is built in.
import { describe, expect, it } from 'vitest';
import type { WrittenEvent } from '../support/rule-events.ts';
import { batchesOf, enrichedBatch, hostEvent, STARTED_AT_US } from '../support/rule-events.ts';
import { detectionsOf, engineOf } from '../support/rule-text.ts';

const BASES = ['first', 'second', 'third']
  .map(
    (name) =>
      `title: ${name}\nname: ${name}\nlogsource: {category: authentication}\ndetection:\n    sel: {event.reason: ${name}}\n    condition: sel\n---\n`,
  )
  .join('');
const joined = (correlation: string, more = '') =>
  `${BASES}title: joined\nname: joined\n${more}correlation:\n${correlation.replace(/^/gm, '    ')}\n`;
const happened = (reason: string, more: Partial<WrittenEvent> & { ip?: string; count?: number } = {}): WrittenEvent => {
  const { ip = '192.0.2.1', count = 0, ...rest } = more;
  const authentication = { reason, sourceAddress: ip, count };
  return { class: 'AUTHENTICATION', activity: 'LOGON', user: { name: 'alice' }, authentication, ...rest };
};
const COUNT = joined('type: event_count\nrules: [first]\ngroup-by: [source.ip]\ntimespan: 1m\ncondition: {gte: 5}');

describe('event_count', () => {
  it.each([
    ['as many as asked for within the span', [happened('first', { repeat: 5 })], 1],
    ['one less', [happened('first', { repeat: 4 })], 0],
    ['as many, spread beyond the span', [happened('first', { repeat: 5, everySeconds: 20 })], 0],
    ['as many across a boundary of whole minutes', [happened('first', { afterSeconds: 57, repeat: 5 })], 1],
    ['as many, of two groups', [happened('first', { repeat: 4 }), happened('first', { ip: '192.0.2.2' })], 0],
    ['one event that stands for five', [happened('first', { count: 5 })], 1],
    ['an event that the rule below does not match', [happened('first', { repeat: 4 }), happened('second')], 0],
    ['events without the field of the group', [happened('first', { ip: '', repeat: 9 })], 0],
  ] as [string, WrittenEvent[], number][])('of %s', (_, events, fired) => {
    expect(detectionsOf(engineOf(COUNT), events).filter(({ ruleId }) => ruleId === 'joined')).toHaveLength(fired);
  });

  it('speaks at the threshold and at each doubling, however many come', () => {
    const found = detectionsOf(engineOf(COUNT), [happened('first', { repeat: 1000, everySeconds: 0.001 })]);
    expect(found.map(({ values }) => values!['threatguard.count'])).toEqual([
      '5',
      '10',
      '20',
      '40',
      '80',
      '160',
      '320',
      '640',
    ]);
  });

  it('speaks again when it goes on for another whole span', () => {
    const found = detectionsOf(engineOf(COUNT), [happened('first', { repeat: 40, everySeconds: 10 })]);
    expect(found.length).toBeGreaterThanOrEqual(5);
    expect(found.length).toBeLessThanOrEqual(8);
  });

  it('keeps the newest references, and says when it began and ended', () => {
    const [first] = detectionsOf(engineOf(COUNT), [happened('first', { repeat: 5 })]);
    expect(first!.events).toHaveLength(5);
    expect(first).toMatchObject({ firstAtUs: STARTED_AT_US + 1e6, lastAtUs: STARTED_AT_US + 5e6, agentId: '' });
    const many = detectionsOf(engineOf(COUNT), [happened('first', { repeat: 200, everySeconds: 0.01 })]);
    expect(many.at(-1)!.events).toHaveLength(50);
  });

  it('stops counting at its bound and goes on seeing', () => {
    const engine = engineOf(COUNT);
    const found = detectionsOf(engine, [happened('first', { repeat: 40_000, everySeconds: 0.001 })]);
    expect(Number(found.at(-1)!.values!['threatguard.count'])).toBeLessThanOrEqual(16_384);
  });

  it('counts events that come late by their own time', () => {
    const engine = engineOf(COUNT);
    const at = (seconds: number) => hostEvent(happened('first'), STARTED_AT_US + seconds * 1e6);
    const late = enrichedBatch([at(50), at(55), at(10), at(20), at(1)], { receivedAtUs: STARTED_AT_US + 60e6 });
    expect(engine.inspect(late)).toHaveLength(1);
    const tooLate = enrichedBatch([at(500), at(55), at(56), at(57), at(58)], { receivedAtUs: STARTED_AT_US + 600e6 });
    expect(engine.inspect(tooLate)).toHaveLength(0);
    expect(engine.counters().eventsLate).toBe(4);
  });

  it('lets no clock of a host move a window beyond the moment of arrival', () => {
    const engine = engineOf(COUNT);
    const at = (seconds: number) => hostEvent(happened('first'), STARTED_AT_US + seconds * 1e6);
    engine.inspect(enrichedBatch([at(1), at(2), at(3), at(4)], { receivedAtUs: STARTED_AT_US + 5e6 }));
    const ahead = enrichedBatch([at(500)], { agentId: 'evil', receivedAtUs: STARTED_AT_US + 6e6 });
    expect(engine.inspect(ahead)).toHaveLength(1);
  });

  it('honours a range', () => {
    const range = COUNT.replace('{gte: 5}', '{gt: 2, lte: 3}');
    expect(detectionsOf(engineOf(range), [happened('first', { repeat: 2 })])).toHaveLength(0);
    expect(detectionsOf(engineOf(range), [happened('first', { repeat: 3 })])).toHaveLength(1);
    expect(detectionsOf(engineOf(range), [happened('first', { count: 4 })])).toHaveLength(0);
  });
});

describe('value_count', () => {
  const VALUES = joined(
    'type: value_count\nrules: [first]\ngroup-by: [source.ip]\ntimespan: 1m\ncondition: {field: user.name, gte: 3}',
  );
  const user = (name: string, more: Partial<WrittenEvent> = {}) => happened('first', { user: { name }, ...more });

  it('counts different values, not events', () => {
    expect(detectionsOf(engineOf(VALUES), [user('a', { repeat: 9 }), user('b')])).toHaveLength(0);
    const found = detectionsOf(engineOf(VALUES), [user('a'), user('b'), user('a'), user('c')]);
    expect(found).toHaveLength(1);
    expect(found[0]!.values).toMatchObject({ 'threatguard.count': '3', 'threatguard.seen': 'a, b, c' });
  });

  it('forgets values as they leave the span', () => {
    expect(detectionsOf(engineOf(VALUES), [user('a'), user('b'), user('c', { afterSeconds: 70 })])).toHaveLength(0);
  });
});

describe('temporal', () => {
  const TEMPORAL = joined('type: temporal\nrules: [first, second]\ngroup-by: [source.ip]\ntimespan: 10s');

  it.each([
    ['both in order', [happened('first'), happened('second')], 1],
    ['both the other way round', [happened('second'), happened('first')], 1],
    ['only one of them', [happened('first', { repeat: 9 })], 0],
    ['both too far apart', [happened('first'), happened('second', { afterSeconds: 20 })], 0],
    ['both of different groups', [happened('first'), happened('second', { ip: '192.0.2.9' })], 0],
  ] as [string, WrittenEvent[], number][])('of %s', (_, events, fired) => {
    expect(detectionsOf(engineOf(TEMPORAL), events)).toHaveLength(fired);
  });

  it('joins different fields by an alias', () => {
    const aliased = joined(
      'type: temporal\nrules: [first, second]\ngroup-by: [who]\ntimespan: 10s\naliases: {who: {first: user.name, second: user.target.name}}',
    );
    const target = (name: string) => happened('second', { user: { name: 'x' }, targetUser: { name } });
    expect(detectionsOf(engineOf(aliased), [happened('first'), target('alice')])).toHaveLength(1);
    expect(detectionsOf(engineOf(aliased), [happened('first'), target('bob')])).toHaveLength(0);
  });
});

describe('temporal_ordered', () => {
  const ORDERED = joined('type: temporal_ordered\nrules: [first, second, third]\ngroup-by: [source.ip]\ntimespan: 10s');

  it.each([
    ['all in order', ['first', 'second', 'third'], 1],
    ['others between them', ['first', 'third', 'second', 'first', 'third'], 1],
    ['another order', ['second', 'first', 'third'], 0],
    ['the last one missing', ['first', 'second', 'second'], 0],
    ['the order twice', ['first', 'second', 'third', 'first', 'second', 'third'], 2],
  ])('of %s', (_, reasons, fired) => {
    expect(
      detectionsOf(
        engineOf(ORDERED),
        reasons.map((reason) => happened(reason)),
      ),
    ).toHaveLength(fired);
  });

  it('speaks for each entity it is about, though the group is the same', () => {
    const entity = 'threatguard: {reason: "{user.name}", entity: [user.name]}\n';
    const text = joined('type: temporal_ordered\nrules: [first, second]\ngroup-by: [source.ip]\ntimespan: 10s', entity);
    const names = ['a', 'b', 'c', 'c'].map((name) => happened('second', { user: { name }, everySeconds: 0.1 }));
    const found = detectionsOf(engineOf(text), [happened('first'), ...names]);
    expect(found.map(({ reason }) => reason)).toEqual(['a', 'b', 'c']);
  });

  it('of a correlation counts from its whole window', () => {
    const chained = `${COUNT}---\ntitle: chained\nname: chained\ncorrelation:\n    type: temporal_ordered\n    rules: [joined, second]\n    group-by: [source.ip]\n    timespan: 5m\n`;
    const [found, ...rest] = detectionsOf(engineOf(chained), [happened('first', { repeat: 7 }), happened('second')]);
    expect(rest).toEqual([]);
    expect(found).toMatchObject({ ruleId: 'chained', firstAtUs: STARTED_AT_US + 1e6 });
    expect(found!.values!['threatguard.count']).toBe('7');
    expect(found!.events).toHaveLength(8);
  });
});

describe('what a correlation refers to', () => {
  it('is silent by itself, and speaks where the correlation generates', () => {
    const generating = COUNT.replace('condition: {gte: 5}', 'condition: {gte: 5}\n    generate: true');
    expect(detectionsOf(engineOf(COUNT), [happened('first'), happened('second')]).map(({ ruleId }) => ruleId)).toEqual([
      'second',
    ]);
    expect(detectionsOf(engineOf(generating), [happened('first')]).map(({ ruleId }) => ruleId)).toEqual(['first']);
  });
});

describe('memory of a correlation', () => {
  it('is bounded: the least recently active groups go and are counted', () => {
    const engine = engineOf(COUNT, { groupsMax: 10, entriesMax: 1000, sharedMax: 1000 });
    expect(engine.notices()).toEqual([]);
    detectionsOf(engine, [happened('first', { ip: '198.51.100.{n}', repeat: 50, everySeconds: 0.01 })]);
    expect(engine.counters().groupsEvicted).toBe(40);
    expect(engine.notices()).toEqual([expect.stringMatching(/^40 groups of correlations were forgotten/)]);
    // A group that stays active is not the one that goes.
    const active = batchesOf([happened('first', { repeat: 4, everySeconds: 0.01 })]);
    const noise = batchesOf([happened('first', { ip: '203.0.113.{n}', repeat: 4, everySeconds: 0.01 })]);
    const found = active.flatMap((batch, at) => [...engine.inspect(batch), ...engine.inspect(noise[at]!)]);
    expect(found).toHaveLength(0);
    expect(engine.inspect(active[0]!)).toHaveLength(1);
  });

  it('is bounded in entries over all groups', () => {
    const engine = engineOf(COUNT, { groupsMax: 1000, entriesMax: 100, sharedMax: 1000 });
    detectionsOf(engine, [happened('first', { ip: '198.51.100.{n}', repeat: 300, everySeconds: 0.01 })]);
    expect(engine.counters().groupsEvicted).toBe(200);
  });

  it('is bounded over all correlations: the fullest gives up its oldest, and the others keep what they have', () => {
    const other = COUNT.slice(BASES.length).replaceAll('joined', 'other').replace('[first]', '[third]');
    const engine = engineOf(`${COUNT}---\n${other}`, { groupsMax: 1000, entriesMax: 1000, sharedMax: 100 });
    detectionsOf(engine, [happened('third', { repeat: 4, everySeconds: 0.01 })]);
    detectionsOf(engine, [happened('first', { ip: '198.51.100.{n}', repeat: 300, everySeconds: 0.01 })]);
    expect(engine.counters().groupsEvicted).toBe(204);
    expect(detectionsOf(engine, [happened('third')])).toHaveLength(1);
  });
});
