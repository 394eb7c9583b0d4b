// What is remembered beside the store: in a real Redis while that answers, in memory otherwise, and exact figures of both.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Cache, type CacheSettings } from '../../collector/src/cache/cache.ts';
import { LAYERS } from '../../collector/src/cache/cache-layer.ts';
import { MemoryLayer } from '../../collector/src/cache/memory-layer.ts';
import { readInfo } from '../../collector/src/cache/redis-link.ts';
import { describeRedis, readRedisUrl } from '../../collector/src/cache/redis-url.ts';
import { describeRedisHealth } from '../../collector/src/http/health/redis-health.ts';
import { SharedRateStore } from '../../collector/src/http/shared-rates.ts';
import { type RedisServer, redisAvailable, startCluster, startRedis, startSentinel } from '../support/redis.ts';
import { until } from '../support/until.ts';

/** With what was said of it, in order. */
async function openCache(settings: CacheSettings, nowMs: () => number = Date.now) {
  const said: (string | undefined)[] = [];
  const cache = await Cache.open({
    settings,
    fleetName: 'test',
    nowMs,
    changed: (_, problem) => said.push(problem),
  });
  return { cache, said, [Symbol.asyncDispose]: () => cache[Symbol.asyncDispose]() };
}

function becomes(cache: Cache, up: boolean): Promise<unknown> {
  return until(() => cache.link!.isUp === up, { limitMs: 10_000, what: `the link to be ${up ? 'up' : 'down'}` });
}

describe('the address of a Redis', () => {
  it.each([
    ['redis://127.0.0.1', 'redis://127.0.0.1:6379'],
    ['rediss://user:pa%40ss@cache.example:7000/3', 'rediss://cache.example:7000/3'],
    ['redis://:secret@[::1]:6380', 'redis://[::1]:6380'],
    ['redis+sentinel://:secret@one,two:26380/fleet/2', 'redis+sentinel://one:26379,two:26380/fleet/2'],
    ['rediss+cluster://one:7000,two', 'rediss+cluster://one:7000,two:6379'],
  ])('is read of %s, and told without what is secret', (text, told) => {
    expect(describeRedis(readRedisUrl(text))).toBe(told);
  });

  it('has what is secret decoded', () => {
    expect(readRedisUrl('redis://us%2Fer:p%3Aw@h')).toMatchObject({ username: 'us/er', password: 'p:w' });
  });

  it.each([
    ['another scheme', 'http://secret@127.0.0.1'],
    ['no host', 'redis://:secret@/0'],
    ['several hosts of one server', 'redis://:secret@a,b'],
    ['sentinels of nothing', 'redis+sentinel://:secret@a,b'],
    ['a database of a cluster', 'redis+cluster://:secret@a/1'],
    ['a port that is none', 'redis://:secret@a:65536'],
    ['a database that is none', 'redis://:secret@a/x'],
    ['a cut off escape', 'redis://:secret%2@a'],
    ['more than an address', 'redis://:secret@a/1?x=1'],
  ])('is refused with %s, and the refusal does not repeat it', (_, text) => {
    const refusal = expect.objectContaining({ code: 'address', message: expect.not.stringContaining('secret') });
    expect(() => readRedisUrl(text)).toThrow(refusal);
  });
});

