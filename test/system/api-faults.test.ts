// Redis, NATS and PostgreSQL are killed and stopped one by one while the API is asked steadily: what is answered all the same, what
// health says of it and when, and that nothing has to be restarted.
//
// THREATGUARD_FAULT_SECONDS is how long each fault lasts: 1 in CI.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiUser } from '../support/api-user.ts';
import { CollectorProcess, firstAdminSecretOf, initTestHome } from '../support/collector.ts';
import { ask } from '../support/http.ts';
import { type NatsServer, natsAvailable, startNats } from '../support/nats.ts';
import { type PostgresServer, postgresAvailable, startPostgres } from '../support/postgres.ts';
import { type RedisServer, redisAvailable, startRedis } from '../support/redis.ts';
import { HealthWatch, SteadyLoad } from '../support/steady-load.ts';
import { until } from '../support/until.ts';

const FAULT_MS = 1_000 * Number(process.env.THREATGUARD_FAULT_SECONDS ?? 1);
const PER_SECOND = 100;
/** What the issue allows outside the ten seconds after the database died. */
const ERROR_RATE_MAX = 0.001;
const DATABASE_MS = 10_000;
/** From when health says that the database is back: connections that died are found out as they are used. */
const SETTLE_MS = 500;
/** What the issue asks; more is only what the machine was late by, which is what an answer that waits for nothing took. */
const SAID_MS_MAX = 1_000;

