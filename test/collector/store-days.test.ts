import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Database } from '../../collector/src/store/database.ts';
import { dayName, readPartitions } from '../../collector/src/store/days.ts';
import { openDatabase, storeOver } from '../../collector/src/store/open.ts';
import { DAY_US, dayOf } from '../../collector/src/store/retention.ts';
import { keepUp } from '../../collector/src/store/upkeep.ts';
import { storeRig } from '../support/store-rig.ts';
import { ENGINES, group, makeAlert, makeBatch, RETENTION, realisticEvents } from '../support/stores.ts';

const NOW_US = Date.UTC(2026, 10, 21, 12) * 1000;
const day = (offset: number) => NOW_US + offset * DAY_US;

function batchAt(agentId: string, atUs: number, receivedAtUs = NOW_US) {
  const losses = [{ sensor: 's', reason: 'queue_shed', count: 1, firstAtUs: atUs, lastAtUs: atUs }];
  return { ...makeBatch({ agentId, events: realisticEvents(3, atUs), losses }), receivedAtUs };
}

for (const { name, available, start } of ENGINES.filter((each) => !each.name.startsWith('timescale'))) {
  describe.skipIf(!available)(`a store cut by day on ${name}`, () => {
    const rig = storeRig(start, { nowUs: NOW_US });

    const names = async (table: string) => (await readPartitions(rig.database, table))?.map((each) => each.name) ?? [];
    const daysStored = async (agentId: string) => {
      const { rows } = await rig.store.searchEvents({ filters: [{ field: 'agent.id', value: agentId }] }, 5_000, '');
      return [...new Set(rows.map(({ eventAtUs }) => dayOf(eventAtUs!) - dayOf(NOW_US)))].sort((a, b) => a - b);
    };
    const inRest = async (agentId: string) => {
      const rows = await rig.database.query('select count(*) as rows from events_rest where agent_id = $1', [agentId]);
      return rows[0]?.rows;
    };

    test('makes days ahead once, for every table that grows', async () => {
      const first = await rig.store.keepUp(RETENTION, NOW_US);
      expect(first.made).toHaveLength(30);
      const expected = [-1, 0, 1, 2, 3].map((offset) => `events_${dayName(dayOf(day(offset)))}`);
      expect(await names('events')).toEqual(expected);
      expect(await rig.store.keepUp(RETENTION, NOW_US)).toMatchObject({ made: [], dropped: [], elsewhere: false });
      const later = await rig.store.keepUp(RETENTION, day(1));
      expect(later.made).toHaveLength(6);
    });

    test('takes events of any day, finds them, and gives late ones a day of their own', async () => {
      const agentId = randomUUID();
      const far = 10 * 365;
      await rig.store.commit(group({ batches: [-40, 0, far].map((offset) => batchAt(agentId, day(offset))) }));
      expect(await daysStored(agentId)).toEqual([-40, 0, far]);
      expect(await inRest(agentId)).toBe(6);
      const report = await rig.store.keepUp(RETENTION, NOW_US);
      expect(report.made).toContain(`events_${dayName(dayOf(day(-40)))}`);
      expect(await daysStored(agentId)).toEqual([-40, 0, far]);
      expect(await inRest(agentId)).toBe(3);
    });

    test('searches only the days a time names', async () => {
      const plan = async (where: string) => {
        const rows = await rig.database.query(
          `explain select * from events e where ${where} order by event_at desc limit 5`,
        );
        return rows.map((row) => String(row['QUERY PLAN'])).join('\n');
      };
      const today = `events_${dayName(dayOf(NOW_US))}`;
      const text = await plan("e.event_at >= '2026-11-21T03:00:00Z' and e.event_at < '2026-11-21T04:00:00Z'");
      expect(text).toContain(today);
      expect(text.match(/ on (events_\w+)/g)).toEqual([` on ${today}`]);
      const two = await plan("e.event_at >= '2026-11-21T03:00:00Z' and e.event_at < '2026-11-22T04:00:00Z'");
      expect(two.match(/ on (events_\w+)/g)).toHaveLength(2);
      expect(await plan("e.event_at < '2026-11-22T00:00:00Z'")).toContain('events_rest');
    });

    test('drops exactly the days that retention has passed', async () => {
      const agentId = randomUUID();
      const offsets = [-92, -91, -90, -89, -1, 0];
      await rig.store.commit(group({ batches: offsets.map((offset) => batchAt(agentId, day(offset))) }));
      // Made while they were to be kept, dropped when they no longer are.
      await rig.store.keepUp({ ...RETENTION, events: 100 }, NOW_US);
      const report = await rig.store.keepUp(RETENTION, NOW_US);
      expect(report.dropped).toEqual(
        ['events', 'batch_terms'].flatMap((table) =>
          [-92, -91].map((offset) => `${table}_${dayName(dayOf(day(offset)))}`),
        ),
      );
      expect(await daysStored(agentId)).toEqual([-90, -89, -1, 0]);
      // A batch that old which comes now is taken, and goes with the next run, as do its terms and its minutes in the series.
      await rig.store.commit(group({ batches: [batchAt(agentId, day(-200))] }));
      expect(await daysStored(agentId)).toEqual([-200, -90, -89, -1, 0]);
      expect(await rig.store.keepUp(RETENTION, NOW_US)).toMatchObject({ dropped: [], deleted: 7 });
      expect(await daysStored(agentId)).toEqual([-90, -89, -1, 0]);
    });

    test('keeps evidence, losses, alerts and series as long as each is to be kept', async () => {
      const agentId = randomUUID();
      const at = (offset: number) => batchAt(agentId, day(0), day(offset));
      const alerts = [-366, -365].map((offset) => makeAlert({ agentId, updatedAtUs: day(offset) }));
      await rig.store.commit(group({ batches: [-366, -365].map(at), alerts }));
      const before = await rig.store.keepUp(RETENTION, NOW_US);
      const count = async (table: string) =>
        (await rig.database.query(`select count(*) as rows from ${table} where agent_id = $1`, [agentId]))[0]?.rows;
      expect([await count('evidence'), await count('losses'), await count('alerts')]).toEqual([1, 1, 1]);
      // An alert, its history, a detection's or series' row, and the envelope of the evidence that went.
      expect(before.deleted).toBe(5);
      const history = await rig.database.query('select alert_id from alert_history where alert_id = $1', [
        alerts[0]!.id!,
      ]);
      expect(history).toEqual([]);
    });

    test('counts a clock that is years ahead from when its events came', async () => {
      const agentId = randomUUID();
      await rig.store.commit(
        group({ batches: [batchAt(agentId, day(9_000), day(-90)), batchAt(agentId, day(9_001), day(-91))] }),
      );
      await rig.store.keepUp(RETENTION, NOW_US);
      expect(await daysStored(agentId)).toEqual([9_000]);
    });

    test('goes on where a run was interrupted', async () => {
      const agentId = randomUUID();
      await rig.store.commit(group({ batches: [-60, -61, -62].map((offset) => batchAt(agentId, day(offset))) }));
      let left = 9;
      const failing: Database = Object.assign(Object.create(rig.database) as Database, {
        kind: rig.database.kind,
        query: rig.database.query.bind(rig.database),
        script: rig.database.script.bind(rig.database),
        // The connection ends in the middle of the work of a step.
        transaction: (work: Parameters<Database['transaction']>[0]) =>
          rig.database.transaction(async (session) => {
            const result = await work(session);
            if (--left === 0) throw new Error('interrupted');
            return result;
          }),
      });
      const interrupted = keepUp(failing, RETENTION, day(2));
      await expect(interrupted).rejects.toThrow('interrupted');
      expect(await daysStored(agentId)).toEqual([-62, -61, -60]);
      await rig.store.keepUp(RETENTION, day(2));
      expect(await inRest(agentId)).toBe(0);
      expect(await daysStored(agentId)).toEqual([-62, -61, -60]);
      expect(await rig.store.keepUp(RETENTION, day(2))).toMatchObject({ made: [], dropped: [], deleted: 0 });
    });

    test.skipIf(name === 'pglite')('is kept in shape by one of two collectors that try at once', async () => {
      const location = rig.engine.location();
      const first = openDatabase(location);
      const stores = [await storeOver(first, NOW_US), await storeOver(openDatabase(location), NOW_US)];
      const reports = await Promise.all(stores.map((each) => each.keepUp(RETENTION, NOW_US)));
      const made = reports.flatMap((report) => report.made);
      expect(new Set(made).size).toBe(made.length);
      for (const each of stores) await each.keepUp(RETENTION, NOW_US);
      expect(await readPartitions(first, 'series_minute')).toHaveLength(5);
      for (const each of stores) await each[Symbol.asyncDispose]();
    });

    test('says what each kind takes', async () => {
      const space = await rig.store.space(NOW_US);
      expect(space.events).toBeGreaterThan(100_000);
      expect(space.evidence).toBeGreaterThan(50_000);
      for (const kind of ['series', 'alerts', 'other'] as const) expect(space[kind]).toBeGreaterThan(0);
      // Nothing is asked of the file system again within a minute.
      expect(await rig.store.space(NOW_US + 59_000_000)).toBe(space);
      await rig.database.script('analyze events');
      const later = await rig.store.space(NOW_US + 60_000_000);
      expect(later).not.toBe(space);
      expect(later.bytesPerEvent).toBeGreaterThan(100);
    });
  });
}
