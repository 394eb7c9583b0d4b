import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Activity, Direction, EventClass, type HostEvent, Outcome } from '@threatguard/proto';
import { describe, expect, it } from 'vitest';
import { readFalcoLine } from '../../agent/src/sensors/import/falco.ts';
import { readTetragonLine } from '../../agent/src/sensors/import/tetragon.ts';
import { enrichedBatch } from '../support/rule-events.ts';
import { engineOf } from '../support/rule-text.ts';

const DATA = join(import.meta.dirname, '../../../shared/data');
const TIME = '2026-11-21T10:00:00.123456789Z';
const process = { pid: 11, binary: '/usr/bin/curl', arguments: '-s "a b" ""', uid: 1000, auid: 1000 };
const falco = (fields: object, more: object = {}) =>
  readFalcoLine(JSON.stringify({ rule: 'A rule', time: TIME, output_fields: fields, ...more }));
const hook = (name: string, args: object[], more: object = {}) =>
  readTetragonLine(JSON.stringify({ process_kprobe: { process, function_name: name, args, ...more }, time: TIME }));

function eventOf(reading: ReturnType<typeof readFalcoLine>): HostEvent {
  if (!('event' in reading)) throw new Error(`no event: ${JSON.stringify(reading)}`);
  return reading.event;
}

describe('a Falco alert', () => {
  it.each([
    ['execve', { 'proc.cmdline': 'id -u' }, EventClass.PROCESS, Activity.EXEC],
    ['openat', { 'fd.name': '/etc/x', 'evt.is_open_write': true }, EventClass.FILE, Activity.FILE_MODIFIED],
    ['openat', { 'fd.name': '/etc/x', 'evt.arg.flags': 'O_CREAT|O_WRONLY' }, EventClass.FILE, Activity.FILE_MODIFIED],
    ['openat', { 'fd.name': '/etc/shadow', 'evt.arg.flags': 'O_RDONLY' }, EventClass.PROCESS, 0],
    ['openat', { 'fd.name': '/etc/shadow' }, EventClass.PROCESS, 0],
    ['unlinkat', { 'fs.path.name': '/var/log/x' }, EventClass.FILE, Activity.FILE_DELETED],
    ['rename', { 'evt.arg.newpath': '/usr/bin/x' }, EventClass.FILE, Activity.FILE_MODIFIED],
    ['chmod', { 'evt.arg.filename': '/bin/x' }, EventClass.FILE, Activity.FILE_ATTRIBUTES],
    ['connect', { 'fd.name': '::1:5->2001:db8::1:443' }, EventClass.NETWORK, Activity.CONNECTION_OPENED],
    ['setuid', {}, EventClass.PROCESS, Activity.CREDENTIALS_CHANGED],
    ['ptrace', {}, EventClass.PROCESS, Activity.TRACED],
    ['mount', {}, EventClass.PROCESS, 0],
  ])('about %s with %o is told as what happened', (type, fields, eventClass, activity) => {
    expect(eventOf(falco({ 'evt.type': type, ...fields }))).toMatchObject({ class: eventClass, activity });
  });

  it('of a rule that read a file and names no system call is no change of the file', () => {
    const fields = { 'fd.name': '/etc/shadow', 'proc.cmdline': 'cat /etc/shadow' };
    expect(eventOf(falco(fields, { rule: 'Read sensitive file untrusted' })).class).toBe(EventClass.PROCESS);
    expect(eventOf(falco(fields, { rule: 'Write below etc' })).activity).toBe(Activity.FILE_MODIFIED);
  });

  it('keeps IPv6 addresses whole', () => {
    const { network } = eventOf(falco({ 'evt.type': 'connect', 'fd.name': '::1:5->2001:db8::1:443' }));
    expect(network).toMatchObject({ sourceAddress: '::1', destinationAddress: '2001:db8::1', destinationPort: 443 });
  });

  it.each([
    ['{', 'no JSON object'],
    ['[]', 'no JSON object'],
    ['{"time":"2026-11-21T10:00:00Z"}', 'no Falco alert: it names no rule'],
    ['{"rule":"a","time":"1"}', 'no Falco alert: its time is none of RFC 3339'],
    [
      '{"rule":"a","time":"2026-11-21T10:00:00Z","source":"k8s_audit"}',
      'an alert of another source than this host: k8s_audit',
    ],
    [
      '{"rule":"a","time":"2026-11-21T10:00:00Z","source":"\\u001b]52"}',
      'an alert of another source than this host: ??52',
    ],
  ])('that is %s is unknown, with the reason', (line, reason) => {
    expect(readFalcoLine(line)).toEqual({ unknown: reason });
  });
});

