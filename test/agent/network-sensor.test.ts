import { spawn } from 'node:child_process';
import { Activity, Direction, EventClass, type HostEvent } from '@threatguard/proto';
import { describe, expect, test } from 'vitest';
import { createDiagSensor } from '../../agent/src/sensors/network/diag-sensor.ts';
import { freePort } from '../support/child-server.ts';
import { hasProgram } from '../support/kernel-audit.ts';
import { listen, networkRig, open, portOf } from '../support/network-rig.ts';
import { RecordingSink } from '../support/recording-sink.ts';
import { may } from '../support/rights.ts';
import { until } from '../support/until.ts';

const INTERVAL_MS = 100;

describe('connections and listeners of this host by sock_diag', () => {
  const rig = networkRig(() => createDiagSensor({ intervalMs: INTERVAL_MS, tcp: true }));

  test('what is there at the start is no news', async () => {
    const server = await rig.newServer();
    const client = await open(portOf(server));
    await rig.sensor.start(rig.sink);
    await rig.settled();
    expect(rig.find(Activity.LISTENING, portOf(server))).toEqual([]);
    expect(rig.find(Activity.CONNECTION_OPENED, portOf(server))).toEqual([]);
    client.destroy();
    expect((await rig.seen(Activity.CONNECTION_CLOSED, portOf(server))).missing).toContain('event.duration');
  });

  test('a connection is seen from both of its ends, with process, bytes and duration', async () => {
    const server = await rig.newServer();
    await rig.sensor.start(rig.sink);
    const client = await open(portOf(server));
    const out = await rig.seen(Activity.CONNECTION_OPENED, portOf(server), Direction.OUTBOUND);
    const into = await rig.seen(Activity.CONNECTION_OPENED, portOf(server), Direction.INBOUND);
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
    const closed = await rig.seen(Activity.CONNECTION_CLOSED, portOf(server), Direction.INBOUND);
    expect(closed.process?.pid).toBe(process.pid);
    // The kernel counts the FIN as one byte.
    expect(closed.network?.bytesSent).toBeGreaterThanOrEqual(1000);
    expect(closed.network?.bytesSent).toBeLessThanOrEqual(1001);
    expect(closed.network?.durationUs).toBeGreaterThan(0);
    await rig.settled();
    expect(rig.find(Activity.CONNECTION_OPENED, portOf(server))).toHaveLength(2);
    expect(rig.find(Activity.CONNECTION_CLOSED, portOf(server)).length).toBeLessThanOrEqual(2);
  });

  test('a connection shorter than the interval does not vanish: its end is told', async () => {
    const server = await rig.newServer();
    rig.sensor = createDiagSensor({ intervalMs: 60_000, tcp: true });
    await rig.sensor.start(rig.sink);
    const client = await open(portOf(server));
    const sourcePort = client.localPort;
    client.end('hello');
    const closed = await rig.seen(Activity.CONNECTION_CLOSED, portOf(server));
    expect(closed.network).toMatchObject({ sourcePort, sourceAddress: '127.0.0.1' });
    expect(closed.missing).toEqual(expect.arrayContaining(['process.pid', 'event.duration', 'user.id']));
  });

  test('IPv4 through an IPv6 listener is IPv4', async () => {
    await rig.sensor.start(rig.sink);
    const server = await rig.newServer('::');
    expect((await rig.seen(Activity.LISTENING, portOf(server))).network?.sourceAddress).toBe('::');
    const client = await open(portOf(server), '127.0.0.1');
    const into = await rig.seen(Activity.CONNECTION_OPENED, portOf(server), Direction.INBOUND);
    expect(into.network).toMatchObject({ sourceAddress: '127.0.0.1', destinationAddress: '127.0.0.1' });
    client.destroy();
  });

  test.skipIf(!hasProgram('python3'))(
    'a listener opened by an interpreter names it and its arguments (needs python3)',
    async () => {
      await rig.sensor.start(rig.sink);
      const reserved = await listen();
      const port = portOf(reserved);
      await new Promise((resolve) => reserved.close(resolve));
      rig.children.push(
        spawn('python3', ['-m', 'http.server', String(port), '--bind', '127.0.0.1'], { stdio: 'ignore' }),
      );
      const event = await rig.seen(Activity.LISTENING, port);
      expect(event.process?.executable).toMatch(/python3/);
      expect(event.process?.args?.slice(1)).toEqual(['-m', 'http.server', String(port), '--bind', '127.0.0.1']);
      expect(event.process?.pid).toBe(rig.children[0]?.pid);
      expect(event.network).toMatchObject({ transport: 'tcp', sourceAddress: '127.0.0.1' });
    },
  );

  test.skipIf(!hasProgram('bash'))(
    'a shell that connects out is the owner, whatever it has started since (needs bash)',
    async () => {
      const server = await rig.newServer();
      await rig.sensor.start(rig.sink);
      const script = `exec 3<>/dev/tcp/127.0.0.1/${portOf(server)}; sleep 30; true`;
      rig.children.push(spawn('bash', ['-c', script], { stdio: 'ignore', detached: true }));
      const event = await rig.seen(Activity.CONNECTION_OPENED, portOf(server), Direction.OUTBOUND);
      expect(event.process).toMatchObject({ pid: rig.children[0]?.pid, name: 'bash', args: ['bash', '-c', script] });
      process.kill(-rig.children[0]!.pid!, 'SIGKILL');
    },
  );

  test.skipIf(!hasProgram('python3'))('a UDP service is a listener (needs python3)', async () => {
    await rig.sensor.start(rig.sink);
    const port = await freePort();
    const script = `import socket,time\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\ns.bind(("127.0.0.1",${port}))\ntime.sleep(30)`;
    rig.children.push(spawn('python3', ['-c', script], { stdio: 'ignore' }));
    const event = await rig.seen(Activity.LISTENING, port);
    expect(event.network).toMatchObject({ transport: 'udp', sourceAddress: '127.0.0.1' });
    expect(event.process?.pid).toBe(rig.children[0]?.pid);
  });

  test('after it was stopped, twice, nothing comes any more', async () => {
    await rig.sensor.start(rig.sink);
    await rig.sensor.stop();
    await rig.sensor.stop();
    const count = rig.sink.events.length;
    const [server, other] = [await rig.newServer(), new RecordingSink()];
    const client = await open(portOf(server));
    client.destroy();
    const second = createDiagSensor({ intervalMs: INTERVAL_MS, tcp: true });
    await second.start(other);
    const later = await rig.newServer();
    await until(() => other.events.some(({ network }) => network?.sourcePort === portOf(later)), {
      limitMs: 5000,
      what: 'another sensor to see it',
    });
    await second.stop();
    expect(rig.sink.events).toHaveLength(count);
    expect(rig.sensor.health().state).toBe('stopped');
  });

  test.skipIf(!may('setuid', 'setgid'))(
    'an ordinary user sees connections, and what is not visible is named (needs root to drop)',
    async () => {
      const server = await rig.newServer();
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
      rig.children.push(child);
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
