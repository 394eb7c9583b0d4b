import { type HuntRequest, parseHunt, type StoredEvent } from '@threatguard/proto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ConsoleError } from '../../console/src/model/console-error.ts';
import { huntOf, parseEventQuery } from '../../console/src/model/event-query.ts';
import { type FollowHuntOptions, followHunt } from '../../console/src/services/follow-hunt.ts';
import { RunningConsole, runConsole } from '../support/console-process.ts';
import { FakeConsoleServer } from '../support/fake-console-server.ts';
import { until } from '../support/until.ts';
import { alert, storedEvent } from './samples.ts';

let server: FakeConsoleServer;
beforeAll(async () => {
  server = await FakeConsoleServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());
afterEach(() => {
  server.alerts = [];
  server.events = [];
  server.incidents = [];
  server.huntParts = [];
});

const event = (sequence: number, change: StoredEvent = {}) =>
  storedEvent({ reference: { agentId: 'a', sequence, index: 0 }, ...change });
const follow = (words: string) => new RunningConsole(words.split(' '), { THREATGUARD_HOME: server.home, TZ: 'UTC' });
const firstLine = (running: RunningConsole) =>
  until(() => running.lines[0], { limitMs: 20_000, what: () => `a line; notes: ${running.notes.join('\n')}` });

describe('--follow', () => {
  it('prints alerts as they are raised, one object a line, until Ctrl-C', async () => {
    await using running = follow('alerts list --follow --output json');
    await until(() => server.watchers > 0, { limitMs: 20_000, what: 'it watches' });
    server.raise(alert());
    expect(JSON.parse(await firstLine(running))).toMatchObject({ id: alert().id, severity: 'high' });
    expect(await running.stop()).toBe(0);
  });

  it('prints events as they are stored, in every form', async () => {
    server.events = [storedEvent()];
    await using running = follow('events search host.name:web-1 --since 3650d --follow --output ecs');
    expect(JSON.parse(await firstLine(running))).toHaveProperty('@timestamp');
    expect(await running.stop()).toBe(0);
    expect(running.lines).toHaveLength(1);
  });

  it('prints events of a hunt as they come, also those that came while the collector was away, each once', async () => {
    await using running = new RunningConsole(
      ['hunt', 'run', 'user:root', '--follow', '--output', 'json', '--fields', 'threatguard.sequence,labels.env'],
      { THREATGUARD_HOME: server.home },
    );
    const asks = () => server.calls.filter(({ method }) => method === 'runHunt').length;
    const before = asks();
    server.events = [event(1, { receivedAtUs: Date.now() * 1000 - 60_000_000 })];
    await until(() => asks() >= before + 2, { limitMs: 20_000, what: 'it asks' });
    const came = (sequence: number) => event(sequence, { receivedAtUs: Date.now() * 1000, labels: { env: 'prod' } });
    server.events.push(came(2));
    expect(JSON.parse(await firstLine(running))).toEqual({ 'threatguard.sequence': 2, 'labels.env': 'prod' });
    await server.stop();
    await until(() => running.notes.some((note) => note.includes('trying again')), { limitMs: 20_000, what: 'a note' });
    server.events.push(came(3));
    await server.listen();
    await until(() => running.lines.length >= 2, { limitMs: 20_000, what: 'what came meanwhile' });
    const asked = asks();
    await until(() => asks() > asked, { limitMs: 20_000, what: 'another question' });
    expect(running.notes.at(-1)).toBe('the collector is back');
    expect(await running.stop()).toBe(0);
    expect(running.lines.map((line) => JSON.parse(line)['threatguard.sequence'])).toEqual([2, 3]);
  });

  it('ends a hunt with its limit, and paints counts again when they change', async () => {
    server.events = [event(2), event(1)];
    const words = [
      'hunt',
      'run',
      'user:root | limit 1',
      '--follow',
      '--since',
      '3650d',
      '--fields',
      'threatguard.sequence',
    ];
    const limited = await runConsole(words, { THREATGUARD_HOME: server.home });
    expect(limited).toMatchObject({ code: 0, stdout: '1\n', stderr: '' });
    const counted = (count: number) => [
      { groups: [{ values: ['web-1'], count }], columns: ['host.name', 'count'], complete: true },
    ];
    server.huntParts = counted(7);
    await using running = new RunningConsole(['hunt', 'run', '| count by host', '--follow'], {
      THREATGUARD_HOME: server.home,
    });
    await until(() => running.lines.some((line) => /7 +web-1/.test(line)), { limitMs: 20_000, what: 'a count' });
    server.huntParts = counted(8);
    await until(() => running.lines.some((line) => /8 +web-1/.test(line)), { limitMs: 20_000, what: 'the next' });
    expect(await running.stop()).toBe(0);
    expect(running.lines.filter((line) => line.startsWith('COUNT'))).toHaveLength(2);
  });

  it('prints incidents as they change, each change once', async () => {
    const nowUs = Date.now() * 1000;
    const incident = { id: '01i', revision: 1, state: 'open', title: 'Break-in', updatedAtUs: nowUs };
    server.incidents = [incident, { ...incident, id: '00old', updatedAtUs: nowUs - 7_200_000_000 }];
    await using running = follow('incidents list --since 1h --follow --output json');
    expect(JSON.parse(await firstLine(running))).toMatchObject({ id: '01i', revision: 1 });
    server.incidents = [{ ...incident, revision: 2, updatedAtUs: nowUs + 1 }];
    await until(() => running.lines.length >= 2, { limitMs: 20_000, what: 'the change' });
    expect(await running.stop()).toBe(0);
    expect(running.lines.map((line) => [JSON.parse(line).id, JSON.parse(line).revision])).toEqual([
      ['01i', 1],
      ['01i', 2],
    ]);
  });

  it('does not go with what ends a list', async () => {
    const lines = ['alerts list', 'events search', 'incidents list'].map((list) => `${list} --follow --until 1h`);
    const { code, stderr } = await runConsole(['shell'], { THREATGUARD_HOME: server.home }, lines.join('\n'));
    expect(code).toBe(2);
    expect(stderr.trim().split('\n')).toEqual(
      lines.map(() => expect.stringMatching(/^error: --until=1h cannot also be provided when using --follow/)),
    );
  });
});

describe('a hunt that is followed', () => {
  const SECOND_US = 1_000_000;
  const START_US = 1_000_000 * SECOND_US;
  /** A collector whose clock and whose questions a test moves; what is in `stored` it has. */
  const followed = async (
    options: Partial<FollowHuntOptions> & { before?: StoredEvent[] },
    each: (turn: number, stored: StoredEvent[]) => Error | undefined,
  ) => {
    const stored = [...(options.before ?? [])];
    const asked: HuntRequest[] = [];
    const shown: number[] = [];
    const notes: string[] = [];
    const stop = new AbortController();
    let seconds = 0;
    await followHunt({
      query: 'user:root',
      sinceUs: undefined,
      signal: stop.signal,
      onEvent: ({ reference }) => shown.push(reference?.sequence ?? 0) > 0,
      onNote: (note) => notes.push(note),
      nowMs: () => seconds * 1000,
      pause: async () => {
        seconds += 1;
        if (seconds > 70) stop.abort();
      },
      client: {
        async *runHunt(request) {
          asked.push(request);
          const failure = each(seconds, stored);
          if (failure) throw failure;
          const { arrivedSinceUs } = request;
          const nowUs = START_US + seconds * SECOND_US;
          yield { events: stored.filter(({ receivedAtUs = 0 }) => !arrivedSinceUs || receivedAtUs! >= arrivedSinceUs) };
          yield { complete: true, ...(arrivedSinceUs && { arrivedUntilUs: nowUs }) };
        },
      },
      ...options,
    });
    return { asked, shown, notes };
  };
  const received = (sequence: number, second: number, change: StoredEvent = {}) =>
    event(sequence, { receivedAtUs: START_US + second * SECOND_US, eventAtUs: START_US, ...change });

  it('shows what is stored late once, however late, and nothing of before', async () => {
    const { shown } = await followed({ before: [received(1, -1)] }, (second, stored) => {
      if (second === 3) stored.push(received(2, 3), received(3, 2));
      if (second === 12) stored.push(received(4, 4));
      // Far later than a question a second reaches back.
      if (second === 50) stored.push(received(5, 6));
      return undefined;
    });
    expect(shown).toEqual([2, 3, 4, 5]);
  });

  it('begins with those since a time, oldest first, and shows none of them again', async () => {
    const sinceUs = START_US - 100 * SECOND_US;
    const before = [received(2, -1), received(1, -50), received(9, -200, { eventAtUs: sinceUs - 1 })];
    const { shown, asked } = await followed({ sinceUs, before }, (second, stored) => {
      if (second === 2) stored.push(received(3, 2, { eventAtUs: sinceUs }), received(4, 2, { eventAtUs: sinceUs - 1 }));
      return undefined;
    });
    expect(shown).toEqual([1, 2, 3]);
    expect(asked[1]).toEqual({ query: 'user:root | limit 10000', sinceUs });
  });

  it('asks again from where it was when the collector is away, and gives up where it is refused', async () => {
    const away = new ConsoleError('unreachable', 'no collector answers');
    const { shown, notes } = await followed({}, (second, stored) => {
      if (second === 5) stored.push(received(1, 5));
      return second > 3 && second < 60 ? away : undefined;
    });
    expect(shown).toEqual([1]);
    expect(notes).toEqual(['no collector answers; trying again', 'the collector is back']);
    await expect(followed({}, () => away)).rejects.toBe(away);
    const refused = new ConsoleError('refused', 'not allowed');
    await expect(followed({}, (second) => (second > 2 ? refused : undefined))).rejects.toBe(refused);
  });

  it('ends where no more is wanted', async () => {
    const before = [received(2, -1), received(1, -2)];
    const { asked } = await followed({ sinceUs: 1, before, onEvent: () => false }, () => undefined);
    expect(asked).toHaveLength(2);
  });
});

describe('filters of events', () => {
  it.each([
    [['user.name:root', 'not source.ip:10.0.0.0/8'], 'user.name:"root" and not source.ip:"10.0.0.0/8"'],
    [['process.command_line:a "b" \\ | or c*', 'labels.env:prod'], undefined],
    [['user:root'], 'user.name:"root"'],
  ])('%j are the same as a hunt', (words, expected) => {
    const filters = parseEventQuery(words);
    const text = huntOf(filters);
    if (expected) expect(text).toBe(expected);
    const { where } = parseHunt(text);
    const terms = where?.kind === 'and' ? where.of : [where!];
    const read = terms.map((each) => {
      const term = each.kind === 'not' ? each.of : each;
      return term.kind === 'term' && { field: term.field, value: term.value, negated: each.kind === 'not' };
    });
    expect(read).toEqual(filters);
  });
});
