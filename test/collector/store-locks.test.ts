// Upkeep beside somebody who reads for long: it waits for no lock longer than LOCK_TIMEOUT_MS, because commits wait behind it.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Session } from '../../collector/src/store/database.ts';
import { LOCK_TIMEOUT_MS } from '../../collector/src/store/days.ts';
import { openDatabase, storeOver } from '../../collector/src/store/open.ts';
import { DAY_US } from '../../collector/src/store/retention.ts';
import { storeSeries } from '../../collector/src/store/series.ts';
import type { Store } from '../../collector/src/store/store.ts';
import { type PostgresServer, postgresAvailable, startPostgres } from '../support/postgres.ts';
import { group, makeBatch, RETENTION, realisticEvents } from '../support/stores.ts';

const NOW_US = Date.UTC(2026, 10, 21, 12) * 1000;

describe.skipIf(!postgresAvailable())('a transaction that holds a lock (needs postgresql)', () => {
  let server: PostgresServer;
  let url: string;
  let store: Store;

  beforeAll(async () => {
    server = await startPostgres();
    url = server.createDatabase();
    store = await storeOver(openDatabase({ url, directory: '' }), NOW_US);
    await store.keepUp(RETENTION, NOW_US);
  });

  afterAll(async () => {
    await store?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  /** Reads a table in a transaction that goes on until it is told to end. */
  async function readForLong(table: string) {
    const database = openDatabase({ url, directory: '' });
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const reads = Promise.withResolvers<void>();
    const done = database.transaction(async (session) => {
      await session.query(`select 1 from ${table} limit 1`);
      reads.resolve();
      await ended;
    });
    await reads.promise;
    return async () => {
      end();
      await done;
      await database[Symbol.asyncDispose]();
    };
  }

  test('leaves another commit of the same minute alone: each connection adds to rows of its own', async () => {
    await using database = openDatabase({ url, directory: '' });
    const { batches } = group({ batches: [makeBatch({ agentId: randomUUID(), events: realisticEvents(10, NOW_US) })] });
    const slotOf = async (session: Session) => (await session.query('select pg_backend_pid() % 16 as slot'))[0]?.slot;
    /** One in sixteen connections has the same rows, and waits: then the next one. */
    const addBeside = (taken: number, agentId: string): Promise<void> =>
      database.transaction(async (session) => {
        if ((await slotOf(session)) === taken) return addBeside(taken, agentId);
        await session.script('set local lock_timeout = 100');
        await storeSeries(
          session,
          batches.map((batch) => ({ ...batch, agentId })),
        );
      });
    await database.transaction(async (first) => {
      await storeSeries(first, batches);
      await addBeside(await slotOf(first), randomUUID());
    });
    const points = await store.series({ resolution: 'day', fromUs: NOW_US, toUs: NOW_US + 1 });
    expect(points.reduce((sum, { events }) => sum + events, 0)).toBe(20);
  });

  test.each([
    {
      what: 'make a day',
      table: 'events_rest',
      later: 1,
      outcome: { made: expect.arrayContaining(['events_20261125']) },
    },
    {
      what: 'drop one',
      table: 'events',
      later: 200,
      outcome: { dropped: expect.arrayContaining(['events_20261121']) },
    },
  ])('lets upkeep that would $what give up in time, commits go on, and the next run succeeds', async (each) => {
    const release = await readForLong(each.table);
    const nowUs = NOW_US + each.later * DAY_US;
    const startedMs = performance.now();
    const run = store.keepUp(RETENTION, nowUs);
    const agentId = randomUUID();
    const committed = store.commit(group({ batches: [makeBatch({ agentId, events: realisticEvents(3) })] }));
    await expect(run).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('lock timeout') });
    expect(performance.now() - startedMs).toBeGreaterThan(LOCK_TIMEOUT_MS / 2);
    await committed;
    expect((await store.agentTotals()).get(agentId)?.events).toBe(3);
    await release();
    expect(await store.keepUp(RETENTION, nowUs)).toMatchObject(each.outcome);
  });
});
