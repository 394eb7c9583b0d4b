import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Committer } from '../../collector/src/store/committer.ts';
import { openDatabase, openStore } from '../../collector/src/store/open.ts';
import type { Store } from '../../collector/src/store/store.ts';
import { type PostgresServer, postgresAvailable, startPostgres } from '../support/postgres.ts';
import { group, makeAlert, makeBatch, realisticEvents } from '../support/stores.ts';

const WAYS = { series: true, compressed: false };
/** Enough for what the thread imports, and not for TOO_MANY detections. */
const LIMITS = { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 };
const TOO_MANY = 300_000;

describe.skipIf(!postgresAvailable())('the thread of commits (needs postgresql)', () => {
  let server: PostgresServer;
  let url: string;
  let store: Store;

  beforeAll(async () => {
    server = await startPostgres();
    url = server.createDatabase();
    store = await openStore({ url, directory: '' });
  });

  afterAll(async () => {
    await store?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  test('that runs out of memory leaves what it had unavailable, and is started anew by the next', async () => {
    await using committer = new Committer(url, LIMITS);
    const detections = Array.from({ length: TOO_MANY }, (_, index) => ({
      ruleId: `rule-${index}`,
      reason: 'too many',
    }));
    await expect(committer.commit(group({ detections }), WAYS)).rejects.toMatchObject({
      name: 'StoreError',
      code: 'unavailable',
      message: expect.stringMatching(/thread of commits failed: .*memory/i),
    });
    const alert = makeAlert();
    await committer.commit(group({ alerts: [alert] }), WAYS);
    expect(await store.alertsByIdPrefix(alert.id!)).toHaveLength(1);
  });

  test('rejects a value that no thread can be given, and goes on', async () => {
    await using committer = new Committer(url);
    const impossible = makeAlert({ title: (() => 'text') as unknown as string });
    for (const alerts of [[impossible], [impossible]]) {
      await expect(committer.commit(group({ alerts }), WAYS)).rejects.toMatchObject({ code: 'rejected' });
    }
    const good = makeAlert();
    await committer.commit(group({ alerts: [good] }), WAYS);
    expect(await store.alertsByIdPrefix(good.id!)).toHaveLength(1);
  });

  test('stores groups beside each other, and leaves their bytes to whoever has to store them again', async () => {
    await using committer = new Committer(url);
    const agents = Array.from({ length: 6 }, () => randomUUID());
    const groups = agents.map((agentId) => group({ batches: [makeBatch({ agentId, events: realisticEvents(20) })] }));
    await Promise.all(groups.map((each) => committer.commit(each, WAYS)));
    await Promise.all(groups.map((each) => committer.commit(each, WAYS)));
    const totals = await store.agentTotals();
    expect(agents.map((agentId) => totals.get(agentId)?.events)).toEqual(agents.map(() => 20));
    await using database = openDatabase({ url, directory: '' });
    const [evidence] = await database.query('select count(*) from evidence');
    expect(evidence).toEqual({ count: 6 });
  });
});
