import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isOtherListener } from '../../agent/src/sensors/process/audit-listeners.ts';
import {
  AUDIT_KEY,
  encodeDirectoryWatch,
  encodeExecRules,
  encodeFileWatch,
  keyOfRule,
} from '../../agent/src/sensors/process/audit-rules.ts';
import { type AuditReader, AuditSession } from '../../agent/src/sensors/process/audit-session.ts';
import { listRules, readStatus, setStatus, takeKernelAudit } from '../support/kernel-audit.ts';
import { until } from '../support/until.ts';

const audit = await takeKernelAudit();

const reader = (rules: Uint8Array[] = [], records: string[] = []): AuditReader => ({
  rules,
  onRecords: (parts) => records.push(...parts.map(({ text }) => text)),
  onLost: () => undefined,
});

test('the key of a rule is found behind its other texts', () => {
  expect(keyOfRule(encodeFileWatch('/etc/passwd', 'k1'))).toBe('k1');
  for (const rule of encodeDirectoryWatch('x64', '/etc/cron.d', 'key2')) expect(keyOfRule(rule)).toBe('key2');
  expect(keyOfRule(new Uint8Array(8))).toBe('');
});

test.each([
  ['journald', '00000000 9   1   00000001 0 0 0 2 0 42', true],
  ['our own socket', '00000000 9   -99 00000001 0 0 0 2 0 77', false],
  ['a socket of another protocol', '00000000 15  1   00000001 0 0 0 2 0 42', false],
  ['one that asks and does not listen', '00000000 9   812 00000000 0 0 0 2 0 42', false],
])('who else keeps the records of the multicast group: %s', (_what, row, expected) => {
  expect(isOtherListener(row, new Set(['77']))).toBe(expected);
});

describe.skipIf(!audit.free)('the connection to the kernel audit (needs root, auditctl, and no audit daemon)', () => {
  let home: string;
  let stateFile: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'threatguard-audit-'));
    stateFile = join(home, 'state', 'audit.json');
  });
  afterEach(async () => {
    rmSync(home, { recursive: true, force: true });
    await audit.expectAsFound();
  });
  afterAll(() => audit.release());

  test('is shared: rules and settings stay as long as one reader is left', async () => {
    const session = new AuditSession(stateFile);
    const [first, second] = [
      reader(encodeExecRules(process.arch, AUDIT_KEY)),
      reader([encodeFileWatch(`${home}/x`, AUDIT_KEY)]),
    ];
    await session.attach(first, 'always');
    await session.attach(second, 'chosen');
    expect(listRules()).toContain(`-w ${home}/x -p wa -k ${AUDIT_KEY}`);
    await session.detach(first);
    expect(listRules()).not.toContain('execve');
    expect(await readStatus()).toMatchObject({ enabled: 1, backlogWaitTime: 0, pid: process.pid });
    await session.detach(second);
    await session.detach(second);
    expect(existsSync(stateFile)).toBe(false);
  });

  test('the host has its settings back before the kernel is through with hundreds of rules, and those go too', async () => {
    const session = new AuditSession(stateFile);
    const many = reader(Array.from({ length: 200 }, (_, index) => encodeFileWatch(`${home}/${index}`, AUDIT_KEY)));
    await session.attach(many, 'always');
    const detached = session.detach(many);
    const { enabled, backlogWaitTime } = audit.before!;
    const back = async () => {
      const now = await readStatus();
      return now.enabled === enabled && now.backlogWaitTime === backlogWaitTime;
    };
    await until(back, { limitMs: 2000, what: 'the settings' });
    expect(listRules()).toContain(AUDIT_KEY);
    await detached;
    expect(listRules()).toBe('No rules\n');
    expect((await readStatus()).pid).toBe(0);
  });

  test.each(['on', 'chosen'] as const)(
    'is not switched on for a reader that wants it only where it is: %s',
    async (when) => {
      await expect(new AuditSession(stateFile).attach(reader(), when)).rejects.toMatchObject({ code: 'off' });
    },
  );

  test('where audit is on and nobody has chosen rules, none are added', async () => {
    await setStatus({ enabled: 1 });
    const session = new AuditSession(stateFile);
    const refused = session.attach(reader([encodeFileWatch(`${home}/x`, AUDIT_KEY)]), 'chosen');
    await expect(refused).rejects.toMatchObject({ code: 'off' });
    const plain = reader();
    await session.attach(plain, 'on');
    await session.detach(plain);
    expect((await readStatus()).enabled).toBe(1);
    await setStatus({ enabled: 0 });
  });

  /** An agent that is killed while it holds rules and settings. */
  async function killedAgent(): Promise<void> {
    const script = `import { AuditSession } from './agent/src/sensors/process/audit-session.ts';
      import { encodeExecRules } from './agent/src/sensors/process/audit-rules.ts';
      const rules = encodeExecRules(process.arch, '${AUDIT_KEY}');
      await new AuditSession('${stateFile}').attach({ rules, onRecords() {}, onLost() {} }, 'always');
      console.log('reading');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise<void>((resolve) => createInterface({ input: child.stdout }).once('line', () => resolve()));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    // The kernel notices that its daemon is gone with the next record.
    await until(async () => (await readStatus()).pid === 0 || execFileSync('/bin/true') === null, {
      limitMs: 5000,
      what: 'the kernel to notice',
    });
  }

  test('after kill -9 the next start takes back rules and settings, and leaves those of others', async () => {
    const other = ['always,exit', '-F', 'arch=b64', '-S', 'adjtimex', '-k', 'someone-else'];
    execFileSync('auditctl', ['-a', ...other]);
    await killedAgent();
    expect(listRules()).toContain(`key=${AUDIT_KEY}`);
    expect(await readStatus()).toMatchObject({ enabled: 1, backlogWaitTime: 0, backlogLimit: 32_768 });
    await expect(new AuditSession(stateFile).attach(reader(), 'on')).rejects.toMatchObject({ code: 'off' });
    expect(listRules()).toContain('someone-else');
    execFileSync('auditctl', ['-d', ...other]);
  });

  test('after kill -9 a damaged state file still lets the rules be removed; settings stay harmless', async () => {
    await killedAgent();
    writeFileSync(stateFile, '{"boot"');
    const session = new AuditSession(stateFile);
    const plain = reader();
    await session.attach(plain, 'always');
    expect(listRules()).toBe('No rules\n');
    await session.detach(plain);
    const { enabled, backlogLimit, backlogWaitTime } = audit.before!;
    await setStatus({ enabled, backlogLimit, backlogWaitTime });
  });

  test('nothing is printed to the kernel log while it reads, and every exec arrives', async () => {
    const session = new AuditSession(stateFile);
    const records: string[] = [];
    const exec = reader(encodeExecRules(process.arch, AUDIT_KEY), records);
    await session.attach(exec, 'always');
    const marker = `audit-print-${process.pid}`;
    execFileSync('sh', ['-c', `for i in $(seq 100); do /bin/true ${marker}; done`]);
    await until(() => records.filter((text) => text.includes(`a1="${marker}"`)).length === 100, {
      limitMs: 10_000,
      what: '100 execs',
    });
    await session.detach(exec);
    expect(execFileSync('dmesg', { encoding: 'utf8' }).split(marker)).toHaveLength(1);
  });
});
