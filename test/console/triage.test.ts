import { AlertState, AlertVerdict, TriageAction } from '@threatguard/proto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { matchesAlert } from '../../console/src/model/alert-filter.ts';
import { runCommand } from '../support/console-commands.ts';
import { FakeConsoleServer } from '../support/fake-console-server.ts';
import { HOSTILE, RAW } from '../support/hostile.ts';
import { alert, NOW_US } from './samples.ts';

let server: FakeConsoleServer;
const run = (...args: string[]) => runCommand(args, { THREATGUARD_HOME: server.home, TZ: 'UTC' });

beforeAll(async () => {
  server = await FakeConsoleServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  server.calls.length = 0;
  server.alerts = [alert()];
  server.actResults = [
    { id: '01kb3', alert: alert({ state: AlertState.CLOSED, verdict: AlertVerdict.BENIGN, triageVersion: 3 }) },
  ];
});

describe('an act by command', () => {
  it.each([
    [['ack', '01KB3', '01KB4'], { action: TriageAction.ACKNOWLEDGE }],
    [['assign', '01kb3', '01kb4', '--to', 'alice'], { action: TriageAction.ASSIGN, assignee: 'alice' }],
    [['assign', '01kb3', '01kb4', '--nobody'], { action: TriageAction.ASSIGN, assignee: '' }],
    [['note', '01kb3', '01kb4', '--text', 'asked'], { action: TriageAction.NOTE, text: 'asked' }],
    [
      ['close', '01kb3', '01kb4', '--verdict', 'false-positive', '--reason', 'a test'],
      { action: TriageAction.CLOSE, verdict: AlertVerdict.FALSE_POSITIVE, text: 'a test' },
    ],
    [['reopen', '01kb3', '01kb4', '--reason', 'again'], { action: TriageAction.REOPEN, text: 'again' }],
  ])('%j reaches the collector', async (args, request) => {
    const { code, stderr } = await run('alerts', ...args);
    expect([code, stderr]).toEqual([0, '']);
    expect(server.calls[0]).toMatchObject({
      method: 'act',
      request: { ...request, targets: [{ id: '01kb3' }, { id: '01kb4' }] },
    });
  });

  it('prints what became of each alert, as a table and as JSON, and fails where one was not changed', async () => {
    server.actResults.push({ id: '01kb4', refusal: 'conflict', message: `changed meanwhile by ${HOSTILE}` });
    const table = await run('alerts', 'close', '01kb3', '01kb4', '--verdict', 'benign', '--seen', '2');
    expect(server.calls[0]!.request.targets).toMatchObject([{ triageVersion: 2 }, { triageVersion: 2 }]);
    expect(table).toMatchObject({ code: 1, stderr: 'error: 1 of 2 alerts were not changed\n' });
    expect(table.stdout).toMatch(/01kb3 +closed +SSH brute force/);
    expect(table.stdout).toMatch(/01kb4 +not changed: changed meanwhile by/);
    expect(table.stdout).not.toMatch(RAW);
    const json = await run('alerts', 'close', '01kb3', '01kb4', '--verdict', 'benign', '--output', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject([
      { id: '01kb3', changed: true, state: 'closed', verdict: 'benign', triage_version: 3 },
      { id: '01kb4', changed: false, refusal: 'conflict' },
    ]);
  });

  it('on an alert nobody has ends as not found', async () => {
    server.actResults = [{ id: '01kb9', refusal: 'not_found', message: 'no alert has this id' }];
    expect((await run('alerts', 'ack', '01kb9')).code).toBe(4);
  });

  it.each([
    [['close', '01kb3'], /verdict/],
    [['close', '01kb3', '--verdict', 'falsepositive'], /did you mean "false-positive"/],
    [['assign', '01kb3'], /--to, or --nobody/],
    [['assign', '01kb3', '--to', 'a', '--nobody'], /--to, or --nobody/],
    [['note', '01kb3'], /text/],
    [['ack'], /id/i],
    [['ack', '01kb3', '--seen', 'x'], /--seen "x" must be a whole number/],
    [['list', '--status', 'opn'], /did you mean "open"/],
  ])('alerts %j is wrong use', async (args, message) => {
    const refused = await run('alerts', ...args);
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
    expect(server.calls).toEqual([]);
  });
});

describe('what was decided', () => {
  it('is asked for by state and assignee', async () => {
    await run('alerts', 'list', '--status', 'acknowledged', '--assignee', 'alice');
    expect(server.calls[0]!.request.filter).toMatchObject({ state: AlertState.ACKNOWLEDGED, assignee: 'alice' });
    expect(matchesAlert(alert({ assignee: 'alice' }), { assignee: 'alice' })).toBe(true);
    expect(matchesAlert(alert(), { assignee: 'alice' })).toBe(false);
  });

  it('stands in alerts show, with who did it', async () => {
    const by = { actorKind: 'console', actorId: 'admin', state: AlertState.CLOSED };
    server.acts = [
      { ...by, triageVersion: 1, atUs: NOW_US, action: TriageAction.ASSIGN, assignee: 'alice' },
      {
        ...by,
        triageVersion: 2,
        atUs: NOW_US,
        action: TriageAction.CLOSE,
        verdict: AlertVerdict.BENIGN,
        text: HOSTILE.toWellFormed(),
      },
    ];
    server.alerts = [alert({ state: AlertState.CLOSED, verdict: AlertVerdict.BENIGN, assignee: 'alice' })];
    const { stdout } = await run('alerts', 'show', '01kb3');
    expect(stdout).toMatch(/state +closed, benign\nassignee +alice/);
    expect(stdout).toMatch(/2026-11-21 10:00:00 +console admin +assigned to alice\n.*closed as benign: a/);
    expect(stdout).not.toMatch(RAW);
    const json = JSON.parse((await run('alerts', 'show', '01kb3', '--output', 'json')).stdout);
    expect(json.history).toMatchObject([
      { act: 'assigned', by: { id: 'admin' } },
      { act: 'closed', verdict: 'benign', text: HOSTILE.toWellFormed() },
    ]);
  });
});
