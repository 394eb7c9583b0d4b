import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Activity, Direction, EventClass, type HostEvent } from '@threatguard/proto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEbpfSensor } from '../../agent/src/sensors/network/ebpf-sensor.ts';
import type { Sensor } from '../../agent/src/sensors/sensor.ts';
import { RecordingSink } from '../support/recording-sink.ts';
import { canLoadBpf } from '../support/rights.ts';
import { until } from '../support/until.ts';

const canLoad = canLoadBpf();
const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
const INTERVAL_MS = 100;

function listen(host = '127.0.0.1', onSocket?: (socket: Socket) => void): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy()).resume();
    onSocket?.(socket);
  });
  return new Promise((resolve) => server.listen(0, host, () => resolve(server)));
}

function open(port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect(port, host);
  return new Promise((resolve, reject) => socket.once('connect', () => resolve(socket)).once('error', reject));
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

describe.skipIf(!canLoad)('connections and listeners as eBPF sees them (needs eBPF)', () => {
  let sink: RecordingSink;
  let sensor: Sensor;
  const children: ChildProcess[] = [];
  const servers: Server[] = [];

  const find = (activity: Activity, port: number, direction?: Direction) =>
    sink.events.filter(
      ({ activity: was, network }) =>
        was === activity &&
        (network?.destinationPort === port || (activity === Activity.LISTENING && network?.sourcePort === port)) &&
        (direction === undefined || network?.direction === direction),
    );
  const seen = (activity: Activity, port: number, direction?: Direction): Promise<HostEvent> =>
    until(() => find(activity, port, direction)[0], { limitMs: 5000, what: `${Activity[activity]} of port ${port}` });
  const newServer = async (host?: string, onSocket?: (socket: Socket) => void) => {
    const server = await listen(host, onSocket);
    servers.push(server);
    return server;
  };
  /** The next thing the sensor sees is after everything that came before. */
  const settled = async () => {
    const marker = await newServer();
    await seen(Activity.LISTENING, portOf(marker));
  };

  beforeEach(() => {
    sink = new RecordingSink();
    sensor = createEbpfSensor({ intervalMs: INTERVAL_MS });
  });

  afterEach(async () => {
    await sensor.stop();
    for (const server of servers.splice(0)) server.close();
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  test('a connection is seen once from each of its ends, with process, exact bytes and duration', async () => {
    await sensor.start(sink);
    const server = await newServer('127.0.0.1', (socket) => socket.once('data', () => socket.end('y'.repeat(300))));
    expect(await seen(Activity.LISTENING, portOf(server))).toMatchObject({
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
      expect(await seen(Activity.CONNECTION_OPENED, portOf(server), direction)).toMatchObject({
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
      const closed = await seen(Activity.CONNECTION_CLOSED, portOf(server), direction);
      expect(closed).toMatchObject({ process: { pid: process.pid }, network: { ...ends, direction }, missing: [] });
      expect(closed.network).toMatchObject({ bytesSent: 1000, bytesReceived: 300 });
      expect(closed.network?.durationUs).toBeGreaterThan(0);
    }
    await settled();
    expect(find(Activity.CONNECTION_OPENED, portOf(server))).toHaveLength(2);
    expect(find(Activity.CONNECTION_CLOSED, portOf(server))).toHaveLength(2);
    expect(find(Activity.LISTENING, portOf(server))).toHaveLength(1);
  });

  test('none of 3,000 connections that are shorter than any interval is missed, and each has its process', async () => {
    let accepted = 0;
    const server = await newServer('127.0.0.1', () => accepted++);
    await sensor.start(sink);
    const ports = new Set<number>();
    const one = async () => {
      const client = await open(portOf(server));
      ports.add(client.localPort!);
      client.resetAndDestroy(); // no TIME_WAIT keeps the port from being used again
      await once(client, 'close');
    };
    for (let round = 0; round < 300; round++) await Promise.all(Array.from({ length: 10 }, one));
    const count = (activity: Activity, direction: Direction) => find(activity, portOf(server), direction).length;
    await until(() => accepted === 3000, { limitMs: 10_000, what: 'the server to have accepted all' });
    await until(() => count(Activity.CONNECTION_CLOSED, Direction.INBOUND) >= 3000, {
      limitMs: 10_000,
      what: () => `3000 ends, have ${count(Activity.CONNECTION_CLOSED, Direction.INBOUND)}`,
    });
    await settled();
    expect(count(Activity.CONNECTION_OPENED, Direction.OUTBOUND)).toBe(3000);
    expect(count(Activity.CONNECTION_CLOSED, Direction.OUTBOUND)).toBe(3000);
    expect(count(Activity.CONNECTION_OPENED, Direction.INBOUND)).toBe(accepted);
    expect(count(Activity.CONNECTION_CLOSED, Direction.INBOUND)).toBe(3000);
    const opened = find(Activity.CONNECTION_OPENED, portOf(server), Direction.OUTBOUND);
    expect(new Set(opened.map(({ network }) => network?.sourcePort))).toEqual(ports);
    expect(opened.every((event) => event.process?.pid === process.pid && event.missing?.length === 0)).toBe(true);
    expect(sink.losses).toEqual([]);
  });

  test.skipIf(!has('bash'))('a process that is gone a moment later is named whole (needs bash)', async () => {
    const server = await newServer();
    await sensor.start(sink);
    const script = `exec 3<>/dev/tcp/127.0.0.1/${portOf(server)}; echo secret >&3`;
    const child = spawnSync('bash', ['-c', script], { uid: 65534, gid: 65534 });
    for (const activity of [Activity.CONNECTION_OPENED, Activity.CONNECTION_CLOSED]) {
      expect(await seen(activity, portOf(server), Direction.OUTBOUND)).toMatchObject({
        user: { id: 65534 },
        process: { pid: child.pid, executable: expect.stringContaining('bash'), args: ['bash', '-c', script] },
      });
    }
    expect(find(Activity.CONNECTION_CLOSED, portOf(server), Direction.OUTBOUND)[0]?.network?.bytesSent).toBe(7);
  });

  test('what is there at the start is no news, and its end names who held it', async () => {
    const server = await newServer();
    const client = await open(portOf(server));
    await sensor.start(sink);
    await settled();
    expect(find(Activity.LISTENING, portOf(server))).toEqual([]);
    expect(find(Activity.CONNECTION_OPENED, portOf(server))).toEqual([]);
    client.destroy();
    for (const direction of [Direction.OUTBOUND, Direction.INBOUND]) {
      const closed = await seen(Activity.CONNECTION_CLOSED, portOf(server), direction);
      expect(closed).toMatchObject({ process: { pid: process.pid }, missing: ['event.duration'] });
    }
  });

  test('a connection that is refused is none', async () => {
    const server = await newServer();
    const port = portOf(server);
    await new Promise((resolve) => server.close(resolve));
    await sensor.start(sink);
    await expect(open(port)).rejects.toThrow('ECONNREFUSED');
    await settled();
    expect(sink.events.filter(({ network }) => network?.destinationPort === port)).toEqual([]);
  });

  test('IPv4 through an IPv6 listener is IPv4, and IPv6 is IPv6', async () => {
    await sensor.start(sink);
    const server = await newServer('::');
    for (const host of ['127.0.0.1', '::1']) {
      sink.events.length = 0;
      const client = await open(portOf(server), host);
      const into = await seen(Activity.CONNECTION_OPENED, portOf(server), Direction.INBOUND);
      expect(into.network).toMatchObject({ sourceAddress: host, destinationAddress: host });
      client.destroy();
      await seen(Activity.CONNECTION_CLOSED, portOf(server), Direction.INBOUND);
    }
  });

  test.skipIf(!has('python3'))('a listener that was never bound has the port it got (needs python3)', async () => {
    await sensor.start(sink);
    const script = `import socket, sys, time
s = socket.socket()
s.listen()
print(s.getsockname()[1], flush=True)
time.sleep(30)`;
    const child = spawn('python3', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    children.push(child);
    const [printed] = (await once(child.stdout, 'data')) as [Buffer];
    const event = await seen(Activity.LISTENING, Number(printed.toString()));
    expect(event.process).toMatchObject({ pid: child.pid, args: expect.arrayContaining(['-c', script]) });
    expect(event.network?.sourceAddress).toBe('0.0.0.0');
  });

  test.skipIf(!has('python3'))('a UDP service is a listener (needs python3)', async () => {
    await sensor.start(sink);
    const script = `import socket,time\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\ns.bind(("127.0.0.1",19534))\ntime.sleep(30)`;
    children.push(spawn('python3', ['-c', script], { stdio: 'ignore' }));
    const event = await seen(Activity.LISTENING, 19534);
    expect(event).toMatchObject({ network: { transport: 'udp' }, process: { pid: children[0]?.pid } });
  });

  test('after it was stopped, twice, nothing comes any more', async () => {
    await sensor.start(sink);
    expect(sensor.health()).toMatchObject({ source: 'ebpf', state: 'running' });
    await sensor.stop();
    await sensor.stop();
    const count = sink.events.length;
    const server = await newServer();
    (await open(portOf(server))).destroy();
    expect(sensor.health().state).toBe('stopped');
    expect(sink.events).toHaveLength(count);
  });
});
