import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text as readText } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { runParse } from '../../agent/src/parse.ts';

interface Run {
  code: number;
  events: Record<string, unknown>[];
  said: string;
}

async function parse(
  input: string,
  options: { sensor: string; year?: number; timezone?: string; unparsed?: boolean },
): Promise<Run> {
  const [output, error] = [new PassThrough(), new PassThrough()];
  const [written, said] = [readText(output), readText(error)];
  const code = await runParse({ ...options, input: Readable.from([Buffer.from(input)]), output, error });
  output.end();
  error.end();
  const events = (await written)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, events, said: await said };
}

const FAILED = 'Failed password for root from 192.0.2.1 port 4 ssh2';

describe('parse --sensor auth', () => {
  it('writes one object for each event, with ECS names and the number of its line', async () => {
    const log = `Nov 20 10:00:00 h CRON[1]: pam_unix(cron:session): session opened for user root\nNov 20 10:00:01 h sshd[7]: ${FAILED}\nwhat is this`;
    const { code, events, said } = await parse(log, { sensor: 'auth', year: 2026, timezone: 'UTC' });
    expect(code).toBe(0);
    expect(events).toHaveLength(2);
    expect(events[0]).toMatchObject({ 'service.name': 'cron', sent: false, line: 1 });
    expect(events[1]).not.toHaveProperty('sent');
    expect(events[1]).toMatchObject({
      '@timestamp': '2026-11-20T10:00:01.000Z',
      'event.category': 'authentication',
      'event.outcome': 'failure',
      'user.name': 'root',
      'source.ip': '192.0.2.1',
      line: 2,
    });
    expect(said).toBe('3 lines, 2 events, 1 lines no parser knows\n       1  no log line: what is this\n');
  });

  it.each([
    ['UTC', '2005-06-15T12:00:00.000Z'],
    ['Europe/Berlin', '2005-06-15T10:00:00.000Z'],
    ['-05:00', '2005-06-15T17:00:00.000Z'],
  ])('reads times in --timezone %s and --year 2005', async (timezone, expected) => {
    const { events } = await parse(`Jun 15 12:00:00 h sshd[7]: ${FAILED}\n`, { sensor: 'auth', year: 2005, timezone });
    expect(events[0]?.['@timestamp']).toBe(expected);
  });

  it('without a year takes the newest one that is not in the future, leap days included', async () => {
    const nowMs = Date.now();
    for (const day of ['Jan  1', 'Dec 31', 'Feb 29', 'Jun 15']) {
      const { events } = await parse(`${day} 12:00:00 h sshd[7]: ${FAILED}\n`, { sensor: 'auth', timezone: 'UTC' });
      const at = Date.parse(String(events[0]?.['@timestamp']));
      expect(at, day).toBeLessThan(nowMs + 27 * 3600_000);
      expect(at, day).toBeGreaterThan(nowMs - (day === 'Feb 29' ? 8 : 1) * 366 * 86_400_000);
    }
  });

  it('counts on at New Year from --year, and places a December line that came late', async () => {
    const days = ['Nov 30', 'Dec 31', 'Jan  1', 'Dec 31', 'Jan  2', 'Mar  1', 'Feb 28', 'Dec  1', 'Jan  5'];
    const log = days.map((day) => `${day} 12:00:00 h sshd[7]: ${FAILED}\n`).join('');
    const { events } = await parse(log, { sensor: 'auth', year: 2024, timezone: 'UTC' });
    const years = events.map((event) => String(event['@timestamp']).slice(0, 4));
    expect(years).toEqual(['2024', '2024', '2025', '2024', '2025', '2025', '2025', '2025', '2026']);
  });

  it('counts lines no parser knows by who wrote them and what they look like, most frequent first', async () => {
    const log = [1, 2, 3].map((n) => `Nov 20 10:00:0${n} h ntpd[${n}]: synchronized to 192.0.2.${n}, stratum ${n}\n`);
    const { said } = await parse(`${log.join('')}Nov 20 10:00:04 h sshd[9]: nobody knows this\n`, { sensor: 'auth' });
    expect(said.split('\n').slice(1)).toEqual([
      '       3  ntpd: synchronized to * stratum *',
      '       1  sshd: nobody knows this',
      '',
    ]);
  });

  it('keeps at most so many kinds of unknown lines, whatever the input', async () => {
    const log = Array.from({ length: 5000 }, (_, n) => `Nov 20 10:00:00 h d${n.toString(36)}x: word\n`).join('');
    const { said } = await parse(log, { sensor: 'auth' });
    expect(said).toMatch(/\b4000 {2}\(other kinds\)\n/);
    expect(said.split('\n').length).toBeLessThan(60);
  });

  it('--unparsed prints what no parser knows, made harmless for a terminal', async () => {
    const { said } = await parse('\u001b]52;c;aGk=\u0007\n', { sensor: 'auth', unparsed: true });
    expect(said).toContain('1: \\u001b]52;c;aGk=\\u0007\n');
  });
});

