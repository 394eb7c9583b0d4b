// Logons that kernel audit and a log both tell, and those that audit alone tells: with a real sshd, PAM and kernel.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Activity, EventClass, type HostEvent, Outcome, toEcs } from '@threatguard/proto';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isSameFact, standingOf } from '../../agent/src/sensors/auth/audit-facts.ts';
import { createAuthSensor } from '../../agent/src/sensors/auth/sensor.ts';
import { parseAuditLine } from '../../agent/src/sensors/process/audit-line.ts';
import { AuditSession } from '../../agent/src/sensors/process/audit-session.ts';
import { userEvent } from '../../agent/src/sensors/process/audit-user.ts';
import type { Sensor } from '../../agent/src/sensors/sensor.ts';
import { takeKernelAudit } from '../support/kernel-audit.ts';
import { RecordingSink } from '../support/recording-sink.ts';
import { serverPath } from '../support/servers.ts';
import { type Sshd, startSshd } from '../support/sshd.ts';
import { until } from '../support/until.ts';

const audit = await takeKernelAudit();
const checkpoints = { recovered: () => undefined, register: () => undefined, synced: async () => undefined };

const HEAD = 'msg=audit(1700000000.123:7): pid=9 uid=0 auid=4294967295 ses=4294967295 msg=';
const TAIL = 'hostname=192.0.2.7 addr=192.0.2.7 terminal=ssh res=';

function standing(line: string): string {
  const record = parseAuditLine(line)!;
  const event = userEvent(record);
  return event ? standingOf(record, event) : 'none';
}

describe('of the records of one logon, the fact is', () => {
  test.each([
    [
      'fact',
      'a password that PAM refused',
      `type=USER_AUTH ${HEAD}'op=PAM:authentication acct="a" exe="/usr/sbin/sshd" ${TAIL}failed'`,
    ],
    [
      'none',
      'a password that PAM took: USER_ACCT follows',
      `type=USER_AUTH ${HEAD}'op=PAM:authentication acct="a" exe="/usr/sbin/sshd" ${TAIL}success'`,
    ],
    [
      'fact',
      'an account let in',
      `type=USER_ACCT ${HEAD}'op=PAM:accounting acct="a" exe="/usr/sbin/sshd" ${TAIL}success'`,
    ],
    [
      'fact',
      'an account that may not come in',
      `type=USER_ACCT ${HEAD}'op=PAM:accounting acct="a" exe="/usr/sbin/sshd" ${TAIL}failed'`,
    ],
    [
      'second',
      'what sshd says itself',
      `type=USER_LOGIN ${HEAD}'op=login acct="a" exe="/usr/sbin/sshd" ${TAIL}failed'`,
    ],
    ['none', 'a session', `type=USER_START ${HEAD}'op=PAM:session_open acct="a" exe="/usr/sbin/sshd" ${TAIL}success'`],
    [
      'fact',
      'the end of a session',
      `type=USER_END ${HEAD}'op=PAM:session_close acct="a" exe="/usr/sbin/sshd" ${TAIL}success'`,
    ],
    [
      'none',
      'the noise of a client that left',
      `type=USER_ERR ${HEAD}'op=PAM:bad_ident acct="?" exe="/usr/sbin/sshd" ${TAIL}failed'`,
    ],
    ['none', 'a job', `type=USER_ACCT ${HEAD}'op=PAM:accounting acct="root" exe="/usr/sbin/cron" ${TAIL}success'`],
    [
      'none',
      'what sudo asks PAM',
      `type=USER_ACCT ${HEAD}'op=PAM:accounting acct="a" exe="/usr/bin/sudo" ${TAIL}success'`,
    ],
    ['fact', 'what sudo ran', `type=USER_CMD ${HEAD}'cwd="/" cmd="ls" exe="/usr/bin/sudo" terminal=pts/0 res=success'`],
    ['fact', 'su', `type=USER_ACCT ${HEAD}'op=PAM:accounting acct="root" exe="/usr/bin/su" ${TAIL}success'`],
    [
      'none',
      'the credentials of a session',
      `type=CRED_ACQ ${HEAD}'op=PAM:setcred acct="a" exe="/usr/sbin/sshd" ${TAIL}success'`,
    ],
  ])('%s: %s', (expected, _what, line) => {
    expect(standing(line)).toBe(expected);
  });
});

