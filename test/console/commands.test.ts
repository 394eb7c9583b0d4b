import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { Severity } from '@threatguard/proto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openCollector } from '../../console/src/client/collector-client.ts';
import { readDeployment } from '../../console/src/client/deployment.ts';
import { runCommand } from '../support/console-commands.ts';
import { runConsole } from '../support/console-process.ts';
import { FakeConsoleServer } from '../support/fake-console-server.ts';
import { HOSTILE, RAW } from '../support/hostile.ts';
import { agent, alert, storedEvent } from './samples.ts';

let server: FakeConsoleServer;
const run = (...args: string[]) => runCommand(args, { THREATGUARD_HOME: server.home, TZ: 'UTC' });

beforeAll(async () => {
  server = await FakeConsoleServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  server.calls.length = 0;
  server.refusals.clear();
  server.alerts = [
    alert(),
    alert({ id: '01kb3x8m5rq9t2v4w6y8z0a1b3', severity: Severity.CRITICAL, title: 'Reverse shell' }),
  ];
  server.events = [storedEvent()];
  server.agents = [agent()];
});

describe('status', () => {
  it('is a table, JSON and CSV of the same', async () => {
    const [table, json, csv] = await Promise.all([
      run('status'),
      run('status', '--output', 'json'),
      run('status', '--output', 'csv'),
    ]);
    expect(table.stdout).toMatch(/store +pglite 18.0: ready/);
    expect(JSON.parse(json.stdout)).toMatchObject({ ca: { sha256: 'ca'.repeat(32) }, store: { engine: 'pglite' } });
    expect(csv.stdout.split('\n')[0]).toContain('ca.sha256');
  });
});

describe('alerts list', () => {
  it('is a table, JSON and CSV of the same', async () => {
    const table = await run('alerts', 'list');
    expect(table).toMatchObject({ code: 0, stderr: '' });
    expect(table.stdout).toMatch(
      /01kb3x8m5rq9t2v4w6y8z0a1b2 .* high .* web-1 .* T1110.001 .* SSH brute force .* 10 failed/,
    );
    const listed = JSON.parse((await run('alerts', 'list', '--output', 'json')).stdout);
    expect(listed[1]).toMatchObject({
      rule: { id: 'ssh-brute-force' },
      severity: 'high',
      user: { name: 'root' },
      source: { ip: '192.0.2.1' },
      last_event_at: '2026-11-21T09:59:58.999877Z',
    });
    const csv = (await run('alerts', 'list', '--output', 'csv')).stdout.trim().split('\n');
    expect(csv).toHaveLength(3);
    expect(csv[0]).toContain('id,revision,state,severity');
  });

  it('hands its filters to the collector, and takes as many pages as the limit needs', async () => {
    server.alerts = Array.from({ length: 700 }, (_, index) => alert({ id: `01kb${index}` }));
    const found = await run(
      ...['alerts', 'list', '--severity', 'high', '--agent', 'web-1', '--user', 'root', '--technique', 't1110'],
      ...['--since', '2026-11-21T00:00Z', '--until', '2026-11-22T00:00Z', '--limit', '600', '--output', 'json'],
    );
    expect(JSON.parse(found.stdout)).toHaveLength(600);
    expect(server.calls.map((call) => call.request.limit)).toEqual([500, 100]);
    expect(server.calls[0]?.request.filter).toMatchObject({
      severityMin: Severity.HIGH,
      agent: 'web-1',
      user: 'root',
      technique: 'T1110',
      sinceUs: Date.UTC(2026, 10, 21) * 1000,
      untilUs: Date.UTC(2026, 10, 22) * 1000,
    });
  });
});