describe('parse --sensor falco', () => {
  const data = join(import.meta.dirname, '../../../shared/data/falco-json/events.jsonl');
  it.skipIf(!existsSync(data))('reads every line of the samples (needs ../shared/data)', async () => {
    const { events, said } = await parse(readFileSync(data, 'utf8'), { sensor: 'falco' });
    expect(said).toBe('3 lines, 3 events, 0 lines no parser knows\n');
    expect(events[0]).toMatchObject({
      '@timestamp': '2019-05-17T15:31:56.746Z',
      'event.category': 'file',
      'event.action': 'file-modified',
      'file.path': '/bin/hack',
      'process.command_line': 'touch /bin/hack',
      'user.name': 'root',
      'service.name': 'falco',
    });
  });

  it.each(['{', '[]', 'null', '{"rule":1,"time":"x"}', '{"rule":"a","time":"never"}'])('refuses %s', async (line) => {
    const { events, said } = await parse(line, { sensor: 'falco' });
    expect(events).toEqual([]);
    expect(said).toContain('1 lines no parser knows');
  });
});

describe('parse --sensor tetragon', () => {
  it('writes events, and counts what it does not take by the reason', async () => {
    const exec = { process_exec: { process: { pid: 7, binary: '/bin/id' } }, time: '2026-11-21T10:00:00Z' };
    const loader = { process_loader: {}, time: '2026-11-21T10:00:00Z' };
    const dropped = { rate_limit_info: { number_of_dropped_process_events: '3' } };
    const lines = [loader, exec, loader, dropped].map((line) => JSON.stringify(line));
    const { events, said } = await parse(lines.join('\n'), { sensor: 'tetragon' });
    expect(events).toMatchObject([{ 'event.action': 'exec', 'process.executable': '/bin/id', line: 2 }]);
    expect(said).toBe(
      '4 lines, 1 events, 2 lines no parser knows\n       2  an event of Tetragon that maps to none of ours: process_loader\n',
    );
  });
});

