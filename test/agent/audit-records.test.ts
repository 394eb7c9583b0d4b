import { Activity, EventClass, type HostEvent, Outcome, toEcs } from '@threatguard/proto';
import { describe, expect, test } from 'vitest';
import { parseAuditStream } from '../../agent/src/sensors/process/audit-records.ts';

const AT = 'audit(1700000000.123:7)';
const SYSCALL = `type=SYSCALL msg=${AT}: arch=c000003e syscall=59 success=yes exit=0 a0=1 items=2 ppid=10 pid=11 auid=1000 uid=33 gid=33 euid=0 tty=pts1 ses=4 comm="ls" exe="/usr/bin/ls" key="x"`;
const EXECVE = `type=EXECVE msg=${AT}: argc=3 a0="ls" a1="-l" a2=2F612062`;
const CWD = `type=CWD msg=${AT}: cwd="/root"`;
const TITLE = `type=PROCTITLE msg=${AT}: proctitle=6C73002D6C`;
const EOE = `type=EOE msg=${AT}: `;

function parse(lines: string[]): { event: HostEvent; line: number }[] {
  const stream = parseAuditStream();
  return [...lines.flatMap((line, index) => stream.push(line, index + 1).events), ...stream.end()];
}

function parseOne(line: string): Record<string, unknown> | undefined {
  const [found] = parse([line]);
  return found && toEcs(found.event);
}

