import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Activity, Direction, EventClass } from '@threatguard/proto';
import { describe, expect, test } from 'vitest';
import { createEbpfSensor } from '../../agent/src/sensors/network/ebpf-sensor.ts';
import { hasProgram } from '../support/kernel-audit.ts';
import { networkRig, open, portOf } from '../support/network-rig.ts';
import { canLoadBpf } from '../support/rights.ts';
import { until } from '../support/until.ts';

const canLoad = canLoadBpf();
const INTERVAL_MS = 100;

describe.skipIf(!canLoad)('connections and listeners as eBPF sees them (needs eBPF)', () => {
  const rig = networkRig(() => createEbpfSensor({ intervalMs: INTERVAL_MS }));

  test('a connection is seen once from each of its ends, with process, exact bytes and duration', async () => {
    await rig.sensor.start(rig.sink);
    const server = await rig.newServer('127.0.0.1', (socket) => socket.once('data', () => socket.end('y'.repeat(300))));
    expect(await rig.seen(Activity.LISTENING, portOf(server))).toMatchObject({
      sensor: 'network.ebpf',
      process: { pid: process.pid },
      network: { transport: 'tcp', sourceAddress: '127.0.0.1' },
    });
    const client = await open(portOf(server));
    const ends = {
      transport: 'tcp',
      sourceAddress: '127.0.0.1',
      sourcePort: client.localPort,
      destinationAddress: '127.0.0.1',
      destinationPort: portOf(server),
    };
    for (const direction of [Direction.OUTBOUND, Direction.INBOUND]) {
      expect(await rig.seen(Activity.CONNECTION_OPENED, portOf(server), direction)).toMatchObject({
        class: EventClass.NETWORK,
        sensor: 'network.ebpf',
        user: { id: 0, name: 'root' },
        process: { pid: process.pid, executable: process.execPath, parentPid: process.ppid },
        network: { ...ends, direction },
        missing: [],
      });
    }
    client.resume().end('x'.repeat(1000));
    await once(client, 'close');
    for (const direction of [Direction.OUTBOUND, Direction.INBOUND]) {
      const closed = await rig.seen(Activity.CONNECTION_CLOSED, portOf(server), direction);
      expect(closed).toMatchObject({ process: { pid: process.pid }, network: { ...ends, direction }, missing: [] });
      expect(closed.network).toMatchObject({ bytesSent: 1000, bytesReceived: 300 });
      expect(closed.network?.durationUs).toBeGreaterThan(0);
    }
    await rig.settled();
    expect(rig.find(Activity.CONNECTION_OPENED, portOf(server))).toHaveLength(2);
    expect(rig.find(Activity.CONNECTION_CLOSED, portOf(server))).toHaveLength(2);
    expect(rig.find(Activity.LISTENING, portOf(server))).toHaveLength(1);
  });

  test('none of 3,000 connections that are shorter than any interval is missed, and each has its process', async () => {
    let accepted = 0;
    const server = await rig.newServer('127.0.0.1', () => accepted++);
    await rig.sensor.start(rig.sink);
    const ports = new Set<number>();
    const one = async () => {
      const client = await open(portOf(server));
      ports.add(client.localPort!);
      client.resetAndDestroy(); // no TIME_WAIT keeps the port from being used again
      await once(client, 'close');
    };
    for (let round = 0; round < 300; round++) await Promise.all(Array.from({ length: 10 }, one));
    const count = (activity: Activity, direction: Direction) => rig.find(activity, portOf(server), direction).length;
    await until(() => accepted === 3000, { limitMs: 10_000, what: 'the server to have accepted all' });
    await until(() => count(Activity.CONNECTION_CLOSED, Direction.INBOUND) >= 3000, {
      limitMs: 10_000,
      what: () => `3000 ends, have ${count(Activity.CONNECTION_CLOSED, Direction.INBOUND)}`,
    });
    await rig.settled();
    expect(count(Activity.CONNECTION_OPENED, Direction.OUTBOUND)).toBe(3000);
    expect(count(Activity.CONNECTION_CLOSED, Direction.OUTBOUND)).toBe(3000);
    expect(count(Activity.CONNECTION_OPENED, Direction.INBOUND)).toBe(accepted);
    expect(count(Activity.CONNECTION_CLOSED, Direction.INBOUND)).toBe(3000);
    const opened = rig.find(Activity.CONNECTION_OPENED, portOf(server), Direction.OUTBOUND);
    expect(new Set(opened.map(({ network }) => network?.sourcePort))).toEqual(ports);
    expect(opened.every((event) => event.process?.pid === process.pid && event.missing?.length === 0)).toBe(true);
    expect(rig.sink.losses).toEqual([]);
  });

  test.skipIf(!hasProgram('bash'))('a process that is gone a moment later is named whole (needs bash)', async () => {
    const server = await rig.newServer();
    await rig.sensor.start(rig.sink);
    const script = `exec 3<>/dev/tcp/127.0.0.1/${portOf(server)}; echo secret >&3`;
    const child = spawnSync('bash', ['-c', script], { uid: 65534, gid: 65534 });
    for (const activity of [Activity.CONNECTION_OPENED, Activity.CONNECTION_CLOSED]) {
      expect(await rig.seen(activity, portOf(server), Direction.OUTBOUND)).toMatchObject({
        user: { id: 65534 },
        process: { pid: child.pid, executable: expect.stringContaining('bash'), args: ['bash', '-c', script] },
      });
    }
    expect(rig.find(Activity.CONNECTION_CLOSED, portOf(server), Direction.OUTBOUND)[0]?.network?.bytesSent).toBe(7);
  });

  test('what is there at the start is no news, and its end names who held it', async () => {
    const server = await rig.newServer();
    const client = await open(portOf(server));
    await rig.sensor.start(rig.sink);
    await rig.settled();
    expect(rig.find(Activity.LISTENING, portOf(server))).toEqual([]);
    expect(rig.find(Activity.CONNECTION_OPENED, portOf(server))).toEqual([]);
    client.destroy();
    for (const direction of [Direction.OUTBOUND, Direction.INBOUND]) {
      const closed = await rig.seen(Activity.CONNECTION_CLOSED, portOf(server), direction);
      expect(closed).toMatchObject({ process: { pid: process.pid }, missing: ['event.duration'] });
    }
  });

  test('a connection that is refused is none', async () => {
    const server = await rig.newServer();
    const port = portOf(server);
    await new Promise((resolve) => server.close(resolve));
    await rig.sensor.start(rig.sink);
    await expect(open(port)).rejects.toThrow('ECONNREFUSED');
    await rig.settled();
    expect(rig.sink.events.filter(({ network }) => network?.destinationPort === port)).toEqual([]);
  });

  test('IPv4 through an IPv6 listener is IPv4, and IPv6 is IPv6', async () => {
    await rig.sensor.start(rig.sink);
    const server = await rig.newServer('::');
    for (const host of ['127.0.0.1', '::1']) {
      rig.sink.events.length = 0;
      const client = await open(portOf(server), host);
      const into = await rig.seen(Activity.CONNECTION_OPENED, portOf(server), Direction.INBOUND);
      expect(into.network).toMatchObject({ sourceAddress: host, destinationAddress: host });
      client.destroy();
      await rig.seen(Activity.CONNECTION_CLOSED, portOf(server), Direction.INBOUND);
    }
  });

  test.skipIf(!hasProgram('python3'))(
    'a listener that was never bound has the port it got (needs python3)',
    async () => {
      await rig.sensor.start(rig.sink);
      const script = `import socket, sys, time
s = socket.socket()
s.listen()
print(s.getsockname()[1], flush=True)
time.sleep(30)`;
      const child = spawn('python3', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
      rig.children.push(child);
      const [printed] = (await once(child.stdout, 'data')) as [Buffer];
      const event = await rig.seen(Activity.LISTENING, Number(printed.toString()));
      expect(event.process).toMatchObject({ pid: child.pid, args: expect.arrayContaining(['-c', script]) });
      expect(event.network?.sourceAddress).toBe('0.0.0.0');
    },
  );

  test.skipIf(!hasProgram('python3'))('a UDP service is a listener (needs python3)', async () => {
    await rig.sensor.start(rig.sink);
    const script = `import socket,time\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\ns.bind(("127.0.0.1",19534))\ntime.sleep(30)`;
    rig.children.push(spawn('python3', ['-c', script], { stdio: 'ignore' }));
    const event = await rig.seen(Activity.LISTENING, 19534);
    expect(event).toMatchObject({ network: { transport: 'udp' }, process: { pid: rig.children[0]?.pid } });
  });

  test('after it was stopped, twice, nothing comes any more', async () => {
    await rig.sensor.start(rig.sink);
    expect(rig.sensor.health()).toMatchObject({ source: 'ebpf', state: 'running' });
    await rig.sensor.stop();
    await rig.sensor.stop();
    const count = rig.sink.events.length;
    const server = await rig.newServer();
    (await open(portOf(server))).destroy();
    expect(rig.sensor.health().state).toBe('stopped');
    expect(rig.sink.events).toHaveLength(count);
  });
});
