// A network sensor, what it said, and servers and processes for it to see.
import type { ChildProcess } from 'node:child_process';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Activity, type Direction, type HostEvent } from '@threatguard/proto';
import { afterEach, beforeEach } from 'vitest';
import type { Sensor } from '../../agent/src/sensors/sensor.ts';
import { RecordingSink } from './recording-sink.ts';
import { until } from './until.ts';

const SEEN_MS_MAX = 5000;

export interface NetworkRig {
  sink: RecordingSink;
  /** Not started; stopped after the test. */
  sensor: Sensor;
  /** Killed after the test. */
  children: ChildProcess[];
  /** What was said of a port; of a connection, of the one it goes to. */
  find(activity: Activity, port: number, direction?: Direction): HostEvent[];
  seen(activity: Activity, port: number, direction?: Direction): Promise<HostEvent>;
  /** Closed after the test. */
  newServer(host?: string, onSocket?: (socket: Socket) => void): Promise<Server>;
  /** The next thing the sensor sees is after everything that came before. */
  settled(): Promise<void>;
}

export function listen(host = '127.0.0.1', onSocket?: (socket: Socket) => void): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy()).resume();
    onSocket?.(socket);
  });
  return new Promise((resolve) => server.listen(0, host, () => resolve(server)));
}

export function open(port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect(port, host);
  return new Promise((resolve, reject) => socket.once('connect', () => resolve(socket)).once('error', reject));
}

export const portOf = (server: Server) => (server.address() as AddressInfo).port;

/** Made anew for each test of the block that calls this. */
export function networkRig(create: () => Sensor): NetworkRig {
  const servers: Server[] = [];
  const rig: NetworkRig = {
    sink: new RecordingSink(),
    sensor: create(),
    children: [],
    find: (activity, port, direction) =>
      rig.sink.events.filter(
        ({ activity: was, network }) =>
          was === activity &&
          (network?.destinationPort === port || (activity === Activity.LISTENING && network?.sourcePort === port)) &&
          (direction === undefined || network?.direction === direction),
      ),
    seen: (activity, port, direction) =>
      until(() => rig.find(activity, port, direction)[0], {
        limitMs: SEEN_MS_MAX,
        what: `${Activity[activity]} of port ${port}`,
      }),
    async newServer(host, onSocket) {
      const server = await listen(host, onSocket);
      servers.push(server);
      return server;
    },
    async settled() {
      await rig.seen(Activity.LISTENING, portOf(await rig.newServer()));
    },
  };
  beforeEach(() => {
    rig.sink = new RecordingSink();
    rig.sensor = create();
  });
  afterEach(async () => {
    await rig.sensor.stop();
    for (const server of servers.splice(0)) server.close();
    for (const child of rig.children.splice(0)) child.kill('SIGKILL');
  });
  return rig;
}
