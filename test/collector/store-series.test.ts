import { randomUUID } from 'node:crypto';
import type { EventClass, HostEvent, Outcome } from '@threatguard/proto';
import { describe, expect, test } from 'vitest';
import { storeRig } from '../support/store-rig.ts';
import { ENGINES, group, isTimescale, makeBatch, START_US } from '../support/stores.ts';
import { countsItself } from '../support/timescale.ts';

const MINUTE_US = 60_000_000;
const HOUR_US = 60 * MINUTE_US;
const DAY_US = 24 * HOUR_US;
const MIDNIGHT_US = Math.floor(START_US / DAY_US) * DAY_US;

const event = (atUs: number, parts: HostEvent = {}): HostEvent => ({
  observedAtUs: atUs,
  class: 1,
  outcome: 2,
  ...parts,
});

for (const { name, available, start } of ENGINES) {
  describe.skipIf(!available)(`series on ${name}`, () => {
    const rig = storeRig(start);

    test('count each event once, in its minute, hour and day, however late it comes', async () => {
      const agentId = randomUUID();
      const streamId = new Uint8Array(16);
      const times = [0, 1, MINUTE_US - 1, MINUTE_US, HOUR_US, DAY_US - 1, DAY_US];
      const batch = makeBatch({ agentId, streamId, events: times.map((offset) => event(MIDNIGHT_US + offset)) });
      const late = makeBatch({ agentId, streamId, sequence: 2, events: [event(MIDNIGHT_US + 5)] });
      await rig.store.commit(group({ batches: [batch, batch] }));
      await rig.store.commit(group({ batches: [late] }));
      await rig.store.commit(group({ batches: [late, batch] }));
      const counts = async (resolution: 'minute' | 'hour' | 'day', toUs: number) => {
        const points = await rig.store.series({ resolution, agentId, fromUs: MIDNIGHT_US, toUs });
        return points.map(({ atUs, events }) => [atUs - MIDNIGHT_US, events]);
      };
      expect(await counts('minute', MIDNIGHT_US + 2 * HOUR_US)).toEqual([
        [0, 4],
        [MINUTE_US, 1],
        [HOUR_US, 1],
      ]);
      expect(await counts('hour', MIDNIGHT_US + 2 * DAY_US)).toEqual([
        [0, 5],
        [HOUR_US, 1],
        [23 * HOUR_US, 1],
        [DAY_US, 1],
      ]);
      expect(await counts('day', MIDNIGHT_US + 2 * DAY_US)).toEqual([
        [0, 7],
        [DAY_US, 1],
      ]);
    });

    test('of the whole fleet are those of all its agents and users together', async () => {
      const fromUs = MIDNIGHT_US - 10 * DAY_US;
      const agents = [randomUUID(), randomUUID()];
      const network = { bytesSent: 40, bytesReceived: 2 };
      const batches = agents.map((agentId, index) =>
        makeBatch({
          agentId,
          events: [
            event(fromUs, { user: { name: `u${index}` } }),
            event(fromUs + MINUTE_US, { user: { name: 'root' } }),
            event(fromUs + HOUR_US, { class: 3, outcome: 1, network }),
          ],
        }),
      );
      await Promise.all(batches.map((batch) => rig.store.commit(group({ batches: [batch] }))));
      await rig.store.commit(group({ batches }));
      for (const [resolution, spanUs, expected] of [
        ['minute', 2 * HOUR_US, [0, MINUTE_US, HOUR_US]],
        ['hour', 2 * HOUR_US, [0, HOUR_US]],
        ['day', DAY_US, [0, 0]],
      ] as const) {
        const span = { resolution, fromUs, toUs: fromUs + spanUs };
        const points = await rig.store.series(span);
        expect(points.map(({ atUs }) => atUs - fromUs)).toEqual(expected);
        expect(points.reduce((sum, { events }) => sum + events, 0)).toBe(6);
        expect(points.at(-1)).toMatchObject({ class: 3, outcome: 1, events: 2, bytes: 84 });
        expect(await rig.store.series({ ...span, class: 3 })).toEqual([points.at(-1)]);
      }
    });

    test('of a user are those of it on every host, and of nobody else', async () => {
      const fromUs = MIDNIGHT_US - 20 * DAY_US;
      const batches = [0, 1, 2].map((index) =>
        makeBatch({
          agentId: randomUUID(),
          events: [
            event(fromUs + index, { user: { name: 'root' } }),
            event(fromUs + HOUR_US, { user: { name: 'root' }, class: 3, network: { bytesSent: 7 } }),
            event(fromUs, { user: { name: 'toor' } }),
            event(fromUs),
          ],
        }),
      );
      await Promise.all(batches.map((batch) => rig.store.commit(group({ batches: [batch] }))));
      await rig.store.commit(group({ batches }));
      for (const resolution of ['minute', 'hour', 'day'] as const) {
        const span = { resolution, fromUs, toUs: fromUs + 2 * HOUR_US };
        const later = resolution === 'day' ? 0 : HOUR_US;
        expect(await rig.store.series({ ...span, user: 'root' })).toEqual([
          { atUs: fromUs, class: 1, outcome: 2, events: 3, bytes: 0 },
          { atUs: fromUs + later, class: 3, outcome: 2, events: 3, bytes: 21 },
        ]);
        expect(await rig.store.series({ ...span, user: '' })).toMatchObject([{ events: 3 }]);
        const [agent] = batches.map(({ agentId }) => agentId);
        expect(await rig.store.series({ ...span, user: 'root', agentId: agent! })).toMatchObject([
          { events: 1 },
          { events: 1, bytes: 7 },
        ]);
      }
    });

    test('are kept per agent, user, class and outcome, with the bytes of connections', async () => {
      const agentId = randomUUID();
      const network = { bytesSent: 100, bytesReceived: 23 };
      const events = [
        event(MIDNIGHT_US, { user: { name: 'root' } }),
        event(MIDNIGHT_US, { user: { name: 'root' }, outcome: 1 }),
        event(MIDNIGHT_US, { user: { name: 'alice' } }),
        event(MIDNIGHT_US, { class: 3, outcome: 1, network }),
        event(MIDNIGHT_US, { class: 3, outcome: 1, network }),
      ];
      await rig.store.commit(group({ batches: [makeBatch({ agentId, events })] }));
      const span = { resolution: 'minute', fromUs: MIDNIGHT_US, toUs: MIDNIGHT_US + MINUTE_US } as const;
      const seen = async (query: object) => {
        const points = await rig.store.series({ ...span, agentId, ...query });
        return points.map((point) => [point.class, point.outcome, point.events, point.bytes]);
      };
      expect(await seen({})).toEqual([
        [1, 1, 1, 0],
        [1, 2, 2, 0],
        [3, 1, 2, 246],
      ]);
      expect(await seen({ user: 'root' })).toEqual([
        [1, 1, 1, 0],
        [1, 2, 1, 0],
      ]);
      expect(await seen({ class: 3 })).toEqual([[3, 1, 2, 246]]);
      expect(await seen({ user: '' })).toEqual([[3, 1, 2, 246]]);
      expect(await seen({ user: 'nobody' })).toEqual([]);
    });

    test('hold whatever a host says: hostile names, codes, times and counts', async () => {
      const agentId = randomUUID();
      const huge = { bytesSent: Number.MAX_SAFE_INTEGER, bytesReceived: Number.MAX_SAFE_INTEGER };
      const long = 'x'.repeat(63);
      const events = [
        ...['a\0b', 'a\ufffdb', `${long}\ud83d\ude00`, `${long}\ud83d`, "'; drop table series_day; --"].map((name) =>
          event(MIDNIGHT_US, { user: { name } }),
        ),
        event(-5, { class: 99_999 as EventClass, outcome: -1 as Outcome, network: huge }),
        event(0, { class: 3, outcome: 0, network: huge }),
        event(Number.MAX_SAFE_INTEGER),
      ];
      for (const sequence of [1, 2, 3]) {
        await rig.store.commit(group({ batches: [makeBatch({ agentId, sequence, events })] }));
      }
      const span = { resolution: 'day', agentId, fromUs: 0, toUs: DAY_US } as const;
      const most = Number.MAX_SAFE_INTEGER;
      expect(await rig.store.series(span)).toEqual([
        { atUs: 0, class: 0, outcome: 0, events: 3, bytes: 0 },
        { atUs: 0, class: 3, outcome: 0, events: 3, bytes: most },
      ]);
      const day = { ...span, fromUs: MIDNIGHT_US, toUs: MIDNIGHT_US + DAY_US };
      expect((await rig.store.series({ ...day, user: 'a\0b' }))[0]?.events).toBe(6);
      expect((await rig.store.series(day))[0]?.events).toBe(15);
    });

    test('count a flood of names, and lose none of it', async () => {
      const agentId = randomUUID();
      const events = Array.from({ length: 10_000 }, (_, index) => event(MIDNIGHT_US, { user: { name: `u${index}` } }));
      await rig.store.commit(group({ batches: [makeBatch({ agentId, events })] }));
      const span = { resolution: 'hour', agentId, fromUs: MIDNIGHT_US, toUs: MIDNIGHT_US + HOUR_US } as const;
      expect((await rig.store.series(span))[0]?.events).toBe(10_000);
      expect((await rig.store.series({ ...span, user: 'u7' }))[0]?.events).toBe(1);
      // The database counts each name by itself; commits count together what is beyond their bound.
      const others = (await rig.store.series({ ...span, user: '*' }))[0]?.events ?? 0;
      if (isTimescale(name) && (await countsItself(rig.database))) expect(others).toBe(0);
      else expect(others).toBeGreaterThan(5_000);
    });

    test.each([
      ['minute', 2 * DAY_US, /ask for a shorter time or a coarser resolution/],
      ['hour', 100 * DAY_US, /more than 2000 points by hour/],
    ] as const)('by the %s of too long a time are refused', async (resolution, span, message) => {
      const query = { resolution, fromUs: MIDNIGHT_US, toUs: MIDNIGHT_US + span };
      await expect(rig.store.series(query)).rejects.toMatchObject({ code: 'rejected' });
      await expect(rig.store.series(query)).rejects.toThrow(message);
    });

    test('of something that is not an agent are refused', async () => {
      const query = { resolution: 'day', agentId: "x' or true", fromUs: 0, toUs: DAY_US } as const;
      await expect(rig.store.series(query)).rejects.toMatchObject({ code: 'rejected' });
    });
  });
}
