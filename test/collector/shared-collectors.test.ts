// Two collectors on one database and one Redis: what is used up, locked or revoked at one is so at the other at once, and with
// Redis gone nothing that was revoked is taken for good.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Alert,
  AlertState,
  AlertVerdict,
  exceptionsService,
  intelService,
  TriageAction,
} from '@threatguard/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccessState } from '../../collector/src/access/access-state.ts';
import { Cache } from '../../collector/src/cache/cache.ts';
import { ChangesOfOthers } from '../../collector/src/changes-of-others.ts';
import type { SharedTopic } from '../../collector/src/store/shared-store.ts';
import { StoreError } from '../../collector/src/store/store-error.ts';
import { ApiUser, PASSWORD } from '../support/api-user.ts';
import { type ConsoleClient, initTestHome, TestCollector } from '../support/collector.ts';
import { runCommand } from '../support/console-commands.ts';
import { failedLogin } from '../support/envelopes.ts';
import { SyslogReceiver } from '../support/forward-receivers.ts';
import { ask } from '../support/http.ts';
import { type PostgresServer, postgresAvailable, startPostgres } from '../support/postgres.ts';
import { type RedisServer, redisAvailable, startRedis } from '../support/redis.ts';
import { SealingAgent } from '../support/sealing-agent.ts';
import { until } from '../support/until.ts';