describe('an exec in the kernel audit', () => {
  test('is one event with the process, its arguments, its user and the time of the kernel', () => {
    const [found, ...more] = parse([SYSCALL, EXECVE, CWD, TITLE, EOE]);
    expect(more).toEqual([]);
    expect(found?.line).toBe(1);
    expect(found?.event).toMatchObject({
      observedAtUs: 1_700_000_000_123_000,
      class: EventClass.PROCESS,
      activity: Activity.EXEC,
      outcome: Outcome.SUCCESS,
      sensor: 'process.audit',
      user: { id: 33 },
      process: {
        pid: 11,
        parentPid: 10,
        name: 'ls',
        executable: '/usr/bin/ls',
        args: ['ls', '-l', '/a b'],
        argsTruncated: false,
        workingDirectory: '/root',
        loginUid: 1000,
        sessionId: 4,
        tty: 'pts1',
      },
      missing: ['process.parent.name', 'process.parent.executable'],
    });
  });

  test('is the same whatever the order of its records, and whoever comes between them', () => {
    const other = [SYSCALL, EXECVE, CWD, EOE].map((line) => line.replace(':7)', ':8)').replace('pid=11', 'pid=12'));
    const lines = [CWD, other[0]!, EXECVE, other[1]!, TITLE, SYSCALL, other[3]!, EOE];
    expect(parse(lines).map(({ event, line }) => [event.process?.pid, event.process?.args?.length, line])).toEqual([
      [12, 3, 2],
      [11, 3, 1],
    ]);
  });

  test('in a log without EOE is taken when the log ends', () => {
    expect(parse([SYSCALL, EXECVE, CWD, TITLE])).toHaveLength(1);
  });

  test('is not begun again by a record that comes after its end', () => {
    expect(parse([SYSCALL, EXECVE, EOE, CWD, TITLE])).toHaveLength(1);
  });

  test('an argument in pieces is put together from all its records', () => {
    const pieces = [
      `type=EXECVE msg=${AT}: argc=2 a0="sh" a1_len=20 a1[0]=6162636465`,
      `type=EXECVE msg=${AT}: a1[1]=C3A9666768`,
    ];
    const [found] = parse([SYSCALL, ...pieces, EOE]);
    expect(found?.event.process).toMatchObject({ args: ['sh', 'abcdeéfgh'], argsTruncated: false });
  });

  test.each([
    [
      'a piece is lost',
      [SYSCALL, `type=EXECVE msg=${AT}: argc=2 a0="sh" a1_len=20 a1[0]=6162636465`, CWD],
      ['sh', 'abcde'],
    ],
    ['the EXECVE record is lost', [SYSCALL, CWD, TITLE], ['ls', '-l']],
    ['EXECVE and PROCTITLE are lost', [SYSCALL, CWD], []],
    ['an argument is lost', [SYSCALL, `type=EXECVE msg=${AT}: argc=3 a0="a" a2="c"`, CWD], ['a', '', 'c']],
  ])('where %s, says that its arguments are not whole', (_what, lines, args) => {
    const [found] = parse(lines);
    expect(found?.event.process).toMatchObject({ args, argsTruncated: true });
    expect(found?.event.missing).toContain('process.args');
  });

  test.each([
    ['it failed', [SYSCALL.replace('success=yes', 'success=no'), EXECVE]],
    ['it was another system call', [SYSCALL.replace('syscall=59', 'syscall=42'), CWD]],
    ['its SYSCALL and EXECVE records are lost', [CWD, TITLE, EOE]],
  ])('is none where %s', (_what, lines) => {
    expect(parse(lines)).toEqual([]);
  });

  test('without its SYSCALL record is told as far as it is known, and says what is missing', () => {
    const [found, ...more] = parse([EXECVE, CWD, TITLE, EOE]);
    expect(more).toEqual([]);
    expect(found?.event).toMatchObject({
      outcome: Outcome.OUTCOME_UNSPECIFIED,
      process: { args: ['ls', '-l', '/a b'] },
    });
    expect(found?.event.missing).toEqual(expect.arrayContaining(['process.pid', 'process.executable', 'user.id']));
  });

  test('is the same where every record comes twice', () => {
    const lines = [SYSCALL, EXECVE, CWD, TITLE, EOE];
    expect(parse(lines.flatMap((line) => [line, line]))).toEqual([{ ...parse(lines)[0], line: 1 }]);
    const login = `type=USER_LOGIN msg=${AT}: pid=9 uid=0 msg='op=login acct="a" res=failed'`;
    expect(parse([login, login])).toHaveLength(1);
  });

  test('whose last record never comes is taken once others are two seconds younger', () => {
    const stream = parseAuditStream();
    const later = (seconds: number) => SYSCALL.replace('1700000000.123:7', `170000000${seconds}.123:${7 + seconds}`);
    expect(stream.push(SYSCALL, 1).events).toEqual([]);
    expect(stream.push(later(2), 2).events).toEqual([]);
    expect(stream.push(later(3), 3).events.map(({ line }) => line)).toEqual([1]);
  });

  test('of a deleted program is marked', () => {
    const deleted = SYSCALL.replace('"/usr/bin/ls"', Buffer.from('/tmp/x (deleted)').toString('hex').toUpperCase());
    const [found] = parse([deleted, EXECVE, EOE]);
    expect(found?.event.process).toMatchObject({ executable: '/tmp/x', deletedExecutable: true });
  });

  test('a name cannot forge a field: the kernel writes it in hex, and it stays one value', () => {
    const hostile = 'x" uid=0 exe="/bin/sh';
    const line = SYSCALL.replace('comm="ls"', `comm=${Buffer.from(hostile).toString('hex')}`);
    const [found] = parse([line, EXECVE, EOE]);
    expect(found?.event.process?.name).toBe(hostile);
    expect(found?.event.user?.id).toBe(33);
    expect(found?.event.process?.executable).toBe('/usr/bin/ls');
  });

  test('thousands that never end take no more than their bounded share of memory', () => {
    const lines = Array.from({ length: 5000 }, (_, index) => SYSCALL.replace(':7)', `:${index})`));
    const stream = parseAuditStream();
    const early = lines.flatMap((line, index) => stream.push(line, index + 1).events);
    expect(early).toHaveLength(5000 - 256);
    expect(stream.end()).toHaveLength(256);
  });
});

const USER = 'pid=9 uid=0 auid=4294967295 ses=4294967295 subj=unconfined msg=';
const TAIL = 'exe="/usr/sbin/sshd" hostname=? addr=192.0.2.7 terminal=ssh res=';

