// Real Redis servers of tests: one, one with a replica and sentinels, a cluster of three.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endChild, freePort, startChild } from './child-server.ts';
import { listens } from './nats.ts';
import { serverPath } from './servers.ts';
import { until } from './until.ts';

export function redisAvailable(): boolean {
  return serverPath('redis-server') !== undefined;
}

export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** What redis-cli answers. */
  cli(...words: string[]): string;
  stop(signal?: NodeJS.Signals): Promise<void>;
  restart(): Promise<void>;
}

/** On a free loopback port, with nothing on disk; `settings` are those of redis.conf. */
export async function startRedis(settings: Record<string, string> = {}): Promise<RedisServer> {
  const directory = mkdtempSync(join(tmpdir(), 'threatguard-redis-'));
  const port = await freePort();
  const all = { bind: '127.0.0.1', port: `${port}`, dir: directory, save: '', appendonly: 'no', ...settings };
  const launch = async () => {
    const started = startChild(
      serverPath('redis-server')!,
      Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]),
    );
    await until(() => listens(port), { limitMs: 10_000, what: () => `redis-server: ${started.output()}` });
    return started;
  };
  let server = await launch();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return server.child.pid!;
    },
    cli: (...words) => redisCli(port, ...words),
    stop: (signal = 'SIGKILL') => endChild(server.child, signal),
    restart: async () => {
      server = await launch();
    },
    [Symbol.asyncDispose]: async () => {
      await endChild(server.child, 'SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function redisCli(port: number, ...words: string[]): string {
  return execFileSync('redis-cli', ['-p', `${port}`, ...words], { encoding: 'utf8', stdio: 'pipe' }).trim();
}

export interface SentinelRig extends AsyncDisposable {
  readonly url: string;
  readonly master: RedisServer;
  readonly replica: RedisServer;
}

/** A master, a replica of it and one sentinel that makes the replica the master half a second after the master died. */
export async function startSentinel(): Promise<SentinelRig> {
  await using stack = new AsyncDisposableStack();
  const master = stack.use(await startRedis());
  const replica = stack.use(await startRedis({ replicaof: `127.0.0.1 ${master.port}` }));
  await until(() => replica.cli('info', 'replication').includes('master_link_status:up'), {
    limitMs: 20_000,
    what: 'the replica to follow',
  });
  const directory = mkdtempSync(join(tmpdir(), 'threatguard-sentinel-'));
  stack.defer(() => rmSync(directory, { recursive: true, force: true }));
  const port = await freePort();
  const file = join(directory, 'sentinel.conf');
  const watched = [
    `sentinel monitor fleet 127.0.0.1 ${master.port} 1`,
    'sentinel down-after-milliseconds fleet 500',
    'sentinel failover-timeout fleet 2000',
  ];
  writeFileSync(file, [`port ${port}`, 'bind 127.0.0.1', `dir ${directory}`, ...watched, ''].join('\n'));
  const sentinel = startChild(serverPath('redis-server')!, [file, '--sentinel']);
  stack.defer(() => endChild(sentinel.child, 'SIGKILL'));
  await until(() => listens(port), { limitMs: 10_000, what: () => `the sentinel: ${sentinel.output()}` });
  await until(() => redisCli(port, 'sentinel', 'replicas', 'fleet').includes(`${replica.port}`), {
    limitMs: 30_000,
    what: 'the sentinel to know the replica',
  });
  const whole = stack.move();
  return {
    url: `redis+sentinel://127.0.0.1:${port}/fleet`,
    master,
    replica,
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

export interface ClusterRig extends AsyncDisposable {
  readonly url: string;
  readonly nodes: readonly RedisServer[];
}

/** Three nodes that share all slots, none with a replica. */
export async function startCluster(): Promise<ClusterRig> {
  await using stack = new AsyncDisposableStack();
  const nodes: RedisServer[] = [];
  for (let node = 0; node < 3; node++) {
    const busPort = `${await freePort()}`;
    const settings = { 'cluster-enabled': 'yes', 'cluster-port': busPort, 'cluster-node-timeout': '2000' };
    nodes.push(stack.use(await startRedis(settings)));
  }
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  execFileSync('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes'], { stdio: 'pipe' });
  await until(() => nodes.every((node) => node.cli('cluster', 'info').includes('cluster_state:ok')), {
    limitMs: 30_000,
    what: 'the cluster to be whole',
  });
  const whole = stack.move();
  return {
    url: `redis+cluster://${addresses.join(',')}`,
    nodes,
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}