describe.skipIf(!postgresAvailable() || !redisAvailable())('two collectors (need postgresql and redis-server)', () => {
  let postgres: PostgresServer;
  let redis: RedisServer;
  let siem: SyslogReceiver;
  let a: TestCollector;
  let b: TestCollector;
  let homes: string[];
  let admin: ApiUser;

  beforeAll(async () => {
    postgres = await startPostgres();
    redis = await startRedis();
    siem = await SyslogReceiver.start();
    const config = [
      `http:\n  listen: 127.0.0.1:0`,
      `database:\n  url: ${postgres.createDatabase()}`,
      `redis:\n  url: ${redis.url}`,
      `forward:\n  - {name: siem, kind: syslog, address: "127.0.0.1:${siem.port}"}`,
      'fleet:\n  name: pair\n',
    ].join('\n');
    homes = [await initTestHome(), mkdtempSync(join(tmpdir(), 'threatguard-second-'))];
    a = await TestCollector.start({ config, home: homes[0]! });
    cpSync(homes[0]!, homes[1]!, { recursive: true });
    b = await TestCollector.start({ config, home: homes[1]! });
    admin = await ApiUser.first(a);
  });

  afterAll(async () => {
    await b?.[Symbol.asyncDispose]();
    await a?.[Symbol.asyncDispose]();
    await siem?.[Symbol.asyncDispose]();
    await redis?.[Symbol.asyncDispose]();
    await postgres?.[Symbol.asyncDispose]();
    for (const home of homes ?? []) rmSync(home, { recursive: true, force: true });
  });

  const me = async (at: TestCollector, token: string) => (await ask(`${at.httpUrl}/api/auth/me`, { token })).status;
  const redisIs = (state: string) =>
    until(
      async () => {
        const states = await Promise.all([a, b].map((each) => ask(`${each.httpUrl}/health/redis`)));
        return states.every(({ body }) => body.status === state);
      },
      { limitMs: 10_000, what: `Redis to be ${state} for both` },
    );
  async function makeToken(): Promise<{ id: string; token: string }> {
    const json = { label: 'script', scopes: ['alerts:read'] };
    const { body } = await admin.ask('/api/tokens', { json });
    return body;
  }

  it('know users, logins and tokens of each other at once', async () => {
    const vic = await admin.withRole('vic', 'viewer');
    expect(await me(b, vic.accessToken)).toBe(200);
    const { token } = await makeToken();
    expect(await me(b, token)).toBe(200);
    const atB = await ApiUser.logIn(b.httpUrl, 'vic');
    expect(await me(a, atB.accessToken)).toBe(200);
  });

  it('refuse what was revoked at the other at once', async () => {
    const { id, token } = await makeToken();
    const vic = await ApiUser.logIn(b.httpUrl, 'vic');
    expect([await me(b, token), await me(a, vic.accessToken)]).toEqual([200, 200]);
    await admin.ask(`/api/tokens/${id}`, { method: 'DELETE' });
    expect(await me(b, token)).toBe(401);
    expect((await vic.ask('/api/auth/logout', { method: 'POST' })).status).toBe(204);
    expect(await me(a, vic.accessToken)).toBe(401);
  });

  it('take away a role at once, and give no more than is left', async () => {
    const ana = await admin.withRole('ana', 'analyst');
    const events = () => ask(`${b.httpUrl}/api/threat/events/search`, { token: ana.accessToken, json: {} });
    expect((await events()).status).toBe(200);
    expect((await admin.ask('/api/users/ana', { method: 'PATCH', json: { role: 'viewer' } })).status).toBe(200);
    expect((await events()).status).toBe(403);
    // The login at the other one does not write an older role back.
    await ApiUser.logIn(b.httpUrl, 'ana');
    expect((await events()).status).toBe(403);
  });

  it('take a refresh token once, whichever is asked, and end the login where it comes again', async () => {
    const vic = await ApiUser.logIn(a.httpUrl, 'vic');
    const refresh = (at: TestCollector, refresh_token: string) =>
      ask(`${at.httpUrl}/api/auth/refresh`, { json: { refresh_token } });
    const next = await refresh(b, vic.refreshToken);
    expect(next.status).toBe(200);
    expect((await refresh(a, vic.refreshToken)).status).toBe(401);
    expect((await refresh(b, next.body.refresh_token)).status).toBe(401);
    expect(await me(a, next.body.access_token)).toBe(401);
  });

  it('lock out a name for wrong passwords that were given to both', async () => {
    const wrong = (at: TestCollector) =>
      ask(`${at.httpUrl}/api/auth/login`, { json: { name: 'vic', password: 'not it at all' } });
    for (let turn = 0; turn < 5; turn++) expect((await wrong(turn % 2 ? a : b)).status).toBe(401);
    const right = { json: { name: 'vic', password: PASSWORD } };
    const answers = await Promise.all([a, b].map((at) => ask(`${at.httpUrl}/api/auth/login`, right)));
    expect(answers.map(({ status }) => status)).toEqual([429, 429]);
  });

  it('refuse what was revoked while Redis is away, and after it came back empty', async () => {
    const first = await makeToken();
    const second = await makeToken();
    const third = await makeToken();
    const tokens = [first, second, third].map(({ token }) => token);
    for (const token of tokens) expect(await me(b, token)).toBe(200);
    await redis.stop();
    await admin.ask(`/api/tokens/${first.id}`, { method: 'DELETE' });
    expect(await me(b, first.token)).toBe(401);
    expect(await me(b, second.token)).toBe(200);
    await redisIs('down');
    await admin.ask(`/api/tokens/${second.id}`, { method: 'DELETE' });
    expect(await me(b, second.token)).toBe(401);
    await redis.restart();
    await redisIs('up');
    expect(await me(b, third.token)).toBe(200);
    await admin.ask(`/api/tokens/${third.id}`, { method: 'DELETE' });
    expect(await me(b, third.token)).toBe(401);
  });

  it('refuse what was revoked while Redis hangs', async () => {
    const { id, token } = await makeToken();
    expect(await me(b, token)).toBe(200);
    process.kill(redis.pid, 'SIGSTOP');
    try {
      await admin.ask(`/api/tokens/${id}`, { method: 'DELETE' });
      expect(await me(b, token)).toBe(401);
      await redisIs('down');
    } finally {
      process.kill(redis.pid, 'SIGCONT');
    }
    await redisIs('up');
    expect(await me(b, token)).toBe(401);
  });

  describe('what one changes while the other has it in memory', () => {
    let alert: Alert;
    let agent: SealingAgent;
    const call: ConsoleClient['call'] = (method, request) => a.console.call(method, request);
    const atB = <T>(what: string, condition: () => Promise<T>) =>
      until(condition, { limitMs: 10_000, what: `${what} at the other collector` });
    /** More of what made the alert, over the agent's stream at the second collector. */
    const attack = (source = '192.0.2.77') => agent.send(Array.from({ length: 20 }, () => failedLogin(source)));

    beforeAll(async () => {
      for (const [index, { address }] of [a, b].entries()) {
        writeFileSync(join(homes[index]!, 'console', 'console.json'), JSON.stringify({ collector: address }));
      }
      const identity = await a.enrol('web-1');
      await atB('the agent that was enrolled', async () =>
        (await b.console.agents()).some(({ name }) => name === 'web-1'),
      );
      agent = await SealingAgent.connect({ address: b.address, identity });
      await attack();
      alert = await atB('the alert', async () =>
        (await b.console.alerts()).alerts?.find(({ values }) => values?.['source.ip']),
      );
    });
    afterAll(() => agent?.[Symbol.dispose]());

    it('is so at the other: an import of indicators, and a value that was taken out', async () => {
      const file = join(homes[0]!, 'feed.txt');
      writeFileSync(file, 'bad.example\n203.0.113.9\n');
      const run = (...args: string[]) => runCommand(args, { THREATGUARD_HOME: homes[0]! });
      const known = async () =>
        (await b.console.call(intelService.lookupIntel, { value: 'bad.example' })).indicators!.length;
      expect((await run('intel', 'import', file, '--source', 'ours')).code).toBe(0);
      await atB('the indicator', async () => (await known()) === 1);
      expect((await run('intel', 'remove', 'bad.example')).code).toBe(0);
      await atB('that it was taken out', async () => (await known()) === 0);
    });

    it('is so at the other: a rule that was switched off', async () => {
      const [rule] = await a.console.rules();
      await a.console.setRuleState({ id: rule!.id, state: 'off', reason: 'a test' });
      await atB('the rule that is off', async () => (await b.console.rule(rule!.id!)).rule?.state === 'off');
    });

    it('is so at the other: the budget of alerts', async () => {
      await call(exceptionsService.setAlertBudget, { perDay: 77 });
      await atB('the budget', async () => (await b.console.call(exceptionsService.getAlertBudget, {})).perDay === 77);
    });

    it('is so at the other: an alert that was closed does not come to life again with more of the same', async () => {
      const [result] = await a.console.act({
        targets: [{ id: alert.id!, triageVersion: alert.triageVersion ?? 0 }],
        action: TriageAction.CLOSE,
        verdict: AlertVerdict.FALSE_POSITIVE,
        text: 'a test',
      });
      expect(result!.refusal).toBe('');
      // It has no face of its own: what was changed after it is there, twice, so two looks have been.
      for (const perDay of [78, 79]) {
        await call(exceptionsService.setAlertBudget, { perDay });
        await atB('the budget', async () => {
          return (await b.console.call(exceptionsService.getAlertBudget, {})).perDay === perDay;
        });
      }
      await attack();
      const next = await atB('another alert', async () => {
        const { alerts } = await b.console.alerts({ filter: { state: AlertState.OPEN } });
        return alerts?.find(({ id, values }) => id !== alert.id && values?.['source.ip'] === '192.0.2.77');
      });
      expect((await a.console.alert(alert.id!)).alert).toMatchObject({ state: AlertState.CLOSED });
      alert = next;
    });

    it('is decided once: of two acts at the same moment one is made, and the other is told by whom', async () => {
      const { alert: now } = await a.console.alert(alert.id!);
      let version = now!.triageVersion ?? 0;
      for (let round = 0; round < 4; round++) {
        const targets = [{ id: alert.id!, triageVersion: version }];
        const [first, second] = await Promise.all(
          [a, b].map((at, place) =>
            at.console.act({ targets, action: TriageAction.ASSIGN, assignee: `${place}${round}` }),
          ),
        );
        expect([first![0]!.refusal, second![0]!.refusal].toSorted()).toEqual(['', 'conflict']);
        version += 1;
        const assignee = `${first![0]!.refusal === '' ? 0 : 1}${round}`;
        const { alert: stored } = await b.console.alert(alert.id!);
        expect(stored).toMatchObject({ assignee, triageVersion: version });
      }
    });

    it('stays decided: a detection at the other that has not heard of it opens nothing again', async () => {
      const idOf = (source: string) => async () =>
        (await b.console.alerts()).alerts?.find(({ values }) => values?.['source.ip'] === source)?.id ?? undefined;
      await attack('192.0.2.78');
      const id = await atB('the alert', idOf('192.0.2.78'));
      const { alert: before } = await a.console.alert(id);
      const [result] = await a.console.act({
        targets: [{ id: id, triageVersion: before!.triageVersion ?? 0 }],
        action: TriageAction.CLOSE,
        verdict: AlertVerdict.FALSE_POSITIVE,
        text: 'a test',
      });
      expect(result!.refusal).toBe('');
      // At once, and more than it had.
      for (let times = 0; times < 3; times++) await attack('192.0.2.78');
      for (const perDay of [80, 81]) {
        await call(exceptionsService.setAlertBudget, { perDay });
        await atB('the budget', async () => {
          return (await b.console.call(exceptionsService.getAlertBudget, {})).perDay === perDay;
        });
      }
      for (const at of [a, b]) expect((await at.console.alert(id)).alert).toMatchObject({ state: AlertState.CLOSED });
    });

    it('is so at the other: an exception, and its end', async () => {
      const { conditions, alertRevision } = await call(exceptionsService.previewException, {
        alertId: alert.id,
        fields: [],
      });
      const fields = conditions!.map(({ field }) => field!);
      const { exception } = await call(exceptionsService.addException, { alertId: alert.id, alertRevision, fields });
      const inForce = async () => (await b.console.status()).exceptions;
      await atB('the exception', async () => (await inForce()) === 1);
      await call(exceptionsService.removeException, { id: exception!.id! });
      await atB('its end', async () => (await inForce()) === 0);
    });

    it('is delivered once to other systems, whichever of them delivers', async () => {
      const targets = async () => (await b.console.status()).forwards ?? [];
      await atB('all of it to be delivered', async () => {
        const [target] = await targets();
        return target && target.waiting === 0 && target.delivered;
      });
      const [target] = await targets();
      expect(target).toMatchObject({ delivered: siem.keys.length, missed: 0 });
      expect(siem.keys.length).toBeGreaterThan(3);
      expect(siem.keys).toEqual([...new Set(siem.keys)]);
    });

    it('is so at the other: an agent that was revoked is cut off there', async () => {
      expect(agent.ended).toBeUndefined();
      await a.console.revoke('web-1');
      await atB('the end of its stream', async () => agent.ended);
      const refused = new SealingAgent({ address: b.address, identity: agent.identity });
      await atB('its refusal', async () => refused.ended);
      refused[Symbol.dispose]();
    });
  });

  it('count what is shown to both against one address', async () => {
    const statuses: number[] = [];
    for (let turn = 0; turn < 24; turn++) statuses.push(await me(turn % 2 ? a : b, 'tgs_wrong'));
    expect(statuses.slice(-2)).toEqual([429, 429]);
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(20);
  });
});

