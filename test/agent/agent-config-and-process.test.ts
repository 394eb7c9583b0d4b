import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventClass } from '@threatguard/proto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readAgentConfig } from '../../agent/src/config.ts';
import { enrol } from '../../agent/src/identity/enrol.ts';
import { FakeCollector } from '../support/fake-collector.ts';
import { until } from '../support/until.ts';

const BIN = join(import.meta.dirname, '../../agent/bin/threatguard-agent.js');
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'tg-agent-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const withYaml = (text: string) => writeFileSync(join(home, 'agent.yaml'), text);

function command(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  return { status, stdout, stderr };
}

describe('the configuration', () => {
  test('without a file has every sensor on and a spool of 256 MiB', () => {
    const config = readAgentConfig(home, {});
    expect(config.spool.bytesMax).toBe(256 * 1024 * 1024);
    expect(config.batch).toEqual({ ageMsMax: 1000, urgentMs: 5 });
    const { audit, ...sensors } = config.sensors;
    expect(audit).toBe('auto');
    expect(Object.values(sensors).every(({ enabled }) => enabled)).toBe(true);
  });

  test('takes what the file says, and the environment over it', () => {
    withYaml('collector: a.example:1\nlog: {level: debug}\nsensors: {auth: {logs: [/var/log/x.log], journal: off}}\n');
    const environment = { THREATGUARD_COLLECTOR: 'b.example:2', THREATGUARD_SPOOL_BYTES_MAX: '67108864' };
    const config = readAgentConfig(home, environment);
    expect(config).toMatchObject({
      collector: 'b.example:2',
      log: { level: 'debug' },
      spool: { bytesMax: 67_108_864 },
    });
    expect(config.sensors.auth).toEqual({ enabled: true, logs: ['/var/log/x.log'], journal: 'off' });
  });

  test.each([
    ['an unknown key, with the nearest', 'spool: {bytesMx: 1}', 'did you mean "bytesMax"'],
    ['an unknown sensor', 'sensors: {netwrk: {}}', 'did you mean "network"'],
    ['a spool too small for two envelopes', 'spool: {bytesMax: 1000}', '32 MiB'],
    ['a collector without a port', 'collector: example.net', 'HOST:PORT'],
    ['a log with a relative path', 'sensors: {auth: {logs: [x.log]}}', 'absolute path'],
    ['a fast lane slower than its promise', 'batch: {urgentMs: 21}', 'batch.urgentMs'],
    ['what is not YAML', 'a: [', 'agent.yaml:1'],
  ])('refuses %s', (_name, text, message) => {
    withYaml(text);
    expect(() => readAgentConfig(home, {})).toThrow(message);
    expect(() => readAgentConfig(home, {})).toThrow('agent.yaml');
  });
});

describe('the command', () => {
  test.each([
    [['--help'], 0, 'Examples:'],
    [['run', '--help'], 0, '--auth-log'],
    [['enroll', '--help'], 0, '--force'],
    [['--version'], 0, /^\d+\.\d+\.\d+\n$/],
  ])('%j exits %i', (args, status, expected) => {
    const result = command(...args);
    expect(result.status).toBe(status);
    expect(result.stdout).toMatch(expected);
  });

  test.each([
    [[], 2, 'enroll, run, config, parse, doctor, keys or demo'],
    [['runn'], 2, 'no command "runn"'],
    [['run', '--hom', '/x'], 2, '--hom'],
    [['enroll', '--token', 't'], 2, '--collector'],
    [['enroll', '--collector', 'c:1'], 2, '--token'],
    [['parse'], 2, '--sensor'],
  ])('%j exits %i and says why', (args, status, expected) => {
    const result = command(...args);
    expect(result.status).toBe(status);
    expect(result.stderr).toContain(expected);
  });

  test('a host that is not enrolled is told how', () => {
    const result = command('run', '--home', home);
    expect(result).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('threatguard-agent enroll --collector'),
    });
  });

  test('a wrong agent.yaml stops the start with file and line', () => {
    withYaml('\nspol: {}\n');
    const result = command('run', '--home', home);
    expect(result).toMatchObject({ status: 1, stderr: expect.stringContaining('agent.yaml:2: spol') });
  });
});

