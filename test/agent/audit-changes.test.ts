// Who changed a file: real rules, a real kernel, real tools.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Activity, EventClass } from '@threatguard/proto';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readAgentConfig } from '../../agent/src/config.ts';
import { createFileSensor } from '../../agent/src/sensors/file/sensor.ts';
import { planSensors } from '../../agent/src/sensors/plan.ts';
import { createAuditChanges } from '../../agent/src/sensors/process/audit-changes.ts';
import { AuditSession } from '../../agent/src/sensors/process/audit-session.ts';
import type { Sensor } from '../../agent/src/sensors/sensor.ts';
import { listRules, takeKernelAudit } from '../support/kernel-audit.ts';
import { RecordingSink } from '../support/recording-sink.ts';
import { until } from '../support/until.ts';

const audit = await takeKernelAudit();

const READING = { recovered: () => undefined, register: () => undefined, synced: async () => undefined };

describe.skipIf(!audit.free)('who changed a file (needs root, auditctl, and no audit daemon)', () => {
  let home: string;
  let sensor: Sensor;
  let sink: RecordingSink;
  const at = (name: string) => join(home, name);

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'threatguard-changes-'));
    mkdirSync(at('cron.d'));
    writeFileSync(at('passwd'), 'root:x:0:0::/root:/bin/sh\n');
    sink = new RecordingSink();
    sensor = createFileSensor({
      homes: false,
      passwdFile: at('passwd'),
      criticalPaths: [
        { path: at('passwd'), depth: 0, root: at('.') },
        { path: at('cron.d'), depth: 1, root: at('cron.d') },
      ],
      authors: createAuditChanges(new AuditSession(), 'always'),
    });
    await sensor.start(sink);
  });
  afterEach(async () => {
    await sensor.stop();
    rmSync(home, { recursive: true, force: true });
    await audit.expectAsFound();
  });
  afterAll(() => audit.release());

  const run = (command: string) => execFileSync('sh', ['-c', command], { cwd: home });
  const change = (path: string, activity: Activity) =>
    until(() => sink.events.find((event) => event.file?.path === path && event.activity === activity), {
      limitMs: 5000,
      what: () => `a change of ${path}: ${JSON.stringify(sink.events)}`,
    });

  test.each([
    ['written by a shell', 'passwd', Activity.FILE_MODIFIED, (path: string) => `echo x >> ${path}`, 'sh'],
    ['replaced by a rename', 'passwd', Activity.FILE_MODIFIED, (path: string) => `echo y > new; mv new ${path}`, 'mv'],
    ['given another mode', 'passwd', Activity.FILE_ATTRIBUTES, (path: string) => `chmod 600 ${path}`, 'chmod'],
    ['removed', 'passwd', Activity.FILE_DELETED, (path: string) => `rm ${path}`, 'rm'],
    ['named from where the tool stands', 'passwd', Activity.FILE_MODIFIED, () => 'sed -i s/root/toor/ passwd', 'sed'],
    ['made in a watched directory', 'cron.d/job', Activity.FILE_CREATED, (path: string) => `touch ${path}`, 'touch'],
  ])('%s, the event has user and process', async (_what, name, activity, command, program) => {
    run(command(at(name)));
    const event = await change(at(name), activity);
    expect(event).toMatchObject({ user: { id: 0, name: 'root' }, process: { name: program }, missing: [] });
    expect(event.process?.pid).toBeGreaterThan(0);
    expect(event.process?.args?.length).toBeGreaterThan(0);
  });

  test('an account that came with an editor names who added it', async () => {
    run(`echo 'eve:x:0:0::/:/bin/sh' >> passwd`);
    const event = await change(at('passwd'), Activity.USER_CREATED);
    expect(event).toMatchObject({ class: EventClass.ACCOUNT, targetUser: { name: 'eve' }, process: { name: 'sh' } });
  });

  test('the rules are ours, and gone when the sensor stops', async () => {
    expect(listRules()).toContain(`-w ${at('passwd')} -p wa -k threatguard`);
    expect(listRules()).toContain(`dir=${at('cron.d')}`);
    await sensor.stop();
    expect(listRules()).toBe('No rules\n');
    writeFileSync(at('passwd'), 'nobody is watching\n');
  });

  test('the sensors of one agent share a connection, and leave nothing of it', async () => {
    await sensor.stop();
    const config = readAgentConfig(home, { THREATGUARD_AUDIT: 'on' }).sensors;
    config.auth.journal = 'off';
    const plans = planSensors({
      config,
      home,
      checkpoints: READING,
      pace: () => 1,
      clockOffsetUs: () => undefined,
    });
    const sensors = await Promise.all(plans.map(({ create }) => create()));
    for (const each of sensors) await each.start(sink);
    expect(listRules()).toContain('-w /etc/passwd -p wa -k threatguard');
    expect(sensors.find(({ name }) => name === 'auth')?.health().source).toContain('kernel audit');
    await Promise.all(sensors.map((each) => each.stop()));
    await audit.expectAsFound();
    expect(sink.events.filter((event) => event.activity === Activity.AUDIT_CONFIG)).toEqual([]);
  });
});