describe('parse --sensor audit', () => {
  it('joins records into events', async () => {
    const records = [
      'type=SYSCALL msg=audit(1795258516.123:7): arch=c000003e syscall=59 success=yes exit=0 a0=1 a1=2 a2=3 a3=4 items=1 ppid=10 pid=11 auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=3 comm="id" exe="/usr/bin/id" key=(null)',
      'type=EXECVE msg=audit(1795258516.123:7): argc=2 a0="id" a1="-u"',
      'type=EOE msg=audit(1795258516.123:7): ',
    ];
    const { events } = await parse(`${records.join('\n')}\n`, { sensor: 'audit' });
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ 'process.executable': '/usr/bin/id', 'process.command_line': 'id -u', line: 1 });
  });

  const AT = 'audit(1795258516.123:7)';
  const FAILED_LOGIN = `pid=9 uid=0 auid=4294967295 ses=4294967295 msg='op=login acct="root" exe="/usr/sbin/sshd" hostname=? addr=192.0.2.7 terminal=ssh res=failed'`;

  it.each([
    ['audit.log', `type=USER_LOGIN msg=${AT}: ${FAILED_LOGIN}`],
    ['audit.log of several hosts', `node=web1 type=USER_LOGIN msg=${AT}: ${FAILED_LOGIN}`],
    ['the number of a type', `type=1112 msg=${AT}: ${FAILED_LOGIN}`],
    ['a type older tools have no name for', `type=UNKNOWN[1112] msg=${AT}: ${FAILED_LOGIN}`],
    ['what the kernel prints', `audit: type=1112 ${AT}: ${FAILED_LOGIN}`],
    ['what dmesg prints', `[ 1061.123456] audit: type=1112 ${AT}: ${FAILED_LOGIN}`],
    ['syslog', `Nov 21 10:00:00 web1 kernel: [ 1061.1] audit: type=1112 ${AT}: ${FAILED_LOGIN}`],
    ['the journal', `Nov 21 10:00:00 web1 kernel: audit: type=1112 ${AT}: ${FAILED_LOGIN}`],
    ['audisp-syslog', `2026-11-21T10:00:00.1+01:00 web1 audisp-syslog[7]: type=USER_LOGIN msg=${AT}: ${FAILED_LOGIN}`],
    ['an enriched log', `type=USER_LOGIN msg=${AT}: ${FAILED_LOGIN}\x1dUID="root" AUID="unset"`],
  ])('reads a record in the form of %s', async (_what, line) => {
    const { events, said } = await parse(`----\ntime->Sat Nov 21 10:55:16 2026\n${line}\n`, { sensor: 'audit' });
    expect(said).toContain('1 events, 0 lines no parser knows\n');
    expect(events[0]).toMatchObject({
      '@timestamp': '2026-11-21T10:55:16.123Z',
      'event.action': 'logon',
      'event.outcome': 'failure',
      'user.name': 'root',
      'source.ip': '192.0.2.7',
      line: 3,
    });
  });

  it('takes no record from what another program logged', async () => {
    const forged = `Nov 21 10:00:00 web1 sshd[7]: Invalid user audit: type=1112 ${AT}: ${FAILED_LOGIN} from 192.0.2.9 port 1`;
    const inName = `Nov 21 10:00:00 web1 sshd[7]: x kernel: audit: type=1112 ${AT}: ${FAILED_LOGIN}`;
    const { events } = await parse(`${forged}\n${inName}\n`, { sensor: 'audit' });
    expect(events).toEqual([]);
  });

  it.each(['x" exe="/bin/evil" addr=198.51.100.9 res=success', 'a\nb', "x' res=success", 'é\x1dUID="root"'])(
    'an account named %j stays one value',
    async (name) => {
      const acct = Buffer.from(name).toString('hex').toUpperCase();
      const line = `type=USER_LOGIN msg=${AT}: ${FAILED_LOGIN.replace('"root"', acct)}`;
      const { events } = await parse(`${line}\n`, { sensor: 'audit' });
      expect(events).toHaveLength(1);
      expect(events[0]).toMatchObject({
        'user.name': name,
        'event.outcome': 'failure',
        'source.ip': '192.0.2.7',
        'process.executable': '/usr/sbin/sshd',
      });
    },
  );

  it('counts kinds nobody knows, incomplete events and records that came twice', async () => {
    const lines = [
      `type=MAC_STATUS msg=${AT}: enforcing=0`,
      'type=USER_LOGIN msg=audit(x): res=failed',
      'what is this',
      'type=EXECVE msg=audit(1795258516.123:8): argc=1 a0="id"',
      'type=EXECVE msg=audit(1795258516.123:8): argc=1 a0="id"',
    ];
    const { events, said } = await parse(`${lines.join('\n')}\n`, { sensor: 'audit', unparsed: true });
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ 'process.command_line': 'id', line: 4 });
    expect(events[0]?.['threatguard.missing']).toContain('process.pid');
    expect(said).toContain('5 lines, 1 events, 3 lines no parser knows\n');
    expect(said).toContain('kinds no parser knows: MAC_STATUS 1, damaged USER_LOGIN 1, no audit record 1\n');
    expect(said).toContain('1 events whose records are not all there');
    expect(said).toContain('1 records that came twice');
    expect(said).toContain('3: what is this\n');
  });

  it('tells what a system call did to files, with the directory it stood in', async () => {
    const records = [
      `type=SYSCALL msg=${AT}: arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=7f a2=241 a3=1b6 items=2 ppid=1 pid=5 auid=1000 uid=0 gid=0 euid=0 tty=pts0 ses=1 comm="tee" exe="/usr/bin/tee" key="k"`,
      `type=CWD msg=${AT}: cwd="/etc"`,
      `type=PATH msg=${AT}: item=0 name="./" inode=1 mode=040755 ouid=0 ogid=0 nametype=PARENT`,
      `type=PATH msg=${AT}: item=1 name="cron.d/../passwd" inode=2 mode=0100644 ouid=0 ogid=0 nametype=NORMAL`,
    ];
    const { events } = await parse(`${records.join('\n')}\n`, { sensor: 'audit' });
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ 'event.action': 'file-modified', 'file.path': '/etc/passwd', 'process.pid': 5 });
    const reading = records.map((record) => record.replace('a2=241', 'a2=80000'));
    expect((await parse(`${reading.join('\n')}\n`, { sensor: 'audit' })).events).toEqual([]);
    const elsewhere = records.map((record) => record.replace('a0=ffffff9c', 'a0=5'));
    const [event] = (await parse(`${elsewhere.join('\n')}\n`, { sensor: 'audit' })).events;
    expect(event?.['threatguard.missing']).toContain('file.path');
  });
});

it.each([
  [{ sensor: 'nope' }, '--sensor'],
  [{ sensor: 'auth', timezone: 'Mars/Olympus' }, '--timezone'],
  [{ sensor: 'auth', year: Number.NaN }, '--year'],
])('refuses %o with exit code 2 and says which option', async (options, name) => {
  const { code, said } = await parse('', options);
  expect(code).toBe(2);
  expect(said).toContain(name);
});

it('ends quietly when nobody reads the output any more', async () => {
  const output = new PassThrough({ highWaterMark: 1 });
  const input = Readable.from(
    Array.from({ length: 1000 }, () => Buffer.from(`Nov 20 10:00:01 h sshd[7]: ${FAILED}\n`)),
  );
  const running = runParse({ sensor: 'auth', input, output, error: new PassThrough() });
  output.destroy();
  expect(await running).toBe(0);
});
