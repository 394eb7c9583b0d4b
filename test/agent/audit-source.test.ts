import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Activity, type HostEvent } from '@threatguard/proto';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAuditSource } from '../../agent/src/sensors/process/audit-source.ts';
import type { ProcessSource } from '../../agent/src/sensors/process/source.ts';
import { hasProgram, listRules, readStatus, setStatus, takeKernelAudit } from '../support/kernel-audit.ts';
import { RecordingSink } from '../support/recording-sink.ts';
import { until } from '../support/until.ts';

const audit = await takeKernelAudit();

describe.skipIf(!audit.free)('execs by kernel audit (needs root, auditctl, and no audit daemon)', () => {
  let sink: RecordingSink;
  let source: ProcessSource;

  const execOf = (marker: string): HostEvent | undefined =>
    sink.events.find((event) => event.process?.args?.includes(marker));
  const changes = () => sink.events.filter((event) => event.activity === Activity.AUDIT_CONFIG);
  const seen = (marker: string) => until(() => execOf(marker), { limitMs: 5000, what: `the exec of ${marker}` });

  beforeEach(() => {
    sink = new RecordingSink();
    source = createAuditSource();
  });

  afterEach(async () => {
    await source.stop();
    await audit.expectAsFound();
  });

  afterAll(async () => {
    await audit.release();
  });

  test('a process that ends at once is seen whole', async () => {
    await source.start(sink);
    execFileSync('/bin/echo', ['audit-one', 'a b', 'x"y'], { cwd: '/usr' });
    const event = await seen('audit-one');
    expect(event).toMatchObject({
      sensor: 'process.audit',
      user: { id: 0, name: 'root' },
      process: { args: ['/bin/echo', 'audit-one', 'a b', 'x"y'], argsTruncated: false, workingDirectory: '/usr' },
    });
    expect(event.process?.executable).toMatch(/\/echo$/);
    expect(event.process?.parentPid).toBe(process.pid);
    expect(event.process?.parentExecutable).toBe(process.execPath);
    expect(Math.abs((event.observedAtUs ?? 0) - Date.now() * 1000)).toBeLessThan(10_000_000);
  });

  test('arguments longer than a record are put together', async () => {
    await source.start(sink);
    const long = 'y'.repeat(20_000);
    execFileSync('/bin/echo', ['audit-long', long]);
    expect((await seen('audit-long')).process).toMatchObject({
      args: ['/bin/echo', 'audit-long', long],
      argsTruncated: false,
    });
  });

  test('no exec of a burst is missing, and none is counted twice', async () => {
    await source.start(sink);
    const count = 300;
    execFileSync('sh', ['-c', `for i in $(seq ${count}); do /bin/true audit-burst $i; done`]);
    const burst = () => sink.events.filter((event) => event.process?.args?.[1] === 'audit-burst');
    await until(() => burst().length >= count, {
      limitMs: 10_000,
      what: () => `${count} execs, saw ${burst().length}`,
    });
    expect(new Set(burst().map((event) => event.process?.args?.[2])).size).toBe(count);
    expect(burst()).toHaveLength(count);
    expect(sink.losses).toEqual([]);
  });

  test('while it runs the host never waits for audit nor panics over it', async () => {
    await source.start(sink);
    const status = await readStatus();
    expect(status).toMatchObject({ backlogWaitTime: 0, enabled: 1, pid: process.pid });
    expect(status.failure).toBeLessThan(2);
  });

  test('audit switched off by someone else is an event, and is said', async () => {
    await source.start(sink);
    execFileSync('auditctl', ['-e', '0']);
    const event = await until(() => changes()[0], { limitMs: 5000, what: 'the change of the audit configuration' });
    expect(event.original).toContain('audit_enabled=0 old=1');
    await until(() => source.detail().includes('switched off'), { limitMs: 5000, what: 'the word of it' });
  });

  test('our rule removed by someone else is an event', async () => {
    await source.start(sink);
    execFileSync('auditctl', ['-D', '-k', 'threatguard']);
    const event = await until(() => changes()[0], { limitMs: 5000, what: 'the removal of the rule' });
    expect(event.original).toContain('remove_rule');
  });

  test('a rule of someone else stays, and adding it is no alarm', async () => {
    const other = ['always,exit', '-F', 'arch=b64', '-S', 'adjtimex', '-k', 'someone-else'];
    await source.start(sink);
    execFileSync('auditctl', ['-a', ...other]);
    execFileSync('/bin/echo', ['audit-after-rule']);
    await seen('audit-after-rule');
    expect(changes()).toEqual([]);
    await source.stop();
    expect(listRules()).toContain('someone-else');
    expect(listRules()).not.toContain('threatguard');
    execFileSync('auditctl', ['-d', ...other]);
  });

  test('settings that someone else has changed meanwhile stay as they are', async () => {
    await source.start(sink);
    await setStatus({ backlogLimit: 9999 });
    await source.stop();
    expect((await readStatus()).backlogLimit).toBe(9999);
    await setStatus({ backlogLimit: audit.before?.backlogLimit ?? 64 });
  });

  test('is refused where the configuration is not ours to read, and leaves nothing behind', () => {
    const script = `import { createAuditSource } from './agent/src/sensors/process/audit-source.ts';
      await createAuditSource().start({ emit() {}, lose() {} }).catch((error) => console.log(error.message));`;
    const result = spawnSync('setpriv', [
      ...['--bounding-set', '-all', '--inh-caps', '-all', '--reuid', '65534', '--clear-groups'],
      ...[process.execPath, '--input-type=module', '-e', script],
    ]);
    expect(result.stdout.toString()).toContain('CAP_AUDIT_CONTROL');
  });

  describe.skipIf(!hasProgram('auditd'))('beside an audit daemon (needs auditd)', () => {
    let daemon: ChildProcess | undefined;
    let home: string;

    const startDaemon = (): ChildProcess => {
      daemon = spawn('auditd', ['-n', '-s', 'nochange', '-c', home], { stdio: 'ignore' });
      return daemon;
    };
    const ended = (child: ChildProcess) =>
      until(() => child.exitCode !== null, { limitMs: 5000, what: 'auditd to end' });
    const logged = (marker: string) =>
      until(() => readFileSync(join(home, 'audit.log'), 'utf8').includes(marker), {
        limitMs: 5000,
        what: `the daemon to log ${marker}`,
      });
    const inCharge = (pid: number) =>
      until(async () => (await readStatus()).pid === pid, { limitMs: 5000, what: `process ${pid} in charge of audit` });

    beforeEach(() => {
      home = mkdtempSync(join(tmpdir(), 'threatguard-auditd-'));
      const settings = [`log_file = ${home}/audit.log`, 'local_events = yes', 'log_format = RAW', 'flush = NONE'];
      const actions = ['space_left', 'admin_space_left', 'disk_full', 'disk_error'].map(
        (on) => `${on}_action = IGNORE`,
      );
      settings.push(...actions, 'space_left = 3', 'admin_space_left = 2', 'max_log_file = 8', 'num_logs = 2');
      writeFileSync(join(home, 'auditd.conf'), `${settings.join('\n')}\n`, { mode: 0o640 });
    });

    afterEach(async () => {
      if (daemon?.exitCode === null) {
        daemon.kill('SIGTERM');
        await ended(daemon);
      }
      rmSync(home, { recursive: true, force: true });
    });

    test('leaves it its place, and both see the exec', async () => {
      const child = startDaemon();
      await inCharge(child.pid!);
      await source.start(sink);
      execFileSync('/bin/echo', ['audit-beside']);
      expect((await seen('audit-beside')).process?.args).toEqual(['/bin/echo', 'audit-beside']);
      expect((await readStatus()).pid).toBe(child.pid);
      await logged('audit-beside');
      await source.stop();
      expect((await readStatus()).pid).toBe(child.pid);
    });

    test('gives it the place when it starts later, and sees on', async () => {
      await source.start(sink);
      await ended(startDaemon());
      const child = startDaemon();
      await inCharge(child.pid!);
      execFileSync('/bin/echo', ['audit-yielded']);
      expect((await seen('audit-yielded')).process?.args).toEqual(['/bin/echo', 'audit-yielded']);
      expect(changes()).toEqual([]);
    });

    test('tells when it goes', async () => {
      const child = startDaemon();
      await inCharge(child.pid!);
      await source.start(sink);
      // It takes signals only once it reads records.
      execFileSync('/bin/echo', ['audit-served']);
      await logged('audit-served');
      child.kill('SIGTERM');
      const event = await until(() => changes()[0], { limitMs: 5000, what: 'the end of the daemon' });
      expect(event.original).toContain('audit_pid=0');
    });
  });
});
