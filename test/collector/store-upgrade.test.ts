import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../collector/src/store/database.ts';
import { readPartitions } from '../../collector/src/store/days.ts';
import { EVENT_COLUMNS } from '../../collector/src/store/event-columns.ts';
import { encodeEventRows } from '../../collector/src/store/event-rows.ts';
import { migrate, readMigrations } from '../../collector/src/store/migrate.ts';
import { openDatabase, storeOver } from '../../collector/src/store/open.ts';
import { DAY_US } from '../../collector/src/store/retention.ts';
import { ENGINES, type EngineUnderTest, makeBatch, RETENTION, realisticEvents } from '../support/stores.ts';

const NOW_US = Date.UTC(2026, 10, 21, 12) * 1000;
const AGENT = randomUUID();
/** Days from now that the older release stored events of; its tables had no days. */
const STORED = [-100, -89, -1, 0, 1, 400];

/** A store as release 0.1.0 left it: migration 0001 alone, and rows in the tables that grow. */
async function olderStore(database: Database): Promise<void> {
  await migrate(database, readMigrations().slice(0, 1));
  const batches = STORED.map((offset, index) =>
    makeBatch({ agentId: AGENT, sequence: index + 1, events: realisticEvents(4, NOW_US + offset * DAY_US) }),
  );
  // Its rows had no network_bytes yet.
  await database.script('create table sent (like events); alter table sent add column network_bytes bigint');
  await database.copyIn('sent', EVENT_COLUMNS, encodeEventRows(batches));
  await database.script(`
    alter table sent drop column network_bytes;
    insert into events select * from sent;
    drop table sent;
    insert into evidence select event_at, agent_id, stream_id, sequence, '\\x01', '\\x02', '\\x03' from events
      where event_at < '2026-11-22' and event_index = 0;
    insert into losses select received_at, agent_id, stream_id, sequence, 's', 'r', 1, event_at, event_at from events
      where event_index = 0`);
}

for (const { name, available, start } of ENGINES.filter((each) => !each.name.startsWith('timescale'))) {
  describe.skipIf(!available)(`a store of release 0.1.0 on ${name}`, () => {
    let engine: EngineUnderTest;

    beforeAll(async () => {
      engine = await start();
    });

    afterAll(async () => {
      await engine?.[Symbol.asyncDispose]();
    });

    const days = async (store: Awaited<ReturnType<typeof storeOver>>) => {
      const { rows } = await store.searchEvents({ filters: [{ field: 'agent.id', value: AGENT }] }, 100, '');
      return rows.map(({ eventAtUs }) => Math.floor((eventAtUs! - NOW_US) / DAY_US));
    };
    const four = (offsets: number[]) => offsets.toReversed().flatMap((offset) => Array(4).fill(offset));

    test('is cut by day with every row in it, and kept like any other from then on', async () => {
      const database = openDatabase(engine.bare());
      await olderStore(database);
      await using store = await storeOver(database, NOW_US);
      expect(await days(store)).toEqual(four(STORED));
      const partitions = await readPartitions(database, 'events');
      expect(partitions?.map((each) => each.name)).toEqual(['events_before_20261122']);
      const counts = async (table: string) => (await database.query(`select count(*) as rows from ${table}`))[0]?.rows;
      // What a wrong clock dated beyond today is where such events come now.
      expect([await counts('events_before_20261122'), await counts('events_rest')]).toEqual([16, 8]);
      expect([await counts('evidence'), await counts('losses')]).toEqual([4, 6]);
      const report = await store.keepUp(RETENTION, NOW_US);
      // Today and yesterday stand in the table as it was; tomorrow and later are made.
      expect(report.made.filter((each) => each.startsWith('events'))).toEqual(
        ['22', '23', '24'].map((day) => `events_202611${day}`),
      );
      expect(report).toMatchObject({ dropped: [], deleted: 4 });
      expect(await days(store)).toEqual(four(STORED.slice(1)));
      const later = await store.keepUp(RETENTION, NOW_US + 91 * DAY_US);
      expect(later.dropped).toContain('events_before_20261122');
      // What is dated a year ahead counts from when it came.
      expect(await days(store)).toEqual(four([1]));
    });

    test('is not harmed where the step is interrupted, and finished by the next start', async () => {
      const location = engine.bare();
      const database = openDatabase(location);
      await olderStore(database);
      // The migrations since, then one table that is cut, and the next, which is not.
      let left = readMigrations().length - 1 + 2;
      const failing: Database = Object.assign(Object.create(database) as Database, {
        kind: database.kind,
        query: database.query.bind(database),
        script: database.script.bind(database),
        transaction: (work: Parameters<Database['transaction']>[0]) =>
          database.transaction(async (session) => {
            const result = await work(session);
            if (--left === 0) throw new Error('interrupted');
            return result;
          }),
      });
      await expect(storeOver(failing, NOW_US)).rejects.toThrow('interrupted');
      const kinds = await database.query(
        "select relname::text as name, relkind::text as kind from pg_class where relname in ('events', 'evidence') order by 1",
      );
      // One was cut, the other is whole as it was: each is a transaction.
      expect(kinds).toEqual([
        { name: 'events', kind: 'p' },
        { name: 'evidence', kind: 'r' },
      ]);
      await using store = await storeOver(database, NOW_US);
      expect(await days(store)).toEqual(four(STORED));
      expect((await database.query('select count(*) as rows from evidence'))[0]?.rows).toBe(4);
    });

    test('that has counted by host and user has the totals of users and of the fleet from the next start on', async () => {
      const database = openDatabase(engine.bare());
      await migrate(database, readMigrations().slice(0, 5));
      for (const table of ['series_minute', 'series_hour', 'series_day']) {
        await database.script(`
          insert into ${table} select '2026-11-21', gen_random_uuid(), 1, 2, 'u' || i % 2, i, 10 from generate_series(1, 4) i`);
      }
      await using store = await storeOver(database, NOW_US);
      const fromUs = Date.UTC(2026, 10, 21) * 1000;
      for (const resolution of ['minute', 'hour', 'day'] as const) {
        const points = await store.series({ resolution, fromUs, toUs: fromUs + 1 });
        expect(points).toEqual([{ atUs: fromUs, class: 1, outcome: 2, events: 10, bytes: 40 }]);
        const ofUser = await store.series({ resolution, fromUs, toUs: fromUs + 1, user: 'u1' });
        expect(ofUser).toEqual([{ atUs: fromUs, class: 1, outcome: 2, events: 4, bytes: 20 }]);
      }
    });

    test('keeps its indexes under their names, for every day', async () => {
      const database = openDatabase(engine.bare());
      await olderStore(database);
      await using store = await storeOver(database, NOW_US);
      await store.keepUp(RETENTION, NOW_US);
      const rows = await database.query(
        `select i.relname::text as name, (select count(*) from pg_inherits where inhparent = i.oid) as days
         from pg_index x join pg_class i on i.oid = x.indexrelid
         where x.indrelid = 'events'::regclass order by 1`,
      );
      const [{ days: parts }] = (await database.query(
        "select count(*) as days from pg_inherits where inhparent = 'events'::regclass",
      )) as [{ days: number }];
      const names = ['events_by_agent', 'events_by_source', 'events_by_time', 'events_by_user'];
      expect(rows).toEqual(names.map((index) => ({ name: index, days: parts })));
    });
  });
}