describe('the other commands', () => {
  it('alerts show gives the alert and its events', async () => {
    const shown = await run('alerts', 'show', '01KB3');
    expect(server.calls[0]?.request.id).toBe('01kb3');
    expect(shown.stdout).toMatch(/reason +10 failed logons/);
    expect(shown.stdout).toContain('Failed password for root');
    const json = JSON.parse((await run('alerts', 'show', '01kb3', '--output', 'json')).stdout);
    expect(json.events[0]).toMatchObject({ 'user.name': 'root', 'event.action': 'logon', 'host.name': 'web-1' });
  });

  it('events search sends filters and prints ECS names', async () => {
    const found = await run('events', 'search', 'user.name:root', 'not source.ip:10.0.0.0/8', '--output', 'json');
    expect(server.calls[0]?.request.filters).toMatchObject([
      { field: 'user.name', value: 'root', negated: false },
      { field: 'source.ip', value: '10.0.0.0/8', negated: true },
    ]);
    expect(JSON.parse(found.stdout)[0]).toMatchObject({
      'source.ip': '192.0.2.1',
      '@timestamp': '2026-11-21T10:00:00.000000Z',
    });
    expect((await run('events', 'search')).stdout).toMatch(/logon +failure +root +192.0.2.1 +sshd/);
    expect((await run('events', 'search', '--output', 'csv')).stdout).toMatch(/^@timestamp,event.category/);
  });

  it('events search goes on where the collector answered in parts, empty ones too', async () => {
    server.searchParts = [
      { events: [], next: 'a', searchedBackToUs: 3e15 },
      { events: [storedEvent()], next: 'b', searchedBackToUs: 2e15 },
      { events: [storedEvent()], next: '' },
    ];
    const found = await run('events', 'search', 'process.executable:/tmp/*', '--output', 'json');
    expect(JSON.parse(found.stdout)).toHaveLength(2);
    expect(server.calls.map(({ request }) => request.after)).toEqual(['', 'a', 'b']);
    expect(found.stderr).toBe('');
  });

  it('events search ends after a while and says from where to go on', async () => {
    server.searchParts = Array.from({ length: 9 }, (_, index) => ({
      events: [storedEvent()],
      next: `after ${index}`,
      searchedBackToUs: 1_790_000_000_000_000 - index,
    }));
    using client = openCollector(readDeployment(server.home));
    let nowMs = 0;
    const { rows, searchedBackToUs } = await client.searchEvents({ filters: [] }, 100, () => (nowMs += 10_000));
    expect(rows).toHaveLength(3);
    expect(searchedBackToUs).toBe(1_790_000_000_000_000 - 2);
    server.searchParts = [];
  });

  it('events search says what the collector advises where it takes too long', async () => {
    const details = 'this takes longer than a read may: ask for a shorter time';
    server.refusals.set('searchEvents', { code: status.DEADLINE_EXCEEDED, details });
    const refused = await run('events', 'search', 'process.executable:/tmp/*');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(details) });
  });

  it('agents list shows health and what sensors do not see', async () => {
    const listed = await run('agents', 'list');
    expect(listed.stdout).toMatch(/web-1 +connected .* 12345 +6 .*process\(proc-scan\) degraded/);
    expect(JSON.parse((await run('agents', 'list', '--output', 'json')).stdout)[0].sensors[1].detail).toContain(
      'short-lived',
    );
  });

  it('agents revoke and agents token create say what was done', async () => {
    expect((await run('agents', 'revoke', 'web-1')).stdout).toMatch(/revoked +web-1 \(a-1\)/);
    const made = await run(
      'agents',
      'token',
      'create',
      '--uses',
      '5',
      '--valid',
      '7d',
      '--label',
      'web',
      '--output',
      'json',
    );
    expect(JSON.parse(made.stdout)).toMatchObject({ token: 'tg1.token', uses: 5 });
    expect(server.calls.at(-1)?.request).toMatchObject({ uses: 5, validSeconds: 604_800, label: 'web' });
  });

  it('nothing found is said on stderr and is no error', async () => {
    server.alerts = [];
    expect(await run('alerts', 'list')).toMatchObject({ code: 0, stdout: '', stderr: 'no alerts match\n' });
    expect((await run('alerts', 'list', '--output', 'json')).stdout).toBe('[]\n');
  });
});