describe('a fact of audit is one a log has told', () => {
  const logon = (
    pid: number,
    address: string,
    name: string,
    service = 'sshd',
    outcome = Outcome.FAILURE,
  ): HostEvent => ({
    class: EventClass.AUTHENTICATION,
    activity: Activity.LOGON,
    outcome,
    serviceName: service,
    process: { pid },
    user: { name },
    authentication: { sourceAddress: address },
  });
  const told = logon(9, '192.0.2.7', 'root');

  test.each([
    ['the same process', logon(9, '', '', 'other'), true],
    ['another process of the service, the same peer', logon(10, '192.0.2.7', ''), true],
    ['another process, another peer', logon(10, '192.0.2.8', 'root'), false],
    ['another service', logon(10, '192.0.2.7', 'root', 'vsftpd'), false],
    ['the same account where no peer is known', logon(10, '', 'root'), true],
    ['another outcome', logon(9, '192.0.2.7', 'root', 'sshd', Outcome.SUCCESS), false],
  ])('%s', (_what, event, expected) => {
    expect(isSameFact(told, event)).toBe(expected);
  });
});

describe.skipIf(!audit.free || !serverPath('sshd'))(
  'a real sshd (needs root, auditctl, sshd, and no audit daemon)',
  () => {
    let home: string;
    let sshd: Sshd;
    let sensor: Sensor;
    let sink: RecordingSink;

    beforeEach(() => {
      home = mkdtempSync(join(tmpdir(), 'threatguard-logons-'));
      sink = new RecordingSink();
    });
    afterEach(async () => {
      await sensor.stop();
      await sshd[Symbol.asyncDispose]();
      rmSync(home, { recursive: true, force: true });
      await audit.expectAsFound();
    });
    afterAll(() => audit.release());

    async function start(options: { pam: boolean; log: boolean }): Promise<void> {
      sshd = await startSshd(options);
      sensor = createAuthSensor({
        logs: [],
        journal: 'off',
        systemLogs: options.log ? [sshd.logFile] : [join(home, 'no-such.log')],
        stateDir: home,
        checkpoints,
        audit: { session: new AuditSession(join(home, 'audit.json')), always: true },
      });
      await sensor.start(sink);
    }
    const logons = (outcome: Outcome) =>
      sink.events.filter((event) => event.activity === Activity.LOGON && event.outcome === outcome);
    const told = (outcome: Outcome, count: number) =>
      until(() => logons(outcome).length >= count, {
        limitMs: 15_000,
        what: () => `${count}: ${JSON.stringify(sink.events)}`,
      });

    test('without a log, audit tells each refused password once, with its address, and each login', async () => {
      await start({ pam: true, log: false });
      for (const user of ['root', 'no-such-user']) await sshd.failLogin(user);
      await told(Outcome.FAILURE, 2);
      await sshd.login();
      await told(Outcome.SUCCESS, 1);
      await sensor.stop();
      expect(logons(Outcome.FAILURE).map((event) => event.user?.name)).toEqual(['root', 'no-such-user']);
      expect(logons(Outcome.SUCCESS)).toHaveLength(1);
      // What the rules for guessed passwords select: sshd, refused, an address, and not what an imported audit log repeats.
      expect(toEcs(logons(Outcome.FAILURE)[0]!)).toMatchObject({
        'event.module': 'auth.audit',
        'event.action': 'logon',
        'service.name': 'sshd',
        'source.ip': '127.0.0.1',
        'threatguard.authentication.method': 'pam',
        'threatguard.missing': ['source.port'],
      });
      expect(sensor.health().source).toBe('');
    });

    test('with a log, each fact is told once, by the log', async () => {
      await start({ pam: true, log: true });
      expect(sensor.health().source).toBe(`${sshd.logFile}, kernel audit`);
      await sshd.failLogin('root');
      await sshd.login();
      await told(Outcome.FAILURE, 1);
      await told(Outcome.SUCCESS, 1);
      // What waits for a log to tell it is told at the end.
      await sensor.stop();
      const summary = sink.events
        .filter((event) => event.activity === Activity.LOGON)
        .map((event) => [event.sensor, event.outcome, event.user?.name]);
      expect(summary).toEqual([
        ['auth.file', Outcome.FAILURE, 'root'],
        ['auth.file', Outcome.SUCCESS, 'root'],
      ]);
    });

    test('an sshd without PAM is told by its own records', async () => {
      await start({ pam: false, log: false });
      await sshd.failLogin('root');
      await told(Outcome.FAILURE, 1);
      expect(logons(Outcome.FAILURE)[0]).toMatchObject({ sensor: 'auth.audit', user: { name: 'root' } });
    });

    test('what no log tells is told by audit although a log is read, and rules of others stay untouched', async () => {
      await start({ pam: true, log: true });
      execFileSync('su', ['-s', '/bin/sh', '-c', 'true', 'nobody']);
      await sensor.stop();
      const become = sink.events.filter((event) => event.activity === Activity.PRIVILEGE);
      expect(become.map((event) => [event.sensor, event.serviceName, event.targetUser?.name])).toEqual([
        ['auth.audit', 'su', 'nobody'],
      ]);
    });
  },
);
