import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bindSocket, closeDescriptor, openSocket, receiveFrom } from '../../agent/src/kernel/libc.ts';
import { sendUnixDatagram, unixAddress } from '../../agent/src/kernel/unix-datagram.ts';
import { serviceManager } from '../../agent/src/service.ts';
import { serviceManager as collectorsManager } from '../../collector/src/service.ts';
import { until } from '../support/until.ts';

const [AF_UNIX, SOCK_DGRAM, SOCK_NONBLOCK] = [1, 2, 0o4000];

describe('a service tells the manager that started it, over a real unix datagram socket,', () => {
  let directory: string;
  let path: string;
  let fd: number;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'threatguard-notify-'));
    path = join(directory, 'notify');
    fd = listenAt(path);
  });
  afterEach(() => {
    closeDescriptor(fd);
    rmSync(directory, { recursive: true });
  });

  it('that it is ready and what it does, in one datagram', () => {
    using service = serviceManager({ NOTIFY_SOCKET: path }, 1);
    service.ready(() => 'watching');
    expect(receive(fd)).toBe('READY=1\nSTATUS=watching');
    service.stopping();
    expect(receive(fd)).toBe('STOPPING=1\nSTATUS=stopping');
    expect(receive(fd)).toBeUndefined();
  });

  it('that it lives, more than twice within the time of the watchdog, with the status of that moment', async () => {
    let turn = 0;
    using service = serviceManager({ NOTIFY_SOCKET: path, WATCHDOG_USEC: '60000', WATCHDOG_PID: '77' }, 77);
    service.ready(() => `turn ${turn++}`);
    expect(receive(fd)).toBe('READY=1\nSTATUS=turn 0');
    const limit = { limitMs: 5000, what: 'a sign of life' };
    expect(await until(() => receive(fd), limit)).toBe('WATCHDOG=1\nSTATUS=turn 1');
    expect(await until(() => receive(fd), limit)).toBe('WATCHDOG=1\nSTATUS=turn 2');
  });

  it('nothing of the watchdog where that watches another process', async () => {
    using other = serviceManager({ NOTIFY_SOCKET: path, WATCHDOG_USEC: '3000', WATCHDOG_PID: '78' }, 77);
    other.ready(() => 'other');
    using watched = serviceManager({ NOTIFY_SOCKET: path, WATCHDOG_USEC: '30000', WATCHDOG_PID: '77' }, 77);
    watched.ready(() => 'watched');
    const said: string[] = [];
    await until(() => said.push(receive(fd) ?? '') && said.at(-1)?.startsWith('WATCHDOG=1'), {
      limitMs: 5000,
      what: 'a sign of life',
    });
    expect(said.filter((text) => text.endsWith('other'))).toEqual(['READY=1\nSTATUS=other']);
  });

  it('one line of status, whatever a host puts into it', () => {
    using service = serviceManager({ NOTIFY_SOCKET: path }, 1);
    service.ready(() => 'host\nWATCHDOG=trigger\u0000MAINPID=1');
    expect(receive(fd)?.split('\n')).toEqual(['READY=1', 'STATUS=host WATCHDOG=trigger MAINPID=1']);
  });

  it('also at an abstract address', () => {
    const name = `@threatguard-test-${process.pid}`;
    const abstract = listenAt(name);
    try {
      using service = serviceManager({ NOTIFY_SOCKET: name }, 1);
      service.ready(() => 'watching');
      expect(receive(abstract)).toContain('READY=1');
    } finally {
      closeDescriptor(abstract);
    }
  });

  it('and is silent and unharmed where nobody listens, or nobody started it', () => {
    expect(sendUnixDatagram(join(directory, 'nobody'), Buffer.from('READY=1'))).toBe(false);
    expect(sendUnixDatagram('relative', Buffer.from('READY=1'))).toBe(false);
    expect(sendUnixDatagram(`/${'x'.repeat(200)}`, Buffer.from('READY=1'))).toBe(false);
    using alone = serviceManager({}, 1);
    alone.ready(() => 'watching');
    alone.stopping();
    expect(receive(fd)).toBeUndefined();
  });

  it.skipIf(!existsSync('/usr/bin/systemd-notify'))(
    'by systemd-notify where it is the collector (needs systemd-notify)',
    async () => {
      using service = collectorsManager({ ...process.env, NOTIFY_SOCKET: path, WATCHDOG_USEC: '600000' });
      service.ready('listening on 127.0.0.1:7443');
      const said: string[] = [];
      await until(
        () => {
          for (let text = receive(fd); text !== undefined; text = receive(fd)) said.push(...text.split('\n'));
          return said.includes('WATCHDOG=1');
        },
        { limitMs: 10_000, what: 'a sign of life' },
      );
      expect(said).toEqual(expect.arrayContaining(['READY=1', 'STATUS=listening on 127.0.0.1:7443']));
    },
  );
});

function listenAt(path: string): number {
  const fd = openSocket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  bindSocket(fd, unixAddress(path)!);
  return fd;
}

function receive(fd: number): string | undefined {
  const buffer = new Uint8Array(4096);
  const length = receiveFrom(fd, buffer, new Uint8Array(128));
  return length === undefined ? undefined : Buffer.from(buffer.buffer, 0, length).toString();
}