describe('an event of Tetragon', () => {
  it('process_exec: who ran what, with arguments taken apart where quotes say so', () => {
    const event = eventOf(
      readTetragonLine(
        JSON.stringify({
          process_exec: { process, parent: { pid: 3, binary: '/bin/sh', arguments: '-c x' } },
          time: TIME,
        }),
      ),
    );
    expect(event).toMatchObject({
      observedAtUs: Date.parse('2026-11-21T10:00:00.123Z') * 1000 + 456,
      class: EventClass.PROCESS,
      activity: Activity.EXEC,
      user: { id: 1000 },
      process: {
        pid: 11,
        executable: '/usr/bin/curl',
        args: ['/usr/bin/curl', '-s', 'a b', ''],
        loginUid: 1000,
        parentPid: 3,
        parentExecutable: '/bin/sh',
        parentArgs: ['/bin/sh', '-c', 'x'],
      },
    });
    expect(event.missing).toContain('process.args');
  });

  it.each([
    [{ status: 3 }, 3],
    [{ signal: 'SIGKILL' }, 137],
    [{}, 0],
  ])('process_exit with %o has the exit code %i', (how, exitCode) => {
    const event = eventOf(readTetragonLine(JSON.stringify({ process_exit: { process, ...how }, time: TIME })));
    expect(event).toMatchObject({ activity: Activity.EXIT, process: { exitCode, pid: 11 } });
  });

  const socket = {
    family: 'AF_INET',
    type: 'SOCK_STREAM',
    protocol: 'IPPROTO_TCP',
    saddr: '10.0.0.1',
    daddr: '192.0.2.7',
    sport: 40000,
    dport: 443,
  };
  it('tcp_connect, tcp_close and inet_csk_accept name both ends, the one that opened first', () => {
    const opened = eventOf(hook('tcp_connect', [{ sock_arg: socket }]));
    expect(opened).toMatchObject({
      activity: Activity.CONNECTION_OPENED,
      network: { transport: 'tcp', direction: Direction.OUTBOUND, sourceAddress: '10.0.0.1', destinationPort: 443 },
    });
    const accepted = eventOf(hook('inet_csk_accept', [{ sock_arg: socket }]));
    expect(accepted.network).toMatchObject({
      direction: Direction.INBOUND,
      sourceAddress: '192.0.2.7',
      destinationPort: 40000,
    });
    expect(eventOf(hook('tcp_close', [{ sock_arg: socket }])).activity).toBe(Activity.CONNECTION_CLOSED);
  });

  it.each([
    [
      '__x64_sys_connect',
      [{ int_arg: 3 }, { sockaddr_arg: { addr: '192.0.2.7', port: 53 } }],
      Activity.CONNECTION_OPENED,
    ],
    ['security_file_permission', [{ file_arg: { path: '/etc/x' } }, { int_arg: 2 }], Activity.FILE_MODIFIED],
    ['__arm64_sys_unlinkat', [{ string_arg: '/etc/x' }], Activity.FILE_DELETED],
    ['__x64_sys_ptrace', [{ long_arg: '16' }, { int_arg: 77 }], Activity.TRACED],
    ['__x64_sys_setuid', [{ int_arg: 0 }], Activity.CREDENTIALS_CHANGED],
    ['security_socket_listen', [{ sock_arg: { saddr: '0.0.0.0', sport: 4444 } }], Activity.LISTENING],
  ])('%s is understood', (name, args, activity) => {
    expect(eventOf(hook(name, args))).toMatchObject({ activity, process: { pid: 11 } });
  });

  it('that was blocked, or failed, is a failure', () => {
    const args = [{ sock_arg: socket }];
    expect(eventOf(hook('tcp_connect', args, { return: { int_arg: -13 } })).outcome).toBe(Outcome.FAILURE);
    expect(eventOf(hook('tcp_connect', args, { action: 'KPROBE_ACTION_SIGKILL' })).outcome).toBe(Outcome.FAILURE);
    expect(eventOf(hook('tcp_connect', args, { return: { int_arg: 0 } })).outcome).toBe(Outcome.SUCCESS);
  });

  it.each([
    ['security_file_permission', [{ file_arg: { path: '/etc/x' } }, { int_arg: 4 }]],
    ['constructor', []],
    ['security_mmap_file', [{ file_arg: { path: '/etc/x' } }]],
  ])('%s that states no change is unknown, by its name', (name, args) => {
    expect(hook(name, args)).toEqual({ unknown: `process_kprobe ${name}` });
  });
});

