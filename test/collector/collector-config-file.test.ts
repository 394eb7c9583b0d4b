import { execFile } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCollectorConfig } from '../../collector/src/config.ts';
import { homePaths } from '../../collector/src/fleet/home.ts';
import { consoleAddress, initHome } from '../../collector/src/init.ts';
import { initialConfig } from '../../collector/src/initial-config.ts';
import { parseListen } from '../../collector/src/listen-address.ts';
import { CollectorProcess } from '../support/collector.ts';
import { emptyPglite } from '../support/pglite.ts';
import { ROOT } from '../support/source-files.ts';

const BIN = join(ROOT, 'collector', 'bin', 'threatguard-collector.js');
let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'threatguard-init-'));
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

function read(text: string, environment: Record<string, string> = {}) {
  return readCollectorConfig({ file: 'collector.yaml', text, environment });
}

describe('collector.yaml', () => {
  it('as init writes it gives the defaults', () => {
    expect(read(initialConfig('0.0.0.0:7443'))).toEqual({ ...read(''), listen: '0.0.0.0:7443' });
    expect(read('')).toMatchObject({ listen: '127.0.0.1:7443', agents: { silent_after_seconds: 60 } });
  });

  it('gives way to the environment', () => {
    const environment = { THREATGUARD_LISTEN: '[::1]:1', THREATGUARD_DATABASE_URL: 'postgres://u:p@h/d' };
    expect(read('listen: 127.0.0.1:2', environment)).toMatchObject({
      listen: '[::1]:1',
      database: { url: 'postgres://u:p@h/d' },
    });
  });

  it.each([
    ['listen: 7443', /collector.yaml:1: listen/],
    ['listen: 127.0.0.1:70000', /HOST:PORT/],
    ['listn: a:1', /did you mean "listen"/],
    ['agents:\n  silent_after_seconds: 0', /collector.yaml:2: agents.silent_after_seconds/],
    ['retention:\n  events_days: 0', /collector.yaml:2: retention.events_days/],
    ['retention:\n  event_days: 9', /did you mean "events_days"/],
    ['nats:\n  url: http://x', /nats:\/\/USER:PASSWORD@HOST:PORT/],
    ['database:\n  url: mysql://x', /postgres:\/\//],
    ['listen: [', /collector.yaml:1/],
  ])('is refused with file, line and remedy: %j', (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it.each([
    ['127.0.0.1:7443', { host: '127.0.0.1', port: 7443 }],
    ['[::]:0', { host: '::', port: 0 }],
    ['collector.example:1', { host: 'collector.example', port: 1 }],
    ['7443', undefined],
    ['::1:7443', undefined],
    ['host:99999', undefined],
  ])('reads the address %s', (text, expected) => {
    expect(parseListen(text)).toEqual(expected);
  });

  it.each([
    ['0.0.0.0:1', '127.0.0.1:1'],
    ['[::]:1', '[::1]:1'],
    ['192.0.2.1:1', '192.0.2.1:1'],
  ])('a console on this host reaches %s at %s', (listen, address) => {
    expect(consoleAddress(listen)).toBe(address);
  });
});

describe('init', () => {
  const KEYS = [
    'collector/ca/ca.key',
    'collector/tls/collector.key',
    'collector/kem/epoch-1.key',
    'console/console.key',
  ];
  const init = () => initHome({ home, listen: '127.0.0.1:0', nowMs: Date.now() });

  it('makes keys only their owner can read, and never makes them again', async () => {
    const first = await init();
    const before = KEYS.map((key) => readFileSync(join(home, key), 'utf8'));
    for (const key of KEYS) expect(statSync(join(home, key)).mode & 0o777).toBe(0o600);
    for (const directory of ['collector', 'collector/ca', 'console']) {
      expect(statSync(join(home, directory)).mode & 0o777).toBe(0o700);
    }
    expect(createPrivateKey(before[2]!).asymmetricKeyType).toBe('ml-kem-768');
    // The secret that makes the first admin is told once.
    expect(first.firstAdminSecret).toMatch(/^[\w-]{32}$/);
    expect(await init()).toEqual({ ...first, firstAdminSecret: undefined });
    expect(KEYS.map((key) => readFileSync(join(home, key), 'utf8'))).toEqual(before);
  });

  it('that was interrupted is completed by the next', async () => {
    const first = await init();
    for (const lost of [
      'collector/ca/ca.crt',
      'collector/kem/epoch-1.key',
      'console/console.crt',
      'console/console.json',
    ]) {
      unlinkSync(join(home, lost));
    }
    expect((await init()).caSha256).toBe(first.caSha256);
    (await emptyPglite())(homePaths(home).storeDirectory);
    await using collector = await CollectorProcess.start(home);
    expect(collector.address).toMatch(/^127\.0\.0\.1:\d+$/);
  });
});

describe('the command', () => {
  const run = promisify(execFile);

  it.each([{ INVOCATION_ID: 'x' }, { THREATGUARD_UNATTENDED: '1' }])(
    'init makes no secret where a log would keep it: %o',
    async (environment) => {
      const args = [BIN, 'init', '--home', home, '--listen', '127.0.0.1:0'];
      const logged = await run(process.execPath, args, { env: { ...process.env, ...environment } });
      expect(logged.stdout).not.toContain('first admin');
      expect((await run(process.execPath, args)).stdout).toMatch(/^first admin: [\w-]{32}$/m);
      expect((await run(process.execPath, args)).stdout).not.toContain('first admin');
    },
  );

  it('init prints the fingerprint, run serves until SIGTERM and exits 0', async () => {
    const { stdout } = await run(process.execPath, [BIN, 'init', '--home', home, '--listen', '127.0.0.1:0']);
    expect(stdout).toMatch(/CA fingerprint \(SHA-256\): [0-9a-f]{64}/);
    (await emptyPglite())(homePaths(home).storeDirectory);
    const collector = await CollectorProcess.start(home);
    expect(await collector.stop('SIGTERM')).toBe(0);
  });

  it('makes another console identity', async () => {
    await initHome({ home, listen: '0.0.0.0:7443', nowMs: Date.now() });
    const output = join(home, 'bob');
    await run(process.execPath, [BIN, 'console-certificate', '--home', home, '--name', 'bob', '-o', output]);
    expect(JSON.parse(readFileSync(join(output, 'console.json'), 'utf8'))).toEqual({ collector: '127.0.0.1:7443' });
  });

  it('says what there is, and of one command what that one takes', async () => {
    expect((await run(process.execPath, [BIN])).stdout).toContain('threatguard-collector run --home DIR');
    const { stdout } = await run(process.execPath, [BIN, 'init', '--help']);
    expect(stdout).toContain('init --home DIR');
    expect(stdout).not.toContain('run --home');
  });

  it.each([
    [['run'], 2, /--home/],
    [['run', '--home', '/nonexistent/threatguard'], 2, /threatguard-collector init/],
    [['run', 'twice', '--home', '/nonexistent'], 2, /"run" takes no "twice"/],
    [['fly', '--home', '/tmp'], 2, /unknown command: fly/],
    [['inti', '--home', '/tmp'], 2, /did you mean "init"\?/],
    [['console-certificate', '--home', '/tmp', '--name', '../x', '-o', '/tmp'], 2, /--name takes letters/],
    [['init', '--home', '/tmp', '--listen', 'x'], 2, /HOST:PORT/],
    [['--wrong'], 2, /--wrong/],
  ])('%j exits with %i and says why', async (words, code, message) => {
    const environment = { ...process.env, THREATGUARD_HOME: '' };
    const failed = await run(process.execPath, [BIN, ...words], { env: environment }).catch((error) => error);
    expect(failed.code).toBe(code);
    expect(failed.stderr).toMatch(message);
  });
});
