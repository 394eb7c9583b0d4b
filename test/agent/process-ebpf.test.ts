import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Activity, EventClass, type HostEvent, type Loss, Outcome } from '@threatguard/proto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createEbpfSource } from '../../agent/src/sensors/process/ebpf-source.ts';
import { canLoadBpf } from '../support/rights.ts';
import { until } from '../support/until.ts';

const canLoad = canLoadBpf();

describe.skipIf(!canLoad)('execs as eBPF sees them (needs eBPF)', () => {
  const events: HostEvent[] = [];
  const losses: Loss[] = [];
  const sink = { emit: (event: HostEvent) => events.push(event), lose: (loss: Loss) => losses.push(loss) };
  const source = createEbpfSource({ exits: true });
  beforeAll(() => source.start(sink));
  afterAll(() => source.stop());
  beforeEach(() => {
    events.length = 0;
    losses.length = 0;
  });

  const marked = (mark: string) => events.filter((event) => event.process?.args?.includes(mark));
  const execOf = (mark: string) =>
    until(() => marked(mark).find((event) => event.activity === Activity.EXEC), {
      limitMs: 5000,
      what: `exec ${mark}`,
    });

  test('an exec carries who, what, where and whose child it is', async () => {
    const child = spawn('/bin/sh', ['-c', '/bin/echo "" two words-7301; exit 3'], {
      cwd: '/usr/share',
      stdio: 'ignore',
    });
    const { process: seen, ...event } = await execOf('words-7301');
    expect(event).toMatchObject({
      class: EventClass.PROCESS,
      outcome: Outcome.SUCCESS,
      sensor: 'process.ebpf',
      user: { id: 0, name: 'root', groupId: 0 },
    });
    expect(event.missing?.filter((field) => field !== 'process.hash.sha256')).toEqual([]);
    expect(Math.abs((event.observedAtUs ?? 0) / 1000 - Date.now())).toBeLessThan(5000);
    expect(seen).toMatchObject({
      parentPid: child.pid,
      name: 'echo',
      executable: realpathSync('/bin/echo'),
      args: ['/bin/echo', '', 'two', 'words-7301'],
      argsTruncated: false,
      workingDirectory: '/usr/share',
      parentName: 'sh',
      parentExecutable: realpathSync('/bin/sh'),
      parentArgs: ['/bin/sh', '-c', '/bin/echo "" two words-7301; exit 3'],
      stdioSockets: [],
      deletedExecutable: false,
    });
    expect(seen?.startAtUs).toBeLessThanOrEqual(event.observedAtUs ?? 0);
    const exit = await until(
      () => events.find(({ activity, process }) => activity === Activity.EXIT && process?.pid === child.pid),
      { limitMs: 5000, what: 'its exit' },
    );
    expect(exit.process).toMatchObject({ exitCode: 3, executable: realpathSync('/bin/sh') });
  });

  test('the child of a subshell that is gone still names the script it belongs to', async () => {
    const script = '( /bin/true mark-7312; : ); exit 0';
    spawnSync('/bin/bash', ['-c', script]); // synchronous: all of it is over before a record is read
    expect((await execOf('mark-7312')).process).toMatchObject({
      parentExecutable: realpathSync('/bin/bash'),
      parentArgs: ['/bin/bash', '-c', script],
    });
  });

  test('a process ended by a signal exits with 128 and its number', async () => {
    const child = spawn('/bin/sleep', ['60']);
    await until(() => events.find((event) => event.process?.pid === child.pid), { limitMs: 5000, what: 'its exec' });
    child.kill('SIGKILL');
    const exit = await until(
      () => events.find(({ activity, process }) => activity === Activity.EXIT && process?.pid === child.pid),
      { limitMs: 5000, what: 'its exit' },
    );
    expect(exit.process?.exitCode).toBe(137);
  });

  test('none of 1,000 short-lived execs is missed, and each has all its arguments and its parent', async () => {
    const script = 'for i in $(seq 1000); do /bin/true "$i" mark-7302 "a b"; done';
    const child = spawn('/bin/bash', ['-c', script], { stdio: 'ignore' });
    await once(child, 'exit');
    const execs = () => marked('mark-7302').filter((event) => event.activity === Activity.EXEC);
    await until(() => execs().length >= 1000, { limitMs: 5000, what: () => `1000 execs, have ${execs().length}` });
    expect(execs().map((event) => event.process?.args)).toEqual(
      Array.from({ length: 1000 }, (_, i) => ['/bin/true', `${i + 1}`, 'mark-7302', 'a b']),
    );
    expect(
      execs().every(({ process }) => process?.parentPid === child.pid && process?.parentArgs?.[2] === script),
    ).toBe(true);
    expect(losses).toEqual([]);
  });

  test('none of 4,000 execs of two busy shells is missed, nor is any of them lost on the way', async () => {
    const script = (shell: string) => `for i in $(seq 2000); do /bin/true "$i" mark-7313 ${shell}; done`;
    const shells = ['one', 'two'].map((shell) => spawn('/bin/bash', ['-c', script(shell)], { stdio: 'ignore' }));
    await Promise.all(shells.map((shell) => once(shell, 'exit')));
    const execs = () => marked('mark-7313').filter((event) => event.activity === Activity.EXEC);
    await until(() => execs().length >= 4000, { limitMs: 5000, what: () => `4000 execs, have ${execs().length}` });
    expect(new Set(execs().map(({ process }) => process?.args?.join(' '))).size).toBe(4000);
    expect(losses).toEqual([]);
  });

  test('arguments of 20 KiB are whole, those beyond 32 KiB are cut and say so', async () => {
    const long = 'x'.repeat(20 * 1024);
    spawnSync('/bin/true', ['mark-7303', long]);
    expect((await execOf('mark-7303')).process).toMatchObject({
      args: ['/bin/true', 'mark-7303', long],
      argsTruncated: false,
    });
    spawnSync('/bin/true', ['mark-7304', 'y'.repeat(40 * 1024)]);
    const cut = (await execOf('mark-7304')).process;
    expect(cut?.argsTruncated).toBe(true);
    expect(cut?.args?.[2]).toMatch(/^y{32000,32768}$/);
  });

  test.each([
    { host: '127.0.0.1', family: 'inet', mark: 'mark-7305' },
    { host: '::1', family: 'inet6', mark: 'mark-7306' },
  ])('a shell whose input and output are a socket of $family names its peer', async ({ host, family, mark }) => {
    const { peer, socket, close } = await connected(host);
    spawn('/bin/sh', ['-c', 'exit', mark], { stdio: [socket, socket, 'ignore'] });
    const ends = {
      family,
      localAddress: host,
      localPort: socket.localPort,
      remoteAddress: host,
      remotePort: peer.port,
    };
    expect((await execOf(mark)).process?.stdioSockets).toEqual([
      { descriptor: 0, ...ends },
      { descriptor: 1, ...ends },
    ]);
    close();
  });

  test('an IPv4 peer of an IPv6 socket has its IPv4 address', async () => {
    const server = createServer().listen(0, '::');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [socket] = (await once(server, 'connection')) as [Socket];
    spawn('/bin/sh', ['-c', 'exit', 'mark-7307'], { stdio: [socket, 'ignore', 'ignore'] });
    expect((await execOf('mark-7307')).process?.stdioSockets).toMatchObject([
      { descriptor: 0, family: 'inet6', remoteAddress: '127.0.0.1', remotePort: client.localPort },
    ]);
    client.destroy();
    socket.destroy();
    server.close();
  });

  test('a stream that is a socket of the host itself is told as such', async () => {
    spawn('/bin/sh', ['-c', 'exit', 'mark-7308'], { stdio: ['ignore', 'pipe', 'ignore'] }); // Node's pipes are sockets
    expect((await execOf('mark-7308')).process?.stdioSockets).toMatchObject([{ descriptor: 1, family: 'unix' }]);
  });

  test('a program that was unlinked before it ran is marked', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'threatguard-'));
    const file = join(directory, 'gone');
    execFileSync('/bin/bash', ['-c', `cp /bin/true ${file}; exec 7<${file}; rm ${file}; /proc/self/fd/7 mark-7309`]);
    expect((await execOf('mark-7309')).process).toMatchObject({ executable: file, deletedExecutable: true });
    rmSync(directory, { recursive: true });
  });

  test('no path is too deep: what the kernel program cannot walk is asked of /proc', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'threatguard-'));
    const deep = join(directory, ...Array.from({ length: 70 }, () => 'd'));
    execFileSync('/bin/bash', ['-c', `mkdir -p ${deep}; cp /bin/sleep ${deep}/tool`]);
    const child = spawn(join(deep, 'tool'), ['60']);
    const seen = await until(() => events.find((event) => event.process?.pid === child.pid), {
      limitMs: 5000,
      what: 'exec',
    });
    expect(seen.process?.executable).toBe(join(deep, 'tool'));
    child.kill();
    rmSync(directory, { recursive: true });
  });
});

