import { randomUUID } from 'node:crypto';
import type { FieldFilter } from '@threatguard/proto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase, openStore, storeOver } from '../../collector/src/store/open.ts';
import type { Store, StoreError } from '../../collector/src/store/store.ts';
import { agentId, agentName, END_US, fill, START_US } from '../bench/query-fill.ts';
import { ExplainingDatabase } from '../support/explain.ts';
import { postgresAvailable, startPostgres } from '../support/postgres.ts';
import { ENGINES, type EngineUnderTest, group, makeBatch, realisticEvents } from '../support/stores.ts';

const EVENTS = 50_000;
/**
 * A statement may read a day whole where that is cheaper than its index. The embedded engine looks at windows of 20,000
 * rows, and to find where one ends it may read what is left after the first.
 */
const wholeRowsMax = (engine: string) => (engine === 'pglite' ? 40_000 : 2_000);
const HOUR_US = 3_600_000_000;
const one = (field: string, value: string, negated = false): FieldFilter[] => [{ field, value, negated }];
const middleUs = (START_US + END_US) / 2;
const hour = { sinceUs: middleUs, untilUs: middleUs + HOUR_US };

for (const { name, available, start } of ENGINES) {
  describe.skipIf(!available)(`how ${name} reads ${EVENTS} events`, () => {
    let engine: EngineUnderTest;
    let database: ExplainingDatabase;
    let store: Store;
    let rowsOf: Map<string, number>;

    beforeAll(async () => {
      engine = await start();
      database = new ExplainingDatabase(openDatabase(engine.location()));
      store = await storeOver(database);
      await fill(database, store, EVENTS);
      await database.script('analyze');
      const rows = await database.query(
        "select relname::text as name, reltuples::double precision as count from pg_class where relkind = 'r' and reltuples > 0",
      );
      rowsOf = new Map(rows.map((row) => [row.name, row.count]));
    }, 120_000);

    afterAll(async () => {
      await store?.[Symbol.asyncDispose]();
      await engine?.[Symbol.asyncDispose]();
    });

    /** The most rows one statement reads without an index, and the indexes that are used. */
    async function plan(read: () => Promise<unknown>): Promise<{ wholeRows: number; indexes: string[] }> {
      database.forget();
      await read();
      const wholeRows = database.reads.map((nodes) =>
        nodes
          .filter((node) => node['Node Type'].endsWith('Seq Scan'))
          .reduce((sum, node) => sum + (rowsOf.get(node['Relation Name'] ?? '') ?? 0), 0),
      );
      const indexes = database.reads.flat().flatMap((node) => node['Index Name'] ?? []);
      return { wholeRows: Math.max(0, ...wholeRows), indexes };
    }

    test.each<[string, FieldFilter[], object]>([
      ['the newest', [], {}],
      ['an hour', [], hour],
      ['a user', one('user.name', 'visitor3'), {}],
      ['a user that does not exist', one('user.name', 'nobody'), {}],
      ['a user in an hour', one('user.name', 'alice'), hour],
      ['an address', one('source.ip', '203.0.113.3'), {}],
      ['a range of addresses', one('source.ip', '203.0.113.0/28'), {}],
      ['an agent by name', one('agent.name', agentName(7)), {}],
      ['a host by name in an hour', one('host.name', agentName(7)), hour],
      ['an agent by id', one('agent.id', agentId(7)), {}],
      ['all but a user', one('user.name', 'root', true), {}],
      ['a program by wildcard in an hour', one('process.executable', '/tmp/*'), hour],
    ])('%s: by an index, never all events', async (_, filters, span) => {
      const { wholeRows, indexes } = await plan(() => store.searchEvents({ filters, ...span }, 100, ''));
      expect(wholeRows).toBeLessThan(wholeRowsMax(name));
      expect(indexes.length).toBeGreaterThan(0);
    });

    test('the events of one agent come in order from its own index, not by looking at those of others', async () => {
      for (const filters of [one('agent.name', agentName(7)), one('agent.id', agentId(7))]) {
        const { indexes } = await plan(() => store.searchEvents({ filters, ...hour }, 100, ''));
        expect(indexes.filter((index) => /by_agent|agent_id/.test(index))).not.toEqual([]);
      }
    });

    test('a search within an hour leaves all other days alone, where events are cut by day', async () => {
      const days = [...rowsOf.keys()].filter((relation) => /^(_hyper_|events_)/.test(relation));
      database.forget();
      await store.searchEvents({ filters: one('process.executable', '/tmp/*'), ...hour }, 100, '');
      const read = new Set(database.reads.flat().flatMap((node) => node['Relation Name'] ?? []));
      expect(days.filter((day) => read.has(day)).length).toBeLessThanOrEqual(1);
    });

    test('an agent that is not there has no events, and finding that out reads none', async () => {
      for (const filter of [one('agent.name', 'nobody'), one('agent.id', randomUUID()), one('agent.id', 'nobody')]) {
        const { wholeRows } = await plan(async () => {
          expect(await store.searchEvents({ filters: filter }, 100, '')).toEqual({ rows: [], next: '' });
        });
        expect(wholeRows).toBeLessThan(wholeRowsMax(name));
      }
    });

    test('a page deep within the month begins at its cursor', async () => {
      const cursor = `${middleUs}.${agentId(0)}..0.0`;
      const { wholeRows } = await plan(async () => {
        const { rows } = await store.searchEvents({ filters: [] }, 100, cursor);
        expect(rows).toHaveLength(100);
        expect(Math.max(...rows.map((row) => row.eventAtUs ?? 0))).toBeLessThanOrEqual(middleUs);
      });
      expect(wholeRows).toBeLessThan(wholeRowsMax(name));
    });

    test('the events of an alert and the share that was observed are found by agent and time', async () => {
      const { rows } = await store.alerts({}, 1, '');
      const found = await plan(async () => {
        expect(await store.eventsByReference(rows[0]!.events!)).toHaveLength(10);
        expect(await store.observedRatio(agentId(7), hour.sinceUs, hour.untilUs)).toBe(1);
      });
      expect(found.wholeRows).toBeLessThan(wholeRowsMax(name));
    });

    test('the newest alerts come from the index on time', async () => {
      const { indexes } = await plan(() => store.alerts({}, 100, ''));
      expect(indexes).toContain('alerts_by_time');
    });

    test.each([
      ['events', (limit: number) => store.searchEvents({ filters: [] }, limit, ''), 5_000],
      ['alerts', (limit: number) => store.alerts({}, limit, ''), 1_000],
    ] as const)('an answer of %s is bounded, however much is asked for', async (_, read, max) => {
      const { rows, next } = await read(1e9);
      expect(rows).toHaveLength(max);
      expect(next).not.toBe('');
    });
  });
}