describe.skipIf(!redisAvailable() || !postgresAvailable() || !natsAvailable())(
  'faults under API load (need redis-server, postgresql and nats-server)',
  () => {
    let redis: RedisServer;
    let nats: NatsServer;
    let postgres: PostgresServer;
    let home: string;
    let collector: CollectorProcess;
    let load: SteadyLoad;
    let watch: HealthWatch;
    let startedMs: number;
    /** When the database was away, and ten seconds more. */
    const excused: { fromMs: number; toMs: number }[] = [];

    beforeAll(async () => {
      [redis, nats, postgres, home] = await Promise.all([startRedis(), startNats(), startPostgres(), initTestHome()]);
      collector = await CollectorProcess.start(home, {
        THREATGUARD_DATABASE_URL: postgres.createDatabase(),
        THREATGUARD_NATS_URL: nats.url,
        THREATGUARD_REDIS_URL: redis.url,
        THREATGUARD_HTTP_LISTEN: '127.0.0.1:0',
      });
      const url = String(collector.log.find(({ msg }) => msg === 'the HTTP service listens')!.url);
      const admin = await ApiUser.first({ httpUrl: url, firstAdminSecret: firstAdminSecretOf(home) });
      const get =
        (path: string, init: Parameters<typeof ask>[1] = {}) =>
        async () => {
          const { status } = await ask(url + path, { token: admin.accessToken, ...init });
          return { path, status };
        };
      const indicators = Array.from({ length: 12 }, (_, index) => `192.0.2.${index}`);
      watch = new HealthWatch(url);
      load = new SteadyLoad(
        [
          get('/api/auth/me'),
          get('/api/threat/alerts?limit=10'),
          get('/api/threat/query-intelligence', { json: { indicators } }),
          get('/api/threat/rules'),
          get('/api/threat/agents'),
        ],
        PER_SECOND,
      );
      startedMs = performance.now();
      await until(() => ['store', 'nats', 'redis'].every((name) => watch.now(name) === 'up'), {
        limitMs: 20_000,
        what: 'all to be up',
      });
    });

    afterAll(async () => {
      await load?.[Symbol.asyncDispose]();
      await watch?.[Symbol.asyncDispose]();
      await collector?.stop('SIGKILL');
      for (const server of [redis, nats, postgres]) await server?.[Symbol.asyncDispose]();
      if (home) rmSync(home, { recursive: true, force: true });
    });

    /** Health says that it is away in time, is steady while it is, and that it is back. */
    async function fault(name: string, { strike, heal }: { strike: () => unknown; heal: () => unknown }) {
      const [struckMs, struckAtMs] = [performance.now(), Date.now()];
      await strike();
      await until(() => watch.now(name) === 'down', { limitMs: 5_000, what: `${name} to be down` });
      await pause(FAULT_MS);
      await heal();
      await until(() => watch.now(name) === 'up', { limitMs: 30_000, what: `${name} to be up` });
      const changes = watch.changes(name, struckMs);
      const [first, ...others] = changes.map(({ state }) => state);
      expect([first, ...others.filter((state) => state !== 'degraded')]).toEqual(['up', 'down', 'up']);
      expect(others.filter((state) => state === 'degraded').length).toBeLessThanOrEqual(2);
      const saidMs = changes.find(({ state }) => state !== 'up')!.sinceMs - struckAtMs;
      expect(saidMs).toBeLessThan(SAID_MS_MAX + watch.slowestMs(struckMs));
      return { struckMs };
    }

    function stopped(pids: () => number[]) {
      let held: number[] = [];
      return {
        strike: () => {
          held = pids();
          for (const pid of held) process.kill(pid, 'SIGSTOP');
        },
        heal: () => {
          for (const pid of held) process.kill(pid, 'SIGCONT');
        },
      };
    }

    it('of Redis are nothing to those who ask: killed', async () => {
      await fault('redis', { strike: () => redis.stop(), heal: () => redis.restart() });
    });

    it('of Redis are nothing to those who ask: hung', async () => {
      await fault(
        'redis',
        stopped(() => [redis.pid]),
      );
    });

    it('of NATS are nothing to those who ask: killed', async () => {
      await fault('nats', { strike: () => nats.stop(), heal: () => nats.restart() });
    });

    /** Ten seconds from when it died, or from when it was made to come back. */
    async function databaseFault(how: { strike: () => unknown; heal: () => unknown }) {
      const { struckMs } = await fault('store', how);
      excused.push({ fromMs: struckMs, toMs: struckMs + FAULT_MS + DATABASE_MS });
      // From here on everything is answered again.
      const upMs = watch.changes('store', struckMs).at(-1)!.atMs + SETTLE_MS;
      await until(() => load.asked(upMs, performance.now()) > PER_SECOND / 2, {
        limitMs: 10_000,
        what: 'more to be asked',
      });
      expect(load.errors(upMs, performance.now())).toEqual([]);
    }

    it('of PostgreSQL are said, and over when it is back: hung', () =>
      databaseFault(stopped(() => familyOf(postgres.pid))));

    it('of PostgreSQL are said, and over when it is back: its postmaster killed', () =>
      databaseFault({ strike: () => postgres.stop('SIGKILL'), heal: () => postgres.restart() }));

    it('fail fewer than one request in a thousand, but for the ten seconds after the database died', () => {
      const isExcused = (ms: number) => excused.some(({ fromMs, toMs }) => ms >= fromMs && ms < toMs);
      const counted = load.outcomes.filter((outcome) => !isExcused(outcome.startedMs));
      const errors = load.errors(startedMs, performance.now()).filter((outcome) => !isExcused(outcome.startedMs));
      expect(counted.length).toBeGreaterThan(300);
      expect(errors.length / counted.length, JSON.stringify(errors.slice(0, 5))).toBeLessThan(ERROR_RATE_MAX);
    });

    it('never end the collector, which says each once', () => {
      expect(collector.child.exitCode).toBeNull();
      const said = collector.log.filter(({ redis: where }) => where !== undefined).map(({ msg }) => msg);
      const [away, back] = ['Redis does not answer; memory of this process is used', 'Redis answers'];
      expect(said).toEqual([back, away, back, away, back]);
    });
  },
);

/** A process and all that it started: of PostgreSQL, who serves connections. */
function familyOf(pid: number): number[] {
  const parents = readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const parent = /^\d+ \(.*\) \S (\d+)/.exec(readFileSync(`/proc/${entry}/stat`, 'utf8'))?.[1];
      return [{ pid: Number(entry), parent: Number(parent) }];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
  return [pid, ...parents.filter(({ parent }) => parent === pid).map((each) => each.pid)];
}