describe.skipIf(!canLoad)('a ring that is too small for a burst (needs eBPF)', () => {
  test('every exec is either an event or counted as lost', async () => {
    const events: HostEvent[] = [];
    const losses: Loss[] = [];
    const source = createEbpfSource({ ringBytes: 4096 });
    await source.start({ emit: (event) => events.push(event), lose: (loss) => losses.push(loss) });
    const before = Date.now() * 1000;
    // Synchronous: the event loop does not turn, so nobody empties the ring meanwhile.
    spawnSync('/bin/bash', ['-c', 'for i in $(seq 100); do /bin/true mark-7310; done']);
    await until(() => losses.length > 0, { limitMs: 5000, what: 'the loss' });
    await source.stop();
    const lost = losses.reduce((sum, { count }) => sum + (count ?? 0), 0);
    const seen = events.filter((event) => event.process?.args?.includes('mark-7310')).length;
    expect(events.length).toBeGreaterThan(0); // of any process of this host: whoever came first
    expect(seen).toBeLessThan(100);
    expect(events.length + lost).toBeGreaterThanOrEqual(101);
    expect(losses[0]).toMatchObject({ sensor: 'process.ebpf', reason: 'kernel_overrun' });
    expect(losses[0]?.lastAtUs).toBeGreaterThan(before);
    expect(losses[0]?.lastAtUs).toBeGreaterThanOrEqual(losses[0]?.firstAtUs ?? 0);
  });

  test('stop ends while files are still being hashed', () => {
    const module = new URL('../../agent/src/sensors/process/ebpf-source.ts', import.meta.url).href;
    const script = `
      const { spawnSync } = await import('node:child_process');
      const { createEbpfSource } = await import(${JSON.stringify(module)});
      const source = createEbpfSource();
      const seen = Promise.withResolvers();
      await source.start({ emit: seen.resolve, lose() {} });
      for (const program of ['/bin/bash', '/bin/ls', '/bin/cat']) spawnSync(program, ['--version']);
      await seen.promise;
      await source.stop();
      console.log('stopped');`;
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(child).toMatchObject({ status: 0, stdout: 'stopped\n' });
  });

  test('after stop nothing is emitted, and a second stop is harmless', async () => {
    const events: HostEvent[] = [];
    const source = createEbpfSource();
    await source.start({ emit: (event) => events.push(event), lose: () => undefined });
    await source.stop();
    events.length = 0;
    spawnSync('/bin/true', ['mark-7311']);
    await source.stop();
    expect(events).toEqual([]);
  });
});

async function connected(host: string) {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const peer = server.address() as AddressInfo;
  const socket = connect(peer.port, host);
  await once(socket, 'connect');
  const close = () => {
    socket.destroy();
    server.close();
  };
  return { peer, socket, close };
}