describe.skipIf(!postgresAvailable())('a read that takes too long (needs postgresql)', () => {
  test('is ended by the server with the reason, while commits go on', async () => {
    await using server = await startPostgres();
    const url = server.createDatabase();
    await using store = await openStore({ url, directory: '' });
    await using filling = openDatabase({ url, directory: '' });
    await fill(filling, store, EVENTS);
    // The limit of the URL goes before the one the collector would set.
    await using hasty = await openStore({ url: `${url}?statement_timeout=100`, directory: '' });

    const slow = Array.from(
      { length: 31 },
      (_, index) => one('process.command_line', `*s*a*r*l*a*b*${index}*a*s*t*zz*`, true)[0]!,
    );
    const search = () => hasty.searchEvents({ filters: [...slow, ...one('process.command_line', '*none*')] }, 100, '');
    const runaways = Array.from({ length: 6 }, () => search().then(String, (error: StoreError) => error));
    const before = (await store.totals()).events;
    for (let sequence = 1; sequence <= 5; sequence++) {
      await store.commit(group({ batches: [makeBatch({ agentId: randomUUID(), events: realisticEvents(40) })] }));
    }
    expect((await store.totals()).events).toBe(before + 200);
    for (const ended of await Promise.all(runaways)) {
      expect(ended).toMatchObject({ name: 'StoreError', code: 'unavailable' });
      expect(String(ended)).toContain('canceling statement due to statement timeout');
    }
  }, 90_000);
});
