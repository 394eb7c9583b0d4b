// What is remembered beside the store, and shared by collectors where they share a Redis: four layers, and what they count with.
import { readFile } from 'node:fs/promises';
import { CacheError } from './cache-error.ts';
import { CacheLayer, LAYERS, type LayerName } from './cache-layer.ts';
import type { RedisSecrets } from './redis-client.ts';
import { RedisLink } from './redis-link.ts';
import { describeRedis, type RedisAddress, readRedisUrl } from './redis-url.ts';

/** A file with a password in it. */
const SECRET_CHARS_MAX = 4_096;

export interface CacheSettings {
  /** Of a Redis (redis-url.ts); memory of this process without it. */
  url?: string | undefined;
  password_file?: string | undefined;
  sentinel_password_file?: string | undefined;
  ca_file?: string | undefined;
}

export interface CacheParts {
  settings: CacheSettings;
  /** Names of one fleet never meet those of another in the same Redis. */
  fleetName: string;
  nowMs: () => number;
  /** Which Redis, and why it is away; undefined when it answers. */
  changed: (redis: string, problem: string | undefined) => void;
}

export class Cache implements AsyncDisposable {
  readonly layers: Readonly<Record<LayerName, CacheLayer>>;
  /** Undefined where no Redis is configured. */
  readonly link: RedisLink | undefined;

  private constructor(parts: CacheParts, link: RedisLink | undefined) {
    this.link = link;
    const layer = (name: LayerName) =>
      new CacheLayer({
        prefix: `threatguard:${parts.fleetName}:${name}:`,
        limits: LAYERS[name],
        link,
        nowMs: parts.nowMs,
      });
    this.layers = {
      live: layer('live'),
      baselines: layer('baselines'),
      indicators: layer('indicators'),
      sessions: layer('sessions'),
    };
  }

  /** Resolves also where the Redis is away. Throws CacheError where it cannot be one, or a file cannot be read. */
  static async open(parts: CacheParts): Promise<Cache> {
    const { settings, nowMs, changed } = parts;
    if (settings.url === undefined) return new Cache(parts, undefined);
    const address = readRedisUrl(settings.url);
    const secrets = await readSecrets(settings, address);
    // Its library is loaded only where there is a Redis.
    const { RedisClient } = await import('./redis-client.ts');
    let cache: Cache | undefined;
    const link = await RedisLink.open({
      connect: (events) => new RedisClient(address, secrets, events),
      nowMs,
      changed: (problem) => {
        if (problem !== undefined) cache?.forget();
        changed(describeRedis(address), problem);
      },
    });
    cache = new Cache(parts, link);
    return cache;
  }

  /** What this process remembers of its own. */
  forget(): void {
    for (const { memory } of Object.values(this.layers)) memory.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.link?.[Symbol.asyncDispose]();
  }
}

async function readSecrets(settings: CacheSettings, address: RedisAddress): Promise<RedisSecrets> {
  const { password_file, sentinel_password_file, ca_file } = settings;
  if (password_file !== undefined && address.password !== undefined) {
    throw new CacheError('secret', 'redis.password_file and a password in redis.url exclude each other');
  }
  return {
    username: address.username,
    password: password_file === undefined ? address.password : await readSecret('redis.password_file', password_file),
    sentinelPassword:
      sentinel_password_file && (await readSecret('redis.sentinel_password_file', sentinel_password_file)),
    ca: ca_file && (await readText('redis.ca_file', ca_file)),
  };
}

async function readSecret(key: string, file: string): Promise<string> {
  const secret = (await readText(key, file)).trim();
  if (secret === '' || secret.length > SECRET_CHARS_MAX)
    throw new CacheError('secret', `${key}: no password in ${file}`);
  return secret;
}

async function readText(key: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new CacheError('secret', `${key}: ${(cause as Error).message}`, { cause });
  }
}