describe('text that came from a host', () => {
  it.each([
    [['alerts', 'list']],
    [['alerts', 'list', '--output', 'json']],
    [['alerts', 'list', '--output', 'csv']],
    [['alerts', 'show', '01']],
    [['alerts', 'show', '01', '--output', 'json']],
    [['events', 'search']],
    [['events', 'search', '--output', 'csv']],
    [['agents', 'list']],
    [['agents', 'list', '--output', 'json']],
    [['status']],
  ])('never reaches the terminal raw from %j', async (args) => {
    const hostile = {
      title: HOSTILE,
      reason: HOSTILE,
      agentName: HOSTILE,
      entity: HOSTILE,
      values: { 'user.name': HOSTILE, [HOSTILE]: HOSTILE },
    };
    server.alerts = [alert({ ...hostile, id: HOSTILE, techniques: [HOSTILE], tactics: [HOSTILE], ruleId: HOSTILE })];
    const event = { ...storedEvent().event, original: HOSTILE, user: { name: HOSTILE }, serviceName: HOSTILE };
    server.events = [storedEvent({ event, agentName: HOSTILE })];
    server.agents = [
      agent({ name: HOSTILE, address: HOSTILE, sensors: [{ sensor: HOSTILE, state: 'x', detail: HOSTILE }] }),
    ];
    const { code, stdout } = await run(...args);
    expect(code).toBe(0);
    expect(stdout).not.toMatch(RAW);
  });

  it('does not reach it in an error either', async () => {
    server.refusals.set('getAlert', { code: status.NOT_FOUND, details: HOSTILE.toWellFormed() });
    const { code, stderr } = await run('alerts', 'show', '01');
    expect(code).toBe(4);
    expect(stderr).not.toMatch(RAW);
  });
});

describe('refusals', () => {
  it.each([
    [['alerts', 'lsit'], 2, 'did you mean "alerts list"?'],
    [['alerts', 'list', '--severty', 'high'], 2, 'did you mean "--severity"?'],
    [['alerts', 'list', '--severity', 'hgih'], 2, 'did you mean "high"?'],
    [['alerts', 'list', '--output', 'jsn'], 2, 'error: --output "jsn" is not known; did you mean "json"?'],
    [['alerts', 'list', '--since', 'monday'], 2, 'write a duration such as 15m'],
    [['alerts', 'list', '--since', '1h', '--until', '2h'], 2, 'is later than --until'],
    [['alerts', 'list', '--limit', '0'], 2, 'must be a whole number from 1'],
    [['alerts', 'list', '--technique', 'brute'], 2, 'is not an ATT&CK id'],
    [['alerts', 'show'], 2, 'error: ID is missing: Id of the alert, or how it begins; --help shows how it is used'],
    [['alerts', 'ack'], 2, 'error: ID is missing'],
    [['--utc', 'status'], 2, 'a command comes first, then its flags: threatguard status --utc'],
    [['ca', 'retire', 'extra'], 2, '"ca retire" does not take "extra"; it takes --home'],
    [['events', 'search', 'user.nmae:x'], 2, '^^^^^^^^^'],
    [['agents', 'token', 'create', '--valid', 'long'], 2, 'must be a duration such as 30m'],
    [['up', '--listen', 'nowhere'], 2, 'write HOST:PORT'],
  ])('%j ends with %i: %s', async (args, code, message) => {
    const result = await run(
      ...args,
      ...(args[0] === 'up' ? ['--home', mkdtempSync(join(tmpdir(), 'threatguard-up-'))] : []),
    );
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toContain(message);
  });

  it.each([
    [status.NOT_FOUND, 4, 'no alert begins with "zz"'],
    [status.PERMISSION_DENIED, 5, 'refused this console: no alert begins'],
    [status.INVALID_ARGUMENT, 2, 'no alert begins with "zz"'],
    [status.INTERNAL, 1, 'no alert begins with "zz"'],
    [status.UNAVAILABLE, 3, 'is not available: no alert begins'],
  ])('gRPC status %i ends with %i', async (code, exit, message) => {
    server.refusals.set('getAlert', { code, details: 'no alert begins with "zz"' });
    const result = await run('alerts', 'show', 'zz');
    expect(result.code).toBe(exit);
    expect(result.stderr).toContain(message);
  });

  it('says how to start a collector where none answers, and where there is no deployment', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'threatguard-empty-'));
    const none = await runCommand(['status', '--home', empty]);
    expect(none).toMatchObject({ code: 3, stdout: '' });
    expect(none.stderr).toMatch(/there is no deployment in .*npm start/);
    const data = mkdtempSync(join(tmpdir(), 'threatguard-data-'));
    mkdirSync(join(data, 'threatguard-demo', 'console'), { recursive: true });
    writeFileSync(join(data, 'threatguard-demo', 'console', 'console.json'), '{}');
    const beside = await runCommand(['status', '--home', empty], { XDG_DATA_HOME: data });
    expect(beside.stderr).toContain(`the demonstration of this host is at --home ${data}/threatguard-demo`);
    await server.stop();
    const down = await run('status');
    await server.listen();
    expect(down.code).toBe(3);
    expect(down.stderr).toMatch(/no collector answers at .*; start it with "npm start" or "threatguard up"/);
  });

  it("does not speak to a collector of another fleet's CA", async () => {
    await using other = await FakeConsoleServer.start();
    writeFileSync(
      join(other.home, 'console', 'console.json'),
      JSON.stringify({ collector: `127.0.0.1:${server.port}` }),
    );
    const result = await runCommand(['status', '--home', other.home]);
    expect(result.code).toBe(3);
    expect(result.stderr).toContain('could not be trusted');
  });

  it.skipIf(process.getuid?.() === 0)('says who may read the keys (needs to be another user than root)', async () => {
    await using other = await FakeConsoleServer.start();
    chmodSync(join(other.home, 'console', 'console.key'), 0);
    expect((await runCommand(['status', '--home', other.home])).code).toBe(5);
  });
});

