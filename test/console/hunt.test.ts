import { status } from '@grpc/grpc-js';
import { Severity } from '@threatguard/proto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { brailleLine } from '../../console/src/model/charts/braille.ts';
import { heatMap } from '../../console/src/model/charts/heat-map.ts';
import { bar, sparkline } from '../../console/src/model/charts/spark.ts';
import { processTree } from '../../console/src/model/process-tree.ts';
import { decayedRisk } from '../../console/src/model/risk-history.ts';
import { runCommand } from '../support/console-commands.ts';
import { FakeConsoleServer } from '../support/fake-console-server.ts';
import { HOSTILE, RAW } from '../support/hostile.ts';
import { NOW_US, storedEvent } from './samples.ts';

let server: FakeConsoleServer;
const run = (...args: string[]) => runCommand(args, { THREATGUARD_HOME: server.home, TZ: 'UTC', LANG: 'C.UTF-8' });

beforeAll(async () => {
  server = await FakeConsoleServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  server.calls.length = 0;
  server.huntParts = [{ events: [storedEvent()] }, { complete: true }];
  server.hunts = [{ name: 'mine', query: 'user:root | count by host', everySeconds: 600, savedAtUs: NOW_US }];
});

describe('hunt run', () => {
  it('prints what was found, in every form', async () => {
    const table = await run('hunt', 'run', 'user:root', '--since', '1h');
    expect(table).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/logon +failure +root/) });
    expect(server.calls[0]).toMatchObject({ method: 'runHunt', request: { query: 'user:root' } });
    const json = await run('hunt', 'run', 'user:root', '--output', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject([{ 'user.name': 'root' }]);
    const timeline = await run('hunt', 'run', 'user:root', '--view', 'timeline');
    expect(timeline.stdout).toMatch(/^2026-11-21 web-1\n {2}10:00:00 {2}logon failure root 192.0.2.1 {2}sshd/);
  });

  it('counts, and says where not all was counted', async () => {
    const groups = [
      { values: [HOSTILE], count: 9 },
      { values: [''], count: 2 },
    ];
    server.huntParts = [{ groups, columns: ['host.name', 'count'], complete: true, cut: 'more than 10000 groups' }];
    const table = await run('hunt', 'run', '| count by host');
    expect(table.stdout).toMatch(/COUNT {2}host.name\n +9 {2}a\\x1b[\s\S]*\n +2 {2}-\n$/);
    expect(table.stdout).not.toMatch(RAW);
    expect(table.stderr).toBe('more than 10000 groups\n');
    const json = await run('hunt', 'run', '| count by host', '--output', 'json');
    expect(JSON.parse(json.stdout)[1]).toEqual({ count: 2 });
  });

  it('points at what is wrong, and asks nobody', async () => {
    const refused = await run('hunt', 'run', 'user:root and prcess.name:x');
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('user:root and prcess.name:x\n                ^^^^^^^^^^^\n');
    expect(server.calls).toEqual([]);
  });

  it.each([
    [['user:root | count by host', '--output', 'json'], '--output json cannot'],
    [['user:root | count', '--output', 'csv'], '--output csv cannot'],
    [['user:root | sort process.pid'], 'leave out "| sort"'],
    [['user:root', '--view', 'tree'], 'leave out --view'],
    [['user:root', '--until', '1h'], '--until=1h cannot also be provided when using --follow'],
    [['user:root', '--fields', 'usr.name'], 'did you mean "user.name"'],
  ])('does not follow %j', async (words, expected) => {
    const refused = await run('hunt', 'run', ...words, '--follow');
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(expected) });
    expect(server.calls).toEqual([]);
  });

  it('shows labels of agents where they are asked for', async () => {
    server.huntParts = [{ events: [storedEvent({ labels: { env: 'prod' } })] }, { complete: true }];
    const table = await run('hunt', 'run', 'labels.env:prod', '--fields', 'host.name,labels.env,labels.none');
    expect(table.stdout).toBe('host.name  labels.env  labels.none\nweb-1      prod\n');
    const json = await run('hunt', 'run', 'labels.env:prod', '--output', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject([{ 'labels.env': 'prod' }]);
  });

  it.each([
    ['label.env:prod', 'a label of agents is written labels.NAME, such as labels.env\n'],
    ['labels:env', 'a label of agents is written labels.NAME, such as labels.env\n'],
    ['labels.-x:y', 'a label of agents is written labels.NAME'],
    ['labl.env:prod', 'there is no field "labl.env"'],
  ])('says how %s is written', async (query, expected) => {
    for (const command of [
      ['hunt', 'run'],
      ['events', 'search'],
    ]) {
      expect(await run(...command, query)).toMatchObject({ code: 2, stderr: expect.stringContaining(expected) });
    }
  });

  it('runs a saved one by its name, and says where there is none', async () => {
    server.huntParts = [{ groups: [], columns: ['host.name', 'count'], complete: true }];
    const found = await run('hunt', 'run', 'mine');
    expect(found).toMatchObject({ code: 0, stderr: 'nothing matches\n' });
    expect(server.calls.at(-1)!.request.query).toBe('user:root | count by host');
    expect((await run('hunt', 'run', 'others')).code).toBe(4);
  });

  it('that the collector did not finish says so', async () => {
    server.huntParts = [{ events: [storedEvent()] }];
    expect((await run('hunt', 'run', 'user:root')).stderr).toContain('ended before all was looked at');
  });
});

