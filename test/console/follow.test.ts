import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { collectWithin } from '../../console/src/client/pages.ts';
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
});

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

describe('rows within a span', () => {
  const rows = [90, 80, 70, 60, 50, 40, 30, 20, 10];
  const asked: string[] = [];
  const within = (limit: number, span: object) => {
    asked.length = 0;
    return collectWithin(
      limit,
      span,
      (row: number) => row,
      async (count, after) => {
        asked.push(after);
        const from = Number(after || 0);
        const to = from + Math.min(count, 2);
        return { rows: rows.slice(from, to), next: to < rows.length ? String(to) : '' };
      },
    );
  };

  it.each([
    [9, {}, rows, 5],
    [3, {}, [90, 80, 70], 2],
    [9, { sinceUs: 70 }, [90, 80, 70], 2],
    [9, { untilUs: 30 }, [30, 20, 10], 5],
    [2, { untilUs: 60, sinceUs: 20 }, [60, 50], 3],
    [9, { sinceUs: 100 }, [], 1],
  ])('at most %i of %j are found, and no more is asked for than needed', async (limit, span, found, pages) => {
    expect(await within(limit, span)).toEqual(found);
    expect(asked).toHaveLength(pages);
  });
});