describe('memory', () => {
  it('keeps to its limits, the least recently used first, and counts what it forgets', () => {
    const layer = new MemoryLayer({ entriesMax: 3, bytesMax: 100_000 }, () => 0);
    for (const key of ['a', 'b', 'c']) layer.set(key, key, 1_000);
    layer.get('a');
    layer.set('d', 'd', 1_000);
    expect(['a', 'b', 'c', 'd'].map((key) => layer.get(key))).toEqual(['a', undefined, 'c', 'd']);
    layer.set('large', 'x'.repeat(49_000), 1_000);
    expect([layer.size, layer.evictions]).toEqual([3, 2]);
    layer.set('huge', 'x'.repeat(60_000), 1_000);
    expect([layer.get('huge'), layer.bytes <= 100_000]).toEqual([undefined, true]);
  });

  it('forgets when the time of an entry is over', () => {
    let nowMs = 0;
    const layer = new MemoryLayer({ entriesMax: 3, bytesMax: 10_000 }, () => nowMs);
    layer.set('a', 'a', 1_000);
    nowMs = 999;
    expect(layer.get('a')).toBe('a');
    nowMs = 1_000;
    expect([layer.get('a'), layer.bytes]).toEqual([undefined, 0]);
  });

  it('is all there is without a Redis, and says so', async () => {
    await using opened = await openCache({});
    const { indicators } = opened.cache.layers;
    await indicators.set('k', 'v');
    expect([await indicators.get('k'), await indicators.get('other')]).toEqual(['v', undefined]);
    expect(describeRedisHealth(opened.cache)).toMatchObject({
      status: 'not_configured',
      connection: { status: 'not_configured', uptime_seconds: null },
      cache: { hits: 1, misses: 1, hit_rate: 0.5, evictions: null },
      errors: { timeouts: null },
    });
  });
});

it('reads what Redis says of itself, of several the sum', () => {
  const text = (memory: number) => `# Memory\r\nused_memory:${memory}\r\nused_memory_rss:99\r\nevicted_keys:2\r\n`;
  expect(readInfo([text(10), text(5), 'nonsense'])).toEqual({ memoryBytes: 15, clients: 0, evictedKeys: 4 });
});