const unavailable = () => Promise.reject(new StoreError('unavailable', 'away'));

describe('what a collector knows of users', () => {
  /** Over a Redis that answers each question with what the test says. */
  async function stateOver(redisSays: () => string | null | undefined, version: () => Promise<number>) {
    const { layers } = await Cache.open({
      settings: {},
      fleetName: 'test',
      nowMs: Date.now,
      changed: () => undefined,
    });
    const link = { era: -1, ask: async () => redisSays() };
    const loads = { count: 0 };
    const state = new AccessState(
      {
        store: { version, onChange: () => undefined } as never,
        cache: { layers, link: link as never },
        load: async () => {
          loads.count++;
        },
        failed: () => undefined,
      },
      7,
    );
    return { state, loads, [Symbol.dispose]: () => state[Symbol.dispose]() };
  }

  it('is read again when Redis names a newer state, and not for the same', async () => {
    let newest = '7';
    using made = await stateOver(
      () => newest,
      async () => Number(newest),
    );
    await made.state.refresh();
    expect(made.loads.count).toBe(0);
    newest = '9';
    await Promise.all([made.state.refresh(), made.state.refresh()]);
    expect(made.loads.count).toBe(1);
  });

  it('is held against the store when Redis has forgotten, does not answer, or says nonsense', async () => {
    let stored = 7;
    for (const answer of [null, undefined, 'x', '-1']) {
      using made = await stateOver(
        () => answer,
        async () => stored,
      );
      stored++;
      await made.state.refresh();
      expect(made.loads.count).toBe(1);
    }
  });

  it('is not believed where neither answers', async () => {
    using made = await stateOver(() => undefined, unavailable);
    await expect(made.state.refresh()).rejects.toThrow(expect.objectContaining({ code: 'unavailable' }));
  });

  it('is found out when somebody could not say in Redis that it changed', async () => {
    let stored = 7;
    using made = await stateOver(
      () => '7',
      async () => stored,
    );
    stored = 8;
    await until(() => made.loads.count === 1, { limitMs: 5_000, what: 'the store to be looked into' });
  });
});

