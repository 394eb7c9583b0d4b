import { status } from '@grpc/grpc-js';
import type { KeysReport } from '@threatguard/proto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from '../support/console-commands.ts';
import { RunningConsole } from '../support/console-process.ts';
import { FakeConsoleServer } from '../support/fake-console-server.ts';
import { HOSTILE, RAW } from '../support/hostile.ts';
import { until } from '../support/until.ts';

const LIMIT_MS = 20_000;
const START_US = Date.UTC(2026, 10, 21, 10) * 1000;

let server: FakeConsoleServer;
const run = (...args: string[]) => runCommand(['keys', ...args], { THREATGUARD_HOME: server.home, TZ: 'UTC' });
const watch = (...args: string[]) => new RunningConsole(['keys', ...args], { THREATGUARD_HOME: server.home });
const noted = (view: RunningConsole, text: string) =>
  until(() => view.notes.some((note) => note.includes(text)), {
    limitMs: LIMIT_MS,
    what: () => `a note with "${text}"; there were:\n${view.notes.join('\n')}`,
  });

const report = (confirmed: number, change: Partial<NonNullable<KeysReport['rotation']>> = {}): KeysReport => ({
  fleetName: 'production',
  nowUs: START_US + 60_000_000,
  rotation: {
    ...{ epoch: 2, fromEpoch: 1, phase: 'announced', startedAtUs: START_US, startedBy: 'admin', agents: 40 },
    ...{ told: 40, confirmed, drained: confirmed, stragglers: 40 - confirmed },
    ...change,
  },
  epochs: [
    { epoch: 2, state: 'announced', algorithm: 'ML-KEM-768', createdAtUs: START_US, agentsSealing: confirmed },
    { epoch: 1, state: 'draining', algorithm: 'ML-KEM-768', createdAtUs: START_US, agentsHolding: 1 },
  ],
  stragglers: [
    { agentId: 'a-1', agentName: 'web-1', lastSeenAtUs: START_US, sealingEpoch: 1, waitsFor: 'not connected' },
    { agentId: 'a-2', agentName: HOSTILE, connected: true, waitsFor: 'was told, has not confirmed' },
  ],
});
const done = () => report(40, { phase: 'done', endedAtUs: START_US + 90_000_000, stragglers: 0 });

beforeAll(async () => {
  server = await FakeConsoleServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  server.calls.length = 0;
  server.refusals.clear();
  server.keys = [report(20)];
});