describe.skipIf(!existsSync(join(DATA, 'tetragon')))('the samples of both tools (need ../shared/data)', () => {
  const lines = (file: string) => readFileSync(join(DATA, file), 'utf8').split('\n').filter(Boolean);

  it('every line of Tetragon becomes an event with all it names', () => {
    const events = lines('tetragon/events.json').map((line) => eventOf(readTetragonLine(line)));
    expect(events).toHaveLength(3);
    expect(events[0]).toMatchObject({
      activity: Activity.EXEC,
      observedAtUs: Date.parse('2022-10-18T03:16:18.273Z') * 1000 + 546,
      user: { id: 0 },
      process: {
        pid: 68790,
        executable: '/usr/bin/netserver',
        args: ['/usr/bin/netserver', '-D'],
        workingDirectory: '/',
        containerId: '19a02291e106ce6227b684197be232ea57c4e1a5ab2604a12608c325d701c7f4',
        parentPid: 68598,
        parentExecutable: '/usr/bin/containerd-shim-runc-v2',
      },
    });
    expect(events[0]!.process!.loginUid).toBeUndefined();
    expect(events.every(({ original }) => original!.startsWith('{"process_exec"'))).toBe(true);
  });

  it('every line of Falco becomes an event', () => {
    const events = lines('falco-json/events.jsonl').map((line) => eventOf(readFalcoLine(line)));
    expect(events.map((event) => event.process?.name || event.file?.path)).toEqual([
      '/bin/hack',
      'falcosidekick',
      'falcosidekick',
    ]);
  });
});

it('a Sigma rule for process creation fires on an imported execution, whichever tool saw it', () => {
  const engine = engineOf(
    [
      'title: Downloader of a web server',
      'id: t',
      'logsource: {category: process_creation, product: linux}',
      'detection:',
      "    sel: {Image|endswith: /curl, ParentImage|endswith: /nginx, CommandLine|contains: 'http://'}",
      '    condition: sel',
    ].join('\n'),
  );
  const child = { pid: 11, binary: '/usr/bin/curl', arguments: '-s http://192.0.2.7/x', uid: 33 };
  const tetragon = { process_exec: { process: child, parent: { pid: 3, binary: '/usr/sbin/nginx' } }, time: TIME };
  const fromFalco = falco({
    'evt.type': 'execve',
    'proc.exepath': '/usr/bin/curl',
    'proc.cmdline': 'curl -s http://192.0.2.7/x',
    'proc.pexepath': '/usr/sbin/nginx',
  });
  const events = [eventOf(readTetragonLine(JSON.stringify(tetragon))), eventOf(fromFalco)];
  for (const event of events) expect(engine.inspect(enrichedBatch([event]))).toHaveLength(1);
  const unrelated = eventOf(readTetragonLine(JSON.stringify({ process_exec: { process: child }, time: TIME })));
  expect(engine.inspect(enrichedBatch([unrelated]))).toEqual([]);
});