describe('changes of other collectors', () => {
  async function changesOver(versions: () => Promise<ReadonlyMap<SharedTopic, number>>) {
    const told = { times: 0 };
    const failures: unknown[] = [];
    const changes = await ChangesOfOthers.open({
      store: { versions },
      tell: () => void told.times++,
      failed: (error) => failures.push(error),
    });
    return { changes, told, failures };
  }

  it('are taken in by topic, said to the others once, and not at all where another one said it', async () => {
    const versions = new Map<SharedTopic, number>([
      ['agents', 3],
      ['rules', 1],
    ]);
    const { changes, told } = await changesOver(async () => new Map(versions));
    const taken: [string, number][] = [];
    changes.follow('agents', async (after) => void taken.push(['agents', after]));
    changes.follow('rules', async (after) => void taken.push(['rules', after]));
    await changes.look();
    expect([taken, told.times]).toEqual([[], 0]);
    versions.set('agents', 5);
    await changes.look();
    await changes.look();
    expect([taken, told.times]).toEqual([[['agents', 3]], 1]);
    versions.set('rules', 2);
    await changes.look({ heard: true });
    expect([taken.at(-1), told.times]).toEqual([['rules', 1], 1]);
    await changes[Symbol.asyncDispose]();
  });

  it('that cannot be taken in are tried again, and hold up no others', async () => {
    const versions = new Map<SharedTopic, number>();
    const { changes, failures } = await changesOver(async () => new Map(versions));
    const { promise: slow, reject: fail } = Promise.withResolvers<void>();
    const taken: string[] = [];
    changes.follow('indicators', () => (taken.push('indicators') === 1 ? slow : Promise.resolve()));
    changes.follow('agents', async () => void taken.push('agents'));
    versions.set('indicators', 1);
    await changes.look();
    versions.set('agents', 1);
    await changes.look();
    expect(taken).toEqual(['indicators', 'agents']);
    fail(new Error('no'));
    await until(() => failures.length === 1, { limitMs: 5_000, what: 'the failure' });
    await changes.look();
    expect(taken).toEqual(['indicators', 'agents', 'indicators']);
    await changes[Symbol.asyncDispose]();
  });

  it('wait where the store is away, which is nothing to be said', async () => {
    let away = false;
    const { changes, failures } = await changesOver(() => (away ? unavailable() : Promise.resolve(new Map())));
    away = true;
    await changes.look();
    expect(failures).toEqual([]);
    await changes[Symbol.asyncDispose]();
  });
});