describe('hunts', () => {
  it('are saved, listed and removed', async () => {
    const saved = await run('hunt', 'save', 'mine', 'user:root', '--every', '10m', '--severity', 'high');
    expect(saved.stdout).toMatch(/saved +mine\nquery +user:root\nruns +every 10m/);
    expect(server.calls[0]).toMatchObject({
      method: 'saveHunt',
      request: { name: 'mine', everySeconds: 600, severity: Severity.HIGH },
    });
    expect((await run('hunt', 'list')).stdout).toMatch(/mine +10m +- +user:root \| count by host/);
    expect((await run('hunt', 'remove', 'mine')).code).toBe(0);
    server.refusals.set('saveHunt', { code: status.INVALID_ARGUMENT, details: 'there is a hunt "mine"' });
    expect(await run('hunt', 'save', 'mine', 'user:root')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('mine'),
    });
    server.refusals.clear();
    expect((await run('hunt', 'save', 'mine', 'user:root', '--every', 'often')).code).toBe(2);
  });
});

describe('entities show', () => {
  it('draws a week of risk', async () => {
    server.entity = {
      entity: { name: { kind: 'user', name: 'root@web-1' }, risk: 40, reasons: [] },
      history: [{ atUs: Date.now() * 1000 - 3_600_000_000, risk: 80 }],
      halfLifeUs: 3_600_000_000,
    };
    const shown = await run('entities', 'show', 'user', 'root@web-1');
    expect(shown.stdout).toMatch(/user +root@web-1\nrisk +40/);
    expect(shown.stdout).toMatch(/[\u2800-\u28ff]/);
    const json = await run('entities', 'show', 'user', 'root@web-1', '--output', 'json');
    expect(JSON.parse(json.stdout).history).toHaveLength(1);
    expect((await run('entities', 'show', 'usr', 'x')).stderr).toContain('did you mean "user"');
  });
});

describe('events show', () => {
  it('prints all of the one that its id names, and asks for that alone', async () => {
    server.events = [storedEvent()];
    const listed = await run('events', 'search', '--fields', 'event.id', '--output', 'json');
    const [{ 'event.id': id }] = JSON.parse(listed.stdout);
    expect(await run('events', 'show', id)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/user.name +root[\s\S]*threatguard.sequence +7/),
    });
    expect(server.calls.at(-1)).toMatchObject({ method: 'getEvent', request: { event: id } });
    server.refusals.set('getEvent', { code: status.NOT_FOUND, details: 'no such event is kept' });
    expect(await run('events', 'show', id)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('no such event'),
    });
    server.refusals.delete('getEvent');
  });
});

describe('charts', () => {
  it('are drawn from nothing to the most, in ASCII too', () => {
    expect(sparkline([0, 1, 4, 8], { columns: 8, ascii: false })).toBe(' ▁▄█');
    expect(sparkline([0, 1, 4, 8], { columns: 8, ascii: true })).toBe(' .=@');
    expect(sparkline(new Array(100).fill(1), { columns: 10, ascii: false })).toBe('██████████');
    expect(bar(50, 100, { columns: 4, ascii: false })).toBe('██');
    expect(bar(0.001, 100, { columns: 4, ascii: false })).toBe('▏');
    expect(bar(0.001, 100, { columns: 4, ascii: true })).toBe('#');
    expect(bar(0, 100, { columns: 4, ascii: false })).toBe('');
    expect(brailleLine([0, 100], { columns: 1, rows: 1, max: 100, ascii: false })).toEqual(['⣸']);
    expect(brailleLine([0, 100], { columns: 2, rows: 2, max: 100, ascii: true })).toEqual([' *', '* ']);
    const map = heatMap([{ atUs: NOW_US, count: 5 }], { utc: true, ascii: true });
    expect(map[6]).toBe(`Sat ${' '.repeat(20)}##${' '.repeat(26)}`);
  });

  it('a risk falls by half in its half-life, and is 0 before it began', () => {
    const values = decayedRisk([{ atUs: 10, risk: 80 }], { fromUs: 0, toUs: 30, samples: 3, halfLifeUs: 10 });
    expect(values).toEqual([80, 40, 20]);
    expect(decayedRisk([], { fromUs: 0, toUs: 30, samples: 2, halfLifeUs: 10 })).toEqual([0, 0]);
  });
});

describe('a process tree', () => {
  const ran = (pid: number, parentPid: number, name: string) =>
    storedEvent({ event: { process: { pid, parentPid, args: [name], parentName: 'init' } } });

  it('has each process under its parent, whatever the order, and ends in a circle', () => {
    const lines = processTree(
      [ran(3, 2, 'c'), ran(2, 1, 'b'), ran(4, 2, 'd')],
      ({ event }) => event?.process?.pid === 4,
      {
        ascii: true,
      },
    );
    expect(lines.map(({ text }) => text)).toEqual(['1 init', '`- 2 b', '   |- 3 c', '   `- 4 d']);
    expect(lines.map(({ marked }) => marked)).toEqual([false, false, false, true]);
    expect(processTree([ran(1, 2, 'a'), ran(2, 1, 'b')], () => false, { ascii: true })).toHaveLength(2);
  });

  it('is bounded', () => {
    const many = Array.from({ length: 2_000 }, (_, at) => ran(at + 2, 1, 'x'));
    expect(processTree(many, () => false, { ascii: false }).length).toBeLessThanOrEqual(501);
  });
});
