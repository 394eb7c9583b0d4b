// The connection to a Redis, to its sentinels or to its cluster. Nothing is queued while there is none, and nothing is sent
// twice: whoever asks has another answer.
import { Cluster, type CommonRedisOptions, Redis } from 'ioredis';
import type { RedisAddress } from './redis-url.ts';
import { SCRIPTS, type ScriptName } from './scripts.ts';

/** For a connection to be made. */
const CONNECT_MS_MAX = 1_000;
const RETRY_MS = 250;
/** Nodes of a cluster are asked who has which keys so often, and waited for so long. */
const SLOTS_EVERY_MS = 5_000;
const SLOTS_MS_MAX = 1_000;
const REDIRECTIONS_MAX = 4;

export interface RedisSecrets {
  username: string | undefined;
  password: string | undefined;
  sentinelPassword: string | undefined;
  /** PEM; those of the system without it. */
  ca: string | undefined;
}

export interface ClientEvents {
  ready: () => void;
  /** It is not ready any more. */
  gone: () => void;
  failed: (error: Error) => void;
}

/** What is asked of it; replies are those of the protocol, `null` for none. */
export class RedisClient {
  readonly #client: Redis | Cluster;
  #closed = false;

  constructor(address: RedisAddress, secrets: RedisSecrets, events: ClientEvents) {
    this.#client = makeClient(address, secrets);
    // Cluster and Redis have these four alike; TypeScript has no overload for both.
    const client = this.#client as Redis;
    client.on('ready', events.ready);
    client.on('close', events.gone);
    client.on('end', () => {
      events.gone();
      this.#connectLater();
    });
    client.on('error', events.failed);
    if (this.#client instanceof Cluster) this.#client.on('node error', (error: Error) => events.failed(error));
    this.#connect();
  }

  #connect(): void {
    // What goes wrong comes as an event, and it tries again by itself.
    this.#client.connect().catch(() => undefined);
  }

  /** One that is cut off while it connects ends for good (ioredis 6.0), but for this. */
  #connectLater(): void {
    if (this.#closed) return;
    setTimeout(() => {
      if (!this.#closed && this.#client.status === 'end') this.#connect();
    }, RETRY_MS).unref();
  }

  get ready(): boolean {
    return this.#client.status === 'ready';
  }

  command(name: string, ...args: (string | number)[]): Promise<unknown> {
    return this.#client.call(name, ...args);
  }

  script(name: ScriptName, key: string, ...args: (string | number)[]): Promise<unknown> {
    const scripts = this.#client as unknown as Record<string, (...args: (string | number)[]) => Promise<unknown>>;
    return scripts[name]!(key, ...args);
  }

  /** Resolves when every one that holds keys has answered. */
  async pulse(): Promise<void> {
    await Promise.all(this.#masters().map((node) => node.ping()));
  }

  /** INFO of every one that holds keys. */
  info(): Promise<string[]> {
    return Promise.all(this.#masters().map((node) => node.info()));
  }

  /** Throws the connection away and makes another. */
  reconnect(): void {
    this.#client.disconnect(true);
  }

  close(): void {
    this.#closed = true;
    this.#client.disconnect();
  }

  #masters(): Redis[] {
    if (!(this.#client instanceof Cluster)) return [this.#client];
    const nodes = this.#client.nodes('master');
    if (nodes.length === 0) throw new Error('no node of the cluster is known');
    return nodes;
  }
}

function makeClient(address: RedisAddress, secrets: RedisSecrets): Redis | Cluster {
  const { kind, hosts, name, database } = address;
  const tls = address.tls ? { tls: { ...(secrets.ca && { ca: secrets.ca }) } } : {};
  const common = {
    ...tls,
    username: secrets.username,
    password: secrets.password,
    connectionName: 'threatguard-collector',
    disableClientInfo: true,
    connectTimeout: CONNECT_MS_MAX,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    // A server that was made a replica meanwhile: the one that takes writes is looked for again.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
  } satisfies CommonRedisOptions & object;
  const shape = { lazyConnect: true, enableOfflineQueue: false, scripts: SCRIPTS };
  if (kind === 'cluster') {
    return new Cluster(hosts, {
      ...shape,
      redisOptions: common,
      clusterRetryStrategy: () => RETRY_MS,
      clusterNodeRetryStrategy: () => RETRY_MS,
      maxRedirections: REDIRECTIONS_MAX,
      slotsRefreshInterval: SLOTS_EVERY_MS,
      slotsRefreshTimeout: SLOTS_MS_MAX,
    });
  }
  const single = { ...shape, ...common, db: database, retryStrategy: () => RETRY_MS };
  if (kind === 'single') return new Redis({ ...single, ...hosts[0]! });
  return new Redis({
    ...single,
    name,
    sentinels: hosts,
    sentinelPassword: secrets.sentinelPassword,
    sentinelRetryStrategy: () => RETRY_MS,
    sentinelCommandTimeout: CONNECT_MS_MAX,
    ...(address.tls && { enableTLSForSentinelMode: true, sentinelTLS: tls.tls }),
  });
}