describe('keys status', () => {
  it('shows epochs, how far a rotation is, and whom it waits for', async () => {
    const { stdout, code } = await run('status');
    expect(code).toBe(0);
    expect(stdout).toMatch(/confirmed +\[#{15}\.{15}\] 20\/40/);
    expect(stdout).toMatch(/ 2 +announced +ML-KEM-768 +20/);
    expect(stdout).toMatch(/waiting for 20 agents, 2 of them:/);
    expect(stdout).toMatch(/web-1 +60s +1 +- +not connected/);
    expect(stdout).not.toMatch(RAW);
    const json = JSON.parse((await run('status', '--output', 'json')).stdout);
    expect(json).toMatchObject({ fleet: { name: 'production' }, rotation: { confirmed: 20, phase: 'announced' } });
    expect(json.stragglers[1].name).toBe(HOSTILE.toWellFormed());
  });
});

describe('keys rotate', () => {
  it.each([
    [['--canary', '2.5%'], { canaryPermille: 25 }],
    [['--compromised'], { compromised: true }],
  ])('%j is what the collector is asked for', async (flags, request) => {
    expect((await run('rotate', ...flags)).code).toBe(0);
    expect(server.calls[0]?.request).toMatchObject({ dryRun: false, ...request });
  });

  it('--dry-run says what would happen and who is not there', async () => {
    const { stdout } = await run('rotate', '--dry-run');
    expect(server.calls[0]?.request).toMatchObject({ dryRun: true });
    expect(stdout).toMatch(/Nothing was changed\. .*epoch 2 .* all 3 agents; 2 are connected/);
    expect(stdout).toMatch(/Not connected.*: 1\n.*\nweb-1/);
  });

  it('--wait tells each change once as a line of JSON, and ends with the rotation', async () => {
    server.keys = [report(1), report(1), report(30), done()];
    const { stdout, code } = await run('rotate', '--wait', '--output', 'json');
    expect(code).toBe(0);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).rotation);
    expect(lines.map(({ confirmed, phase }) => [confirmed, phase])).toEqual([
      [1, 'announced'],
      [30, 'announced'],
      [40, 'done'],
    ]);
  });

  it('--wait fails where the rotation was aborted meanwhile', async () => {
    server.keys = [report(1), report(1, { phase: 'aborted', endedAtUs: START_US })];
    const { code, stderr } = await run('rotate', '--wait');
    expect(code).toBe(1);
    expect(stderr).toContain('was aborted');
  });

  it('--wait waits for a collector that is away; Ctrl-C leaves the rotation running, and says so', async () => {
    await using view = watch('rotate', '--wait');
    await until(() => view.lines.some((line) => line.includes('20 confirmed')), { limitMs: LIMIT_MS, what: 'a line' });
    await server.stop();
    await noted(view, 'waiting for it, and so does the rotation');
    await server.listen();
    await noted(view, 'the collector answers again');
    expect(await view.stop()).toBe(1);
    expect(view.notes.at(-1)).toContain('the rotation goes on without this view');
    expect(server.calls.map(({ method }) => method)).not.toContain('controlRotation');
  });
});

describe('the others', () => {
  it('pause, resume and abort are handed on', async () => {
    for (const action of ['pause', 'resume', 'abort']) expect((await run(action)).code).toBe(0);
    expect(server.calls.map(({ request }) => request.action)).toEqual(['pause', 'resume', 'abort']);
  });

  it('a schedule is set in days and ended with off', async () => {
    server.keys = [{ ...report(1), scheduleSeconds: 30 * 86_400, nextRotationAtUs: START_US }];
    expect((await run('schedule', '--every', '30d')).stdout).toMatch(/every 30d, next 2026-11-21 10:00:00/);
    await run('schedule', '--every', 'off');
    expect(server.calls.map(({ request }) => request.everySeconds)).toEqual([2_592_000, 0]);
  });

  it("destroying by force takes the fleet's name, and asks for it only on a terminal", async () => {
    const { code, stderr } = await run('destroy', '1', '--force');
    expect([code, server.calls.map(({ method }) => method)]).toEqual([2, ['getKeys']]);
    expect(stderr).toContain('--fleet NAME');
    await run('destroy', '1', '--force', '--fleet', 'production');
    expect(server.calls.at(-1)).toMatchObject({
      method: 'destroyEpoch',
      request: { epoch: 1, force: true, fleetName: 'production' },
    });
  });

  it('what the collector refuses is said with what to do', async () => {
    const details = '4 agents may hold envelopes of epoch 1 (web-1); wait for them, revoke them, or use --force';
    server.refusals.set('destroyEpoch', { code: status.FAILED_PRECONDITION, details });
    const { code, stderr } = await run('destroy', '1');
    expect(code).toBe(1);
    expect(stderr).toContain(details);
  });

  it.each([
    [['rotate', '--canary', '200%'], /--canary "200%" must be a share/],
    [['rotate', '--canary', '5%', '--compromised'], /without --canary/],
    [['schedule', '--every', '10m'], /from 1d to 3650d/],
    [['destroy', 'one'], /whole number/],
    [['rotat'], /did you mean "keys rotate"/],
  ])('%j is wrong use, without a word to the collector', async (args, says) => {
    const { code, stderr } = await run(...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(says);
    expect(server.calls).toEqual([]);
  });
});