describe('a running agent', () => {
  const running = new Set<ChildProcess>();
  let collector: FakeCollector;

  beforeEach(async () => {
    collector = await FakeCollector.start();
    await enrol({
      home,
      collector: collector.address,
      token: collector.token,
      name: 'h',
      machineId: 'm',
      force: false,
    });
  });
  afterEach(async () => {
    for (const child of running) {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    running.clear();
    await collector[Symbol.asyncDispose]();
  });

  function start(...args: string[]) {
    const child = spawn(process.execPath, [BIN, 'run', '--home', home, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    running.add(child);
    const lines: Record<string, unknown>[] = [];
    let text = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const whole = text.split('\n');
      text = whole.pop()!;
      for (const line of whole) if (line.startsWith('{')) lines.push(JSON.parse(line));
    });
    const said = (msg: string) =>
      until(() => lines.find((line) => line.msg === msg), {
        limitMs: 20_000,
        what: () => `"${msg}" among ${JSON.stringify(lines)}`,
      });
    return { child, said };
  }

  test('says ready and connected, delivers a first sample, and ends with 0 on SIGTERM', async () => {
    withYaml(
      'sensors: {auth: {enabled: false}, process: {enabled: false}, network: {enabled: false}, file: {enabled: false}}',
    );
    const { child, said } = start();
    await said('ready');
    await said('connected');
    await until(() => collector.events.length, { limitMs: 10_000, what: 'an event' });
    expect(collector.events[0]).toMatchObject({ class: EventClass.HOST, sensor: 'host' });
    expect(collector.events[0]!.host!.memoryTotalBytes).toBeGreaterThan(0);
    await until(() => collector.heartbeats.length, { limitMs: 10_000, what: 'a heartbeat' });
    expect(collector.heartbeats.at(-1)!.sensors).toMatchObject([
      { sensor: 'host', state: 'running' },
      { sensor: 'agent', source: 'self', state: 'running', detail: expect.stringContaining('ceiling 5 %') },
    ]);
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
  });

  test('is the only one with its home', async () => {
    withYaml(
      'sensors: {auth: {enabled: false}, process: {enabled: false}, network: {enabled: false}, file: {enabled: false}}',
    );
    await start().said('ready');
    expect(command('run', '--home', home)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('another agent runs'),
    });
  });

  test('killed with SIGKILL while the collector is away, loses nothing that was spooled, and goes on with its stream', async () => {
    const log = join(home, 'auth.log');
    writeFileSync(log, '');
    withYaml(
      'sensors: {process: {enabled: false}, network: {enabled: false}, file: {enabled: false}, host: {enabled: false}}',
    );
    const users = Array.from({ length: 20 }, (_, index) => `user${index}`);
    const line = (user: string) =>
      `${new Date().toISOString()} h sshd[9]: Failed password for ${user} from 192.0.2.1 port 5 ssh2\n`;
    const seen = () => new Set(collector.events.map((event) => event.user?.name));
    const first = start('--auth-log', log);
    await first.said('ready');
    await first.said('connected');
    appendFileSync(log, line('before'));
    await until(() => seen().has('before'), { limitMs: 10_000, what: 'the first event' });
    collector.stop();
    for (const user of users) appendFileSync(log, line(user));
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    await collector.listen();
    const second = start('--auth-log', log);
    await second.said('connected');
    await until(() => users.every((user) => seen().has(user)), {
      limitMs: 10_000,
      what: () => `all users; came: ${[...seen()]}`,
    });
    const streams = new Set(collector.received.map(({ header }) => Buffer.from(header.streamId).toString('hex')));
    expect(streams.size).toBe(1);
  });

  test('killed with SIGKILL again and again while lines arrive, delivers each line exactly once', async () => {
    const log = join(home, 'auth.log');
    writeFileSync(log, '');
    withYaml(
      'sensors: {process: {enabled: false}, network: {enabled: false}, file: {enabled: false}, host: {enabled: false}}',
    );
    const written: string[] = [];
    const write = () => {
      const user = `once${written.length}`;
      written.push(user);
      appendFileSync(
        log,
        `${new Date().toISOString()} h sshd[9]: Failed password for ${user} from 192.0.2.1 port 5 ssh2\n`,
      );
    };
    let writer: NodeJS.Timeout | undefined;
    try {
      for (let kills = 0; kills < 5; kills++) {
        const { child, said } = start('--auth-log', log);
        await said('ready'); // the first one begins at the end of the log
        await said('connected');
        writer ??= setInterval(write, 10);
        // Then the cursor file is behind the spool, and not everything that was sent is acknowledged.
        const before = collector.received.length;
        await until(() => collector.received.length > before + 3 + kills, { limitMs: 10_000, what: 'more envelopes' });
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    } finally {
      clearInterval(writer);
    }
    await start('--auth-log', log).said('connected');
    // An envelope may be sent twice, under the same sequence: the collector knows it by that.
    const delivered = () => {
      const envelopes = new Map(
        collector.received.map(({ header, events }) => [
          `${Buffer.from(header.streamId).toString('hex')} ${header.sequence}`,
          events,
        ]),
      );
      return [...envelopes.values()].flat().map((event) => event.user?.name);
    };
    await until(() => delivered().length >= written.length, {
      limitMs: 10_000,
      what: () => `${written.length} events; ${delivered().length} came`,
    });
    expect(delivered().toSorted()).toEqual(written.toSorted());
  });
});
