import { afterAll, beforeAll, expect, it } from 'vitest';
import { statusPairs, statusRecord } from '../../console/src/model/status.ts';
import { runCommand } from '../support/console-commands.ts';
import { FakeConsoleServer } from '../support/fake-console-server.ts';
import { HOSTILE, RAW } from '../support/hostile.ts';
import { alert, NOW_US, storedEvent } from './samples.ts';

let server: FakeConsoleServer;
const run = (...args: string[]) => runCommand(args, { THREATGUARD_HOME: server.home, TZ: 'UTC' });

beforeAll(async () => {
  server = await FakeConsoleServer.start();
  server.alerts = [alert({ reason: HOSTILE.toWellFormed() }), alert({ id: '01kb3x8m5rq9t2v4w6y8z0a1b3' })];
  server.events = [storedEvent()];
});
afterAll(() => server[Symbol.asyncDispose]());

it.each(['ecs', 'ocsf', 'cef'])('alerts and events are a line each as %s, with nothing raw', async (format) => {
  const [alerts, events] = await Promise.all([
    run('alerts', 'list', '--output', format),
    run('events', 'search', '--output', format),
  ]);
  expect(alerts).toMatchObject({ code: 0 });
  expect(alerts.stdout).not.toMatch(RAW);
  const lines = alerts.stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(2);
  expect(events.stdout.trimEnd().split('\n')).toHaveLength(1);
  if (format === 'cef') return void expect(lines[1]).toMatch(/^CEF:0\|ThreatGuard\|/);
  const parsed = lines.map((line) => JSON.parse(line));
  expect(parsed[1]).toMatchObject(format === 'ecs' ? { event: { kind: 'alert' } } : { class_uid: 2004 });
});

it('an unknown schema is answered with the nearest, and commands without one have none', async () => {
  expect(await run('alerts', 'list', '--output', 'ocfs')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/did you mean "ocsf"/),
  });
  expect(await run('agents', 'list', '--output', 'ecs')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/is not known/),
  });
});

it('status says of each target whether it goes, how far it is behind and what it missed', () => {
  const forwards = [
    { name: 'siem', stream: 'alerts', kind: 'syslog', delivering: true, delivered: 7 },
    { name: 'siem', stream: 'audit', kind: 'syslog', delivering: true, delivered: 2, waiting: 1, oldestAtUs: NOW_US },
    {
      ...{ name: 'soar', stream: 'alerts', kind: 'webhook', delivering: false, lastError: 'answers 401' },
      ...{ waiting: 12, oldestAtUs: NOW_US - 7_200_000_000, refused: 1, missed: 3 },
    },
  ];
  const text = statusPairs({ forwards }, 'c:7443', NOW_US / 1000 + 4_000).join('\n');
  expect(text).toMatch(/to siem +syslog: delivering, 7 delivered, none waiting/);
  expect(text).toMatch(/to siem \(audit\) +syslog: delivering, 2 delivered, 1 waiting for 4s/);
  expect(text).toMatch(
    /to soar +webhook: retrying: answers 401, 0 delivered, 12 waiting for 2h, 1 refused by it, 3 missed/,
  );
  expect(statusRecord({ forwards }, 'c')).toMatchObject({
    forwards: [{ name: 'siem' }, {}, { waiting: 12, missed: 3 }],
  });
});
