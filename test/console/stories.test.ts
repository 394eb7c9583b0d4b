import { Severity } from '@threatguard/proto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from '../support/console-commands.ts';
import { FakeConsoleServer } from '../support/fake-console-server.ts';
import { HOSTILE, RAW } from '../support/hostile.ts';

const AT_US = Date.UTC(2026, 10, 21, 9, 59, 58) * 1000;
let server: FakeConsoleServer;
const run = (...args: string[]) => runCommand(args, { THREATGUARD_HOME: server.home, TZ: 'UTC' });

function fill(text: (plain: string) => string): void {
  const times = { firstAtUs: AT_US, lastAtUs: AT_US, raisedAtUs: AT_US, updatedAtUs: AT_US };
  const reason = {
    alertId: '01kb',
    ruleId: text('brute'),
    title: text('SSH brute force'),
    contribution: 30,
    atUs: AT_US,
  };
  server.entities = [
    {
      name: { kind: 'address', name: text('192.0.2.1') },
      risk: 42.34,
      reasons: [reason],
      ...times,
      lastSeenAtUs: AT_US,
    },
  ];
  server.incidents = [
    {
      id: '01kc',
      revision: 3,
      title: text('initial access to persistence: web-1'),
      severity: Severity.HIGH,
      state: 'open',
      tactics: ['initial-access', 'persistence'],
      alerts: [
        { id: '01ka', ruleId: 'a', title: text('Logon'), severity: 3, tactics: ['initial-access'], firstAtUs: AT_US },
        { id: '01kb', ruleId: 'b', title: text('Cron'), severity: 4, tactics: ['persistence'], firstAtUs: AT_US },
      ],
      entities: [{ kind: 'host', name: text('web-1') }],
      ...times,
    },
  ];
  server.audit = [
    {
      sequence: 7,
      atUs: AT_US,
      actorKind: 'console',
      actorId: text('admin'),
      from: '192.0.2.9:5',
      action: 'agent.revoked',
      subject: text('web-1'),
      after: text('{"revoked":true}'),
      digest: new Uint8Array([1, 2]),
    },
  ];
  server.verification = { entries: 7, firstSequence: 1, headSequence: 7, headDigest: new Uint8Array([1, 2]) };
}

beforeAll(async () => {
  server = await FakeConsoleServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => fill((plain) => plain));

describe('a listing is a table, JSON and CSV of the same', () => {
  it.each([
    [
      'entities',
      /42 +address +192\.0\.2\.1 .* SSH brute force \(30\)/,
      { kind: 'address', risk: 42.3 },
      'kind,name,risk',
    ],
    [
      'incidents',
      /01kc +high +open .* 2 +initial access to persistence: web-1/,
      { id: '01kc', severity: 'high' },
      'id,revision,state',
    ],
    [
      'audit',
      /7 +2026-11-21 09:59:58\S* +console admin .* agent\.revoked +web-1/,
      { sequence: 7, actor: { kind: 'console', id: 'admin' } },
      'sequence,at,actor.kind',
    ],
  ])('of %s', async (topic, table, json, csv) => {
    const [asTable, asJson, asCsv] = [
      await run(topic, 'list', '--utc'),
      await run(topic, 'list', '--output', 'json'),
      await run(topic, 'list', '--output', 'csv'),
    ];
    expect(asTable.stdout).toMatch(table);
    expect(JSON.parse(asJson.stdout)[0]).toMatchObject(json);
    expect(asCsv.stdout.startsWith(csv)).toBe(true);
  });
});

it('an incident is shown with its alerts in the order of the story', async () => {
  const { code, stdout } = await run('incidents', 'show', '01KC', '--utc');
  expect(code).toBe(0);
  expect(stdout).toMatch(/story +initial access to persistence: web-1/);
  expect(stdout.indexOf('Logon')).toBeLessThan(stdout.indexOf('Cron'));
});

it('an audit log that was tampered with is named, and fails the command', async () => {
  expect(await run('audit', 'verify')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('every entry is what was written'),
  });
  server.verification = { ...server.verification, problemSequence: 4, problem: 'missing' };
  const { code, stdout, stderr } = await run('audit', 'verify', '--output', 'json');
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    intact: false,
    problem: { sequence: 4, what: 'missing' },
    head: { sequence: 7 },
  });
  expect(stderr).toContain('entry 4 of the audit log is missing');
});

it.each([
  [['entities', 'list', '--kind', 'hosts'], 'hosts'],
  [['incidents', 'list', '--state', 'opn'], 'opn'],
  [['incidents', 'list', '--severity', 'hi'], 'hi'],
  [['audit', 'list', '--limit', '0'], 'limit'],
])('%s is wrong use', async (args, said) => {
  const { code, stderr } = await run(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(said);
});

it.each([[['entities', 'list']], [['incidents', 'list']], [['incidents', 'show', '01']], [['audit', 'list']]])(
  'hostile text never reaches the terminal: %s',
  async (args) => {
    fill(() => HOSTILE);
    const { code, stdout } = await run(...args);
    expect(code).toBe(0);
    expect(stdout).not.toMatch(RAW);
  },
);
