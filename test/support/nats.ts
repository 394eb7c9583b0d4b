import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endChild, freePort, startChild } from './child-server.ts';
import { serverPath } from './servers.ts';
import { until } from './until.ts';

export function natsAvailable(): boolean {
  return serverPath('nats-server') !== undefined;
}

export interface NatsServer extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** Ends it, as by SIGKILL unless told otherwise; its data stays. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
}

/** A private nats-server with JetStream on a free loopback port, its data in a temporary directory of its own. */
export async function startNats(within = tmpdir()): Promise<NatsServer> {
  const directory = mkdtempSync(join(within, 'threatguard-nats-'));
  const port = await freePort();
  let server = await launch(port, directory);
  return {
    url: `nats://127.0.0.1:${port}`,
    get pid() {
      return server.child.pid!;
    },
    stop: (signal = 'SIGKILL') => endChild(server.child, signal),
    restart: async () => {
      server = await launch(port, directory);
    },
    [Symbol.asyncDispose]: async () => {
      await endChild(server.child, 'SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function launch(port: number, directory: string) {
  const server = startChild(serverPath('nats-server')!, ['-a', '127.0.0.1', '-p', `${port}`, '-js', '-sd', directory]);
  await until(() => listens(port), { limitMs: 10_000, what: () => `nats-server: ${server.output()}` });
  return server;
}

/** Whether something accepts connections on a loopback port. */
export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