describe('the command line', () => {
  // That every command has them: every-command.test.ts.
  it.each(['up', 'agents list', 'agents token create'])(
    'has help with examples and exit codes: %s',
    async (command) => {
      const { code, stdout } = await runConsole([...command.split(' '), '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain('EXAMPLE');
      expect(stdout).toContain('Exit codes: 0 done');
      expect(stdout).toContain(command);
    },
  );

  it('is quiet when whoever reads it has gone', async () => {
    server.alerts = Array.from({ length: 20_000 }, (_, index) => alert({ id: `01kb${index}` }));
    const shell = spawn(
      'sh',
      [
        '-c',
        `"${process.execPath}" --disable-warning=ExperimentalWarning console/bin/threatguard.js alerts list --limit 20000 --output csv | head -1`,
      ],
      {
        env: { ...process.env, THREATGUARD_HOME: server.home },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    let stderr = '';
    shell.stderr.on('data', (text) => {
      stderr += text;
    });
    expect(await new Promise((resolve) => shell.once('close', resolve))).toBe(0);
    expect(stderr.replace(/^20000 shown.*\n/m, '')).toBe('');
  });
});

describe('crypto report', () => {
  const host = {
    agentId: 'a-1',
    name: 'web-1',
    connected: true,
    tlsProtocol: 'TLSv1.3',
    tlsGroup: 'X25519MLKEM768',
    signatureAlgorithm: 'ML-DSA-65',
    keyId: 'ab'.repeat(32),
    certificateExpiresAtUs: Date.UTC(2026, 11, 21) * 1000,
    provider: 'openssl',
    sessionAtUs: Date.UTC(2026, 10, 21) * 1000,
    below: [],
  };

  it('lists what protects each host, and succeeds where all meet the policy', async () => {
    server.cryptoReport = { profile: 'standard', policy: 'standard', hosts: [host], below: 0 };
    const table = await run('crypto', 'report');
    expect(table.code).toBe(0);
    expect(table.stdout).toMatch(/web-1 +met .* TLSv1.3 X25519MLKEM768 +ML-DSA-65 +openssl +2026-12-21/);
    const [row] = JSON.parse((await run('crypto', 'report', '--output', 'json')).stdout);
    expect(row).toMatchObject({ agent: { name: 'web-1' }, tls: { group: 'X25519MLKEM768' }, provider: 'openssl' });
  });

  it('fails where one is below, after it has said which and why; a hostile name stays a name', async () => {
    const weak = { ...host, name: HOSTILE, below: ['group X25519MLKEM768 instead of SecP384R1MLKEM1024'] };
    server.cryptoReport = { profile: 'standard', policy: 'cnsa2', hosts: [weak, host], below: 1 };
    const { code, stdout, stderr } = await run('crypto', 'report', '--policy', 'cnsa2', '--output', 'csv');
    expect(code).toBe(1);
    expect(stdout).toContain('instead of SecP384R1MLKEM1024');
    expect(stdout).not.toMatch(RAW);
    expect(stderr).toContain('hosts below the policy cnsa2: 1 of 2');
    expect(server.calls.at(-1)).toMatchObject({ method: 'reportCrypto', request: { policy: 'cnsa2' } });
  });
});