describe('what daemons tell the audit', () => {
  test.each([
    [
      'a failed login',
      `type=USER_LOGIN msg=${AT}: ${USER}'op=login acct="root" ${TAIL}failed'`,
      { 'event.action': 'logon', 'event.outcome': 'failure', 'user.name': 'root', 'source.ip': '192.0.2.7' },
    ],
    [
      'a login',
      `type=USER_LOGIN msg=${AT}: ${USER}'op=login id=1000 ${TAIL}success'`,
      { 'event.action': 'logon', 'event.outcome': 'success', 'user.id': 1000, 'source.ip': '192.0.2.7' },
    ],
    [
      'a login as nobody that exists',
      `type=USER_LOGIN msg=${AT}: ${USER}'op=login acct=28696E76616C6964207573657229 ${TAIL}failed'`,
      { 'event.outcome': 'failure', 'threatguard.authentication.invalid_user': true },
    ],
    [
      'a password that PAM refused',
      `type=USER_AUTH msg=${AT}: ${USER}'op=PAM:authentication grantors=? acct="eve" ${TAIL}failed'`,
      { 'event.outcome': 'failure', 'user.name': 'eve', 'threatguard.authentication.method': 'pam' },
    ],
    [
      'a key that was taken',
      `type=USER_AUTH msg=${AT}: ${USER}'op=pubkey_auth rport=63927 acct="eve" ${TAIL}success'`,
      { 'source.port': 63927, 'threatguard.authentication.method': 'publickey' },
    ],
    [
      'a hostile account name',
      `type=USER_LOGIN msg=${AT}: ${USER}'op=login acct=${Buffer.from('x addr=1.1.1.1 res=success').toString('hex')} ${TAIL}failed'`,
      { 'user.name': 'x addr=1.1.1.1 res=success', 'source.ip': '192.0.2.7', 'event.outcome': 'failure' },
    ],
    [
      'a field with two values: it has none, and is named',
      `type=USER_LOGIN msg=${AT}: ${USER}'op=login acct="root" ${TAIL}failed addr=198.51.100.9 res=success'`,
      { 'source.ip': undefined, 'event.outcome': undefined, 'threatguard.missing': ['source.ip', 'event.outcome'] },
    ],
    [
      'a name that a daemon did not encode: the program it forges is not believed',
      `type=USER_AUTH msg=${AT}: ${USER}'op=login acct="x" exe="/bin/su" ${TAIL}failed'`,
      { 'process.executable': undefined, 'service.name': undefined, 'threatguard.missing': ['process.executable'] },
    ],
    [
      'a field of the kernel that a daemon repeats: the kernel counts',
      `type=USER_LOGIN msg=${AT}: ${USER}'op=login pid=1 auid=0 acct="root" ${TAIL}failed'`,
      { 'process.pid': 9, 'threatguard.process.login_uid': undefined },
    ],
    [
      'a member of a group, which gpasswd tells as USER_ACCT',
      `type=USER_ACCT msg=${AT}: ${USER}'op=user a added by root to group g acct="g" exe="/usr/bin/gpasswd" res=success'`,
      { 'event.action': 'group-modified', 'user.target.group.name': 'g' },
    ],
    [
      'a program that crashed',
      `type=ANOM_ABEND msg=${AT}: auid=1 uid=48 gid=48 ses=2 pid=31 comm="httpd" exe="/usr/sbin/httpd" sig=11`,
      { 'event.action': 'exit', 'event.outcome': 'failure', 'process.exit_code': 139, 'user.id': 48 },
    ],
    [
      'an interface that listens to everything',
      `type=ANOM_PROMISCUOUS msg=${AT}: dev=eth0 prom=256 old_prom=0 auid=1001 uid=0 gid=0 ses=1`,
      { 'event.action': 'inventory-changed', 'user.id': 0 },
    ],
    [
      'too many failed logons',
      `type=ANOM_LOGIN_FAILURES msg=${AT}: ${USER}'op=pam_faillock suid=1000 acct="eve" ${TAIL}success'`,
      { 'event.action': 'logon', 'event.outcome': 'failure', 'event.reason': 'anom login failures' },
    ],
    [
      'the names that auditd put beside the numbers',
      `type=USER_LOGIN msg=${AT}: ${USER}'op=login id=1000 ${TAIL}success'\x1dUID="root" AUID="unset" ID="alice"`,
      { 'user.name': 'alice', 'user.id': 1000 },
    ],
    [
      'an account that PAM let in',
      `type=USER_ACCT msg=audit(1170021601.340:294): user pid=1 uid=0 auid=4294967295 msg='PAM: accounting acct=bob : exe="/usr/sbin/crond" (hostname=?, addr=?, terminal=cron res=success)'`,
      { 'event.outcome': 'success', 'user.name': 'bob', 'service.name': 'crond', 'process.tty.name': 'cron' },
    ],
    [
      'a command through sudo',
      `type=USER_CMD msg=${AT}: pid=3 uid=1000 auid=1000 ses=3 msg='cwd="/home/a" cmd=6C73202D6C terminal=pts/0 res=success'`,
      { 'event.action': 'privilege', 'user.id': 1000, 'threatguard.authentication.command': 'ls -l' },
    ],
    [
      'su to root',
      `type=USER_AUTH msg=${AT}: pid=3 uid=0 auid=1001 ses=1 msg='op=PAM:authentication acct="root" exe="/bin/su" hostname=? addr=? terminal=/dev/pts/0 res=success'`,
      { 'event.action': 'privilege', 'user.id': 1001, 'user.target.name': 'root' },
    ],
    [
      'the end of a session',
      `type=USER_END msg=${AT}: ${USER}'op=PAM:session_close acct="bob" ${TAIL}success'`,
      { 'event.action': 'logoff', 'user.name': 'bob' },
    ],
    [
      'a new account',
      `type=ADD_USER msg=${AT}: ${USER}'op=adding user acct="eve" exe="/usr/sbin/useradd" hostname=? addr=? terminal=? res=success'`,
      { 'event.category': 'iam', 'event.action': 'user-created', 'user.target.name': 'eve' },
    ],
    [
      'a new account by its number',
      `type=ADD_USER msg=${AT}: ${USER}'op=add-user id=1000 exe="/usr/sbin/useradd" hostname=? addr=? terminal=? res=success'`,
      { 'event.action': 'user-created', 'user.target.id': 1000, 'service.name': 'useradd' },
    ],
    [
      'a group that changed',
      `type=GRP_MGMT msg=${AT}: ${USER}'op=add-to-group grp="sudo" acct="eve" exe="/usr/sbin/usermod" res=success'`,
      { 'event.action': 'group-modified', 'user.target.group.name': 'sudo' },
    ],
    [
      'a password that was not changed',
      `type=USER_CHAUTHTOK msg=${AT}: pid=1 uid=1002 auid=1001 ses=41 msg='op=PAM:chauthtok acct="eve" exe="/usr/bin/passwd" res=failed'`,
      { 'event.action': 'password-changed', 'event.outcome': 'failure', 'user.id': 1001, 'user.target.name': 'eve' },
    ],
    [
      'a service that stopped',
      `type=SERVICE_STOP msg=${AT}: pid=1 uid=0 msg='unit=rsyslog comm="systemd" exe="/lib/systemd/systemd" res=success'`,
      { 'event.action': 'service-stopped', 'service.name': 'rsyslog' },
    ],
  ])('%s', (_what, line, fields) => {
    const found = parseOne(line) ?? {};
    expect(Object.fromEntries(Object.keys(fields).map((key) => [key, found[key]]))).toEqual(fields);
  });

  test.each([
    ['audit switched off', 'CONFIG_CHANGE', 'op=set audit_enabled=0 old=1 auid=1000 ses=3 res=1', 'audit'],
    ['a rule removed', 'CONFIG_CHANGE', 'auid=1000 ses=3 op="remove_rule" key="x" list=4 res=1', 'audit'],
    ['the daemon that left', 'CONFIG_CHANGE', 'op=set audit_pid=0 old=812 auid=1000 ses=3 res=1', 'audit'],
    ['the daemon ended', 'DAEMON_END', 'op=terminate auid=1000 uid=0 ses=3 pid=1 res=success', 'auditd'],
  ])('%s is an event that says so', (_what, type, text, service) => {
    expect(parseOne(`type=${type} msg=${AT}: ${text}`)).toMatchObject({
      'event.category': 'host',
      'event.action': 'audit-config',
      'event.outcome': 'success',
      'service.name': service,
      'user.id': 1000,
      'event.original': text,
    });
  });

  test.each([
    `type=CONFIG_CHANGE msg=${AT}: op=set audit_enabled=1 old=0 auid=0 ses=1 res=1`,
    `type=CONFIG_CHANGE msg=${AT}: op=set audit_enabled=0 old=0 auid=0 ses=1 res=1`,
    `type=CONFIG_CHANGE msg=${AT}: op=set audit_pid=10 old=0 auid=0 ses=1 res=1`,
    `type=CONFIG_CHANGE msg=${AT}: auid=0 ses=1 op=add_rule key="x" list=4 res=1`,
    `type=CRED_ACQ msg=${AT}: ${USER}'op=PAM:setcred acct="x" ${TAIL}success'`,
    'type=USER_LOGIN msg=audit(x): res=failed',
    'type=constructor msg=audit(1.123:1): res=failed',
    'Nov 21 11:00:00 host sshd[1]: type=USER_LOGIN',
    '',
  ])('says nothing: %s', (line) => {
    expect(parseOne(line)).toBeUndefined();
  });

  test('a name before the type and names after the numbers change nothing', () => {
    const line = `node=web1 type=USER_LOGIN msg=${AT}: ${USER}'op=login acct="a" ${TAIL}failed'\x1dUID="root" AUID="unset"`;
    expect(parseOne(line)).toMatchObject({ 'user.name': 'a', 'event.outcome': 'failure' });
  });
});
