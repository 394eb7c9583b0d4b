import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Activity, EventClass, type HostEvent } from '@threatguard/proto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseSocketTable, parseStat } from '../../agent/src/sensors/process/proc-files.ts';
import { createScanSource } from '../../agent/src/sensors/process/scan-source.ts';
import { readUserNames } from '../../agent/src/sensors/user-names.ts';
import { until } from '../support/until.ts';

describe('processes as a scan of /proc sees them', () => {
  const events: HostEvent[] = [];
  const source = createScanSource(50);
  beforeAll(() => source.start({ emit: (event) => events.push(event), lose: () => undefined }));
  afterAll(() => source.stop());
  const find = (pid: number | undefined, executable: string) =>
    until(() => events.find(({ process }) => process?.pid === pid && process?.executable === executable), {
      limitMs: 5000,
      what: `${executable} as ${pid}`,
    });

  test('one that stays is seen with its arguments, its parent and its peer', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const child = spawn('/bin/sleep', ['61'], { stdio: [socket, 'ignore', 'ignore'] });
    expect(await find(child.pid, realpathSync('/bin/sleep'))).toMatchObject({
      class: EventClass.PROCESS,
      activity: Activity.EXEC,
      sensor: 'process.proc-scan',
      user: { id: process.getuid?.() },
      process: {
        parentPid: process.pid,
        args: ['/bin/sleep', '61'],
        stdioSockets: [
          { descriptor: 0, family: 'inet', localPort: socket.localPort, remoteAddress: '127.0.0.1', remotePort: port },
        ],
      },
      missing: [],
    });
    child.kill();
    socket.destroy();
    server.close();
  });

  test('one that was there before is not reported as new, and the loss of short ones is said', () => {
    expect(events.some((event) => event.process?.pid === process.pid)).toBe(false);
    expect(source.detail()).toContain('less than 50 ms');
  });

  test('a program that a young process becomes is seen too', async () => {
    const child = spawn('/bin/sh', ['-c', 'read go; exec sleep 62'], { stdio: ['pipe', 'ignore', 'ignore'] });
    await find(child.pid, realpathSync('/bin/sh'));
    child.stdin.end('go\n');
    await find(child.pid, realpathSync('/bin/sleep'));
    child.kill();
  });
});

test('a process name that forges the fields behind it does not', () => {
  const fields = Array.from({ length: 49 }, (_, index) => `${index}`).join(' ');
  expect(parseStat(`12 (a) S 1 0 (b)) S ${fields}`)).toEqual({ startUs: 180_000, kernelThread: false });
  expect(parseStat(readFileSync('/proc/self/stat', 'latin1'))).toMatchObject({ kernelThread: false });
  for (const text of ['', '12', '12 (a', '12 (a) S 1']) expect(parseStat(text)).toBeUndefined();
});

test('socket tables are read for IPv4 and IPv6, and only the asked inode', () => {
  const line = (ends: string, inode: number) =>
    `   0: ${ends} 01 00000000:00000000 00:00000000 00000000 0 0 ${inode} 1 0`;
  const v4 = `  sl  local\n${line('0100007F:0016 070200C0:C351', 55)}\n${line('0100007F:0017 00000000:0000', 56)}`;
  expect(parseSocketTable(v4, '55')).toEqual({
    localAddress: '127.0.0.1',
    localPort: 22,
    remoteAddress: '192.0.2.7',
    remotePort: 50001,
  });
  expect(parseSocketTable(v4, '56')).toMatchObject({ remoteAddress: '', remotePort: 0 });
  expect(parseSocketTable(v4, '5')).toBeUndefined();
  const v6 = line('00000000000000000000000001000000:0016 B80D0120000000000000000001000000:C351', 57);
  expect(parseSocketTable(v6, '57')).toMatchObject({ localAddress: '::1', remoteAddress: '2001:db8::1' });
});

test('user names follow the accounts file, also while it is being replaced', () => {
  const directory = mkdtempSync(join(tmpdir(), 'threatguard-'));
  const file = join(directory, 'passwd');
  let nowMs = 0;
  writeFileSync(
    file,
    'root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh\nbroken line\nalice:x:1000:1000::/:/bin/sh\n',
  );
  const users = readUserNames(file, () => nowMs);
  expect([0, 1000, 1001].map(users.nameOf)).toEqual(['root', 'alice', undefined]);

  appendFileSync(file, 'bob:x:1001:1001::/:/bin/sh\n');
  expect(users.nameOf(1001)).toBeUndefined();
  nowMs += 1000;
  expect(users.nameOf(1001)).toBe('bob');

  renameSync(file, `${file}-`);
  nowMs += 1000;
  expect(users.nameOf(1001)).toBe('bob');
  rmSync(directory, { recursive: true });
});
