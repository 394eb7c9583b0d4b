import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Activity, Direction, EventClass, type HostEvent } from '@threatguard/proto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDiagSensor } from '../../agent/src/sensors/network/diag-sensor.ts';
import type { Sensor } from '../../agent/src/sensors/sensor.ts';
import { freePort } from '../support/child-server.ts';
import { RecordingSink } from '../support/recording-sink.ts';
import { may } from '../support/rights.ts';
import { until } from '../support/until.ts';

const INTERVAL_MS = 100;
const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

function listen(host = '127.0.0.1'): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => socket.destroy()).resume());
  return new Promise((resolve) => server.listen(0, host, () => resolve(server)));
}

function open(port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect(port, host);
  return new Promise((resolve, reject) => socket.once('connect', () => resolve(socket)).once('error', reject));
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

describe('connections and listeners of this host by sock_diag', () => {
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
  const newServer = async (host?: string) => {
    const server = await listen(host);
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
    sensor = createDiagSensor({ intervalMs: INTERVAL_MS, tcp: true });
  });

  afterEach(async () => {
    await sensor.stop();
    for (const server of servers.splice(0)) server.close();
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  test('what is there at the start is no news', async () => {
    const server = await newServer();
    const client = await open(portOf(server));
    await sensor.start(sink);
    await settled();
    expect(find(Activity.LISTENING, portOf(server))).toEqual([]);
    expect(find(Activity.CONNECTION_OPENED, portOf(server))).toEqual([]);
    client.destroy();
    expect((await seen(Activity.CONNECTION_CLOSED, portOf(server))).missing).toContain('event.duration');
  });

  test('a connection is seen from both of its ends, with process, bytes and duration', async () => {
    const server = await newServer();
    await sensor.start(sink);
    const client = await open(portOf(server));
    const out = await seen(Activity.CONNECTION_OPENED, portOf(server), Direction.OUTBOUND);
    const into = await seen(Activity.CONNECTION_OPENED, portOf(server), Direction.INBOUND);
    for (const event of [out, into]) {
      expect(event).toMatchObject({
        class: EventClass.NETWORK,
        sensor: 'network.diag',
        user: { id: process.getuid?.() },
        process: { pid: process.pid, executable: process.execPath, parentPid: process.ppid },
        missing: [],
        network: {
          transport: 'tcp',
          sourceAddress: '127.0.0.1',
          sourcePort: client.localPort,
          destinationAddress: '127.0.0.1',
          destinationPort: portOf(server),
        },
      });
    }
    await new Promise((resolve) => client.write('x'.repeat(1000), resolve));
    client.end();
    const closed = await seen(Activity.CONNECTION_CLOSED, portOf(server), Direction.INBOUND);
    expect(closed.process?.pid).toBe(process.pid);
    // The kernel counts the FIN as one byte.
    expect(closed.network?.bytesSent).toBeGreaterThanOrEqual(1000);
    expect(closed.network?.bytesSent).toBeLessThanOrEqual(1001);
    expect(closed.network?.durationUs).toBeGreaterThan(0);
    await settled();
    expect(find(Activity.CONNECTION_OPENED, portOf(server))).toHaveLength(2);
    expect(find(Activity.CONNECTION_CLOSED, portOf(server)).length).toBeLessThanOrEqual(2);
  });

  test('a connection shorter than the interval does not vanish: its end is told', async () => {
    const server = await newServer();
    sensor = createDiagSensor({ intervalMs: 60_000, tcp: true });
    await sensor.start(sink);
    const client = await open(portOf(server));
    const sourcePort = client.localPort;
    client.end('hello');
    const closed = await seen(Activity.CONNECTION_CLOSED, portOf(server));
    expect(closed.network).toMatchObject({ sourcePort, sourceAddress: '127.0.0.1' });
    expect(closed.missing).toEqual(expect.arrayContaining(['process.pid', 'event.duration', 'user.id']));
  });

  test('IPv4 through an IPv6 listener is IPv4', async () => {
    await sensor.start(sink);
    const server = await newServer('::');
    expect((await seen(Activity.LISTENING, portOf(server))).network?.sourceAddress).toBe('::');
    const client = await open(portOf(server), '127.0.0.1');
    const into = await seen(Activity.CONNECTION_OPENED, portOf(server), Direction.INBOUND);
    expect(into.network).toMatchObject({ sourceAddress: '127.0.0.1', destinationAddress: '127.0.0.1' });
    client.destroy();
  });

  test.skipIf(!has('python3'))(
    'a listener opened by an interpreter names it and its arguments (needs python3)',
    async () => {
      await sensor.start(sink);
      const reserved = await listen();
      const port = portOf(reserved);
      await new Promise((resolve) => reserved.close(resolve));
      children.push(spawn('python3', ['-m', 'http.server', String(port), '--bind', '127.0.0.1'], { stdio: 'ignore' }));
      const event = await seen(Activity.LISTENING, port);
      expect(event.process?.executable).toMatch(/python3/);
      expect(event.process?.args?.slice(1)).toEqual(['-m', 'http.server', String(port), '--bind', '127.0.0.1']);
      expect(event.process?.pid).toBe(children[0]?.pid);
      expect(event.network).toMatchObject({ transport: 'tcp', sourceAddress: '127.0.0.1' });
    },
  );

  test.skipIf(!has('bash'))(
    'a shell that connects out is the owner, whatever it has started since (needs bash)',
    async () => {
      const server = await newServer();
      await sensor.start(sink);
      const script = `exec 3<>/dev/tcp/127.0.0.1/${portOf(server)}; sleep 30; true`;
      children.push(spawn('bash', ['-c', script], { stdio: 'ignore', detached: true }));
      const event = await seen(Activity.CONNECTION_OPENED, portOf(server), Direction.OUTBOUND);
      expect(event.process).toMatchObject({ pid: children[0]?.pid, name: 'bash', args: ['bash', '-c', script] });
      process.kill(-children[0]!.pid!, 'SIGKILL');
    },
  );

  test.skipIf(!has('python3'))('a UDP service is a listener (needs python3)', async () => {
    await sensor.start(sink);
    const port = await freePort();
    const script = `import socket,time\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\ns.bind(("127.0.0.1",${port}))\ntime.sleep(30)`;
    children.push(spawn('python3', ['-c', script], { stdio: 'ignore' }));
    const event = await seen(Activity.LISTENING, port);
    expect(event.network).toMatchObject({ transport: 'udp', sourceAddress: '127.0.0.1' });
    expect(event.process?.pid).toBe(children[0]?.pid);
  });

  test('after it was stopped, twice, nothing comes any more', async () => {
    await sensor.start(sink);
    await sensor.stop();
    await sensor.stop();
    const count = sink.events.length;
    const [server, other] = [await newServer(), new RecordingSink()];
    const client = await open(portOf(server));
    client.destroy();
    const second = createDiagSensor({ intervalMs: INTERVAL_MS, tcp: true });
    await second.start(other);
    const later = await newServer();
    await until(() => other.events.some(({ network }) => network?.sourcePort === portOf(later)), {
      limitMs: 5000,
      what: 'another sensor to see it',
    });
    await second.stop();
    expect(sink.events).toHaveLength(count);
    expect(sensor.health().state).toBe('stopped');
  });

  test.skipIf(!may('setuid', 'setgid'))(
    'an ordinary user sees connections, and what is not visible is named (needs root to drop)',
    async () => {
      const server = await newServer();
      const script = `import { createNetworkSensor } from './agent/src/sensors/network/sensor.ts';
      const sensor = createNetworkSensor({ intervalMs: 50 });
      const print = (event) => console.log(JSON.stringify({ ...event, detail: sensor.health().detail }));
      await sensor.start({ emit: print, lose() {} });
      console.log('"ready"');
      process.stdin.on('data', () => undefined).on('end', () => sensor.stop());`;
      const drop = [
        '--reuid',
        '65534',
        '--regid',
        '65534',
        '--clear-groups',
        '--bounding-set',
        '-all',
        '--inh-caps',
        '-all',
      ];
      const child = spawn('setpriv', [...drop, process.execPath, '--input-type=module', '-e', script]);
      children.push(child);
      let printed = '';
      child.stdout.on('data', (bytes) => {
        printed += bytes;
      });
      await until(() => printed.includes('"ready"'), { limitMs: 10_000, what: 'the ordinary user’s sensor' });
      const client = await open(portOf(server));
      const lines = () => printed.split('\n').filter((line) => line.includes(`"destinationPort":${portOf(server)}`));
      await until(() => lines().length > 0, { limitMs: 10_000, what: 'its event' });
      const event = JSON.parse(lines()[0]!) as HostEvent & { detail: string };
      expect(event.user?.id).toBe(0);
      expect(event.missing).toContain('process.pid');
      expect(event.detail).toContain('run as root');
      client.destroy();
      child.stdin.end();
    },
  );
});