describe.skipIf(!redisAvailable())('with a redis-server', () => {
  it('gives each layer its own time, and names nobody', async () => {
    await using redis = await startRedis();
    await using opened = await openCache({ url: redis.url });
    for (const [name, layer] of Object.entries(opened.cache.layers)) {
      await layer.set('alice', name);
      const ttlMs = Number(redis.cli('pttl', layer.key('alice')));
      const { ttlMs: wanted } = LAYERS[name as keyof typeof LAYERS];
      expect(ttlMs).toBeGreaterThan(wanted - 60_000);
      expect(ttlMs).toBeLessThanOrEqual(wanted);
      expect(await layer.get('alice')).toBe(name);
    }
    expect(Object.values(LAYERS).map(({ ttlMs }) => ttlMs / 60_000)).toEqual([5, 60, 240, 1440]);
    expect(redis.cli('keys', '*')).not.toContain('alice');
  });

  it('counts at the call what a count beside it gives', async () => {
    await using redis = await startRedis();
    await using opened = await openCache({ url: redis.url });
    const { indicators, baselines } = opened.cache.layers;
    const own = { operations: 0, hits: 0, misses: 0 };
    for (let turn = 0; turn < 200; turn++) {
      const layer = turn % 3 === 0 ? baselines : indicators;
      const key = `k${(turn * 7) % 40}`;
      own.operations++;
      if ((await layer.get(key)) === undefined) {
        own.misses++;
        own.operations++;
        await layer.set(key, 'v');
      } else own.hits++;
    }
    redis.cli('set', indicators.key('list'), 'x');
    redis.cli('del', indicators.key('list'));
    redis.cli('rpush', indicators.key('list'), 'x');
    // Of another type: Redis answers with an error, and the layer with nothing.
    own.operations++;
    own.misses++;
    expect(await indicators.get('list')).toBeUndefined();
    const told = describeRedisHealth(opened.cache);
    expect(told).toMatchObject({
      status: 'up',
      connection: { status: 'connected' },
      performance: { operations: own.operations },
      cache: { hits: own.hits, misses: own.misses, hit_rate: own.hits / (own.hits + own.misses), evictions: 0 },
      errors: { refused: 1, timeouts: 0, skipped: 0, error_rate: 1 / own.operations },
    });
    expect(told.errors.last_error).toMatch(/WRONGTYPE/);
    expect(told.performance.latency_ms_average).toBeGreaterThan(0);
    expect(told.performance.operations_per_second).toBeGreaterThan(0);
    expect(told.performance.memory_bytes).toBeGreaterThan(100_000);
    expect(told.performance.clients).toBeGreaterThanOrEqual(1);
    expect(told.connection.response_ms).toBeGreaterThan(0);
    expect(Date.parse(told.connection.last_check!)).toBeGreaterThan(Date.now() - 60_000);
  });

  it('says how many keys the server evicted', async () => {
    await using redis = await startRedis({ maxmemory: '3mb', 'maxmemory-policy': 'allkeys-lru' });
    await using opened = await openCache({ url: redis.url });
    const { indicators } = opened.cache.layers;
    for (let key = 0; key < 40; key++) await indicators.set(`k${key}`, 'x'.repeat(100_000));
    const evicted = () => Number(/evicted_keys:(\d+)/.exec(redis.cli('info', 'stats'))?.[1]);
    expect(evicted()).toBeGreaterThan(0);
    await until(() => describeRedisHealth(opened.cache).cache.evictions === evicted(), {
      limitMs: 10_000,
      what: 'the evictions to be told',
    });
  });

  it('goes on in memory when Redis is killed, says so once, and comes back by itself', async () => {
    await using redis = await startRedis();
    await using opened = await openCache({ url: redis.url });
    const { cache, said } = opened;
    const { sessions } = cache.layers;
    await sessions.set('a', 'in redis');
    await redis.stop();
    await becomes(cache, false);
    expect(await sessions.get('a')).toBeUndefined();
    await sessions.set('a', 'in memory');
    expect(await sessions.get('a')).toBe('in memory');
    expect(describeRedisHealth(cache)).toMatchObject({ status: 'down', connection: { uptime_seconds: null } });
    await until(() => cache.link!.figures.connectionErrors > 0, { limitMs: 10_000, what: 'a try to connect' });
    await redis.restart();
    await becomes(cache, true);
    expect(await sessions.get('a')).toBeUndefined();
    expect(said).toEqual([undefined, expect.any(String), undefined]);
  });

  it('delays what was asked of a Redis that hangs once, and asks no more until it speaks', async () => {
    await using redis = await startRedis();
    await using opened = await openCache({ url: redis.url });
    const { cache } = opened;
    process.kill(redis.pid, 'SIGSTOP');
    try {
      const asked = Array.from({ length: 50 }, (_, index) => cache.layers.live.get(`k${index}`));
      expect(await Promise.all(asked)).toEqual(asked.map(() => undefined));
      const { operations, timeouts } = cache.link!.figures;
      expect(timeouts).toBe(50);
      for (let key = 0; key < 1_000; key++) await cache.layers.live.get(`k${key}`);
      expect(cache.link!.figures).toMatchObject({ operations, skipped: 1_000 });
      await becomes(cache, false);
    } finally {
      process.kill(redis.pid, 'SIGCONT');
    }
    await becomes(cache, true);
    await cache.layers.live.set('k', 'v');
    expect(await cache.layers.live.get('k')).toBe('v');
  });

  it('starts without a Redis that is not there yet', async () => {
    await using redis = await startRedis();
    await redis.stop();
    await using opened = await openCache({ url: redis.url });
    await opened.cache.layers.live.set('k', 'v');
    expect(await opened.cache.layers.live.get('k')).toBe('v');
    await redis.restart();
    await becomes(opened.cache, true);
  });

  it('takes its password from a file, and tells nobody of it', async () => {
    await using redis = await startRedis({ requirepass: 'correct-horse' });
    const directory = mkdtempSync(join(tmpdir(), 'threatguard-secret-'));
    const file = join(directory, 'password');
    try {
      writeFileSync(file, 'correct-horse\n');
      await using right = await openCache({ url: redis.url, password_file: file });
      expect(right.cache.link!.isUp).toBe(true);
      await using wrong = await openCache({ url: redis.url.replace('://', '://:staple@') });
      expect(wrong.cache.link!.isUp).toBe(false);
      await until(() => /WRONGPASS/.test(wrong.cache.link!.figures.lastError ?? ''), {
        limitMs: 10_000,
        what: () => `the refusal to be told; ${JSON.stringify(describeRedisHealth(wrong.cache))}`,
      });
      expect(JSON.stringify(describeRedisHealth(wrong.cache)) + wrong.said.join()).not.toContain('staple');
      await expect(openCache({ url: redis.url, password_file: `${file}.no` })).rejects.toThrow(
        expect.objectContaining({ code: 'secret' }),
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('shares what may be asked, and has its own count of it when Redis goes', async () => {
    await using redis = await startRedis();
    await using pair = await twoOf(redis);
    const [a, b] = pair;
    const allowance = { burst: 5, perSecond: 0.001 };
    const ask = (store: SharedRateStore) => store.take('caller x', 1, allowance).then(({ allowed }) => allowed);
    for (let turn = 0; turn < 5; turn++) expect(await ask(turn % 2 ? a.rates : b.rates)).toBe(true);
    expect([await ask(a.rates), await ask(b.rates)]).toEqual([false, false]);
    const { retryAfterMs } = await a.rates.take('caller x', 1, allowance);
    expect(retryAfterMs).toBeGreaterThan(900_000);
    await redis.stop();
    await becomes(a.cache, false);
    // Two of the five, and the one that Redis refused, came here.
    const here = [];
    for (let turn = 0; turn < 6; turn++) here.push(await ask(a.rates));
    expect(here.filter(Boolean).length).toBeLessThan(4);
    expect(here.at(-1)).toBe(false);
  });

  it('follows a master that sentinels replace', async () => {
    await using rig = await startSentinel();
    await using opened = await openCache({ url: rig.url });
    const { cache } = opened;
    await cache.layers.sessions.set('k', 'v');
    await until(() => rig.replica.cli('get', cache.layers.sessions.key('k')) === 'v', {
      limitMs: 10_000,
      what: 'the replica to have it',
    });
    await rig.master.stop();
    await becomes(cache, false);
    await becomes(cache, true);
    await until(
      async () => {
        await cache.layers.sessions.set('after', 'failover');
        return rig.replica.cli('get', cache.layers.sessions.key('after')) === 'failover';
      },
      { limitMs: 20_000, what: 'the new master to be written to' },
    );
    expect(await cache.layers.sessions.get('k')).toBe('v');
  });

  it('spreads over a cluster, and is down while a part of it is', async () => {
    await using rig = await startCluster();
    await using opened = await openCache({ url: rig.url });
    const { cache } = opened;
    const keys = Array.from({ length: 60 }, (_, index) => `k${index}`);
    for (const key of keys) await cache.layers.sessions.set(key, key);
    for (const key of keys) expect(await cache.layers.sessions.get(key)).toBe(key);
    for (const node of rig.nodes) expect(Number(node.cli('dbsize'))).toBeGreaterThan(5);
    const rates = new SharedRateStore(cache, Date.now);
    expect(await rates.take('x', 1, { burst: 1, perSecond: 0.01 })).toMatchObject({ allowed: true });
    expect(await rates.take('x', 1, { burst: 1, perSecond: 0.01 })).toMatchObject({ allowed: false });
    expect(cache.link!.figures).toMatchObject({ refused: 0, timeouts: 0 });
    await rig.nodes[0]!.stop();
    await becomes(cache, false);
    await cache.layers.sessions.set('k1', 'in memory');
    expect(await cache.layers.sessions.get('k1')).toBe('in memory');
    await rig.nodes[0]!.restart();
    await becomes(cache, true);
  });
});

async function twoOf(redis: RedisServer) {
  const open = async () => {
    const { cache } = await openCache({ url: redis.url });
    return { cache, rates: new SharedRateStore(cache, Date.now) };
  };
  const pair = [await open(), await open()] as const;
  return Object.assign([...pair] as unknown as typeof pair, {
    [Symbol.asyncDispose]: async () => {
      for (const { cache } of pair) await cache[Symbol.asyncDispose]();
    },
  });
}
