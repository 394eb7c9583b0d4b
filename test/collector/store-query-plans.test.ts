import { randomUUID } from 'node:crypto';
import { type AlertFilter, AlertState, type FieldFilter } from '@threatguard/proto';
import { describe, expect, test } from 'vitest';
import type { SeriesPoint, SeriesQuery } from '../../collector/src/store/series.ts';
import { agentId, agentName, DAYS, END_US, fill, START_US } from '../bench/query-fill.ts';
import type { ExplainedRead } from '../support/explain.ts';
import { explainedStoreRig } from '../support/store-rig.ts';
import { ENGINES, isTimescale } from '../support/stores.ts';
import { chunksOf } from '../support/timescale.ts';

const EVENTS = 50_000;
const DAY_ROWS = Math.ceil(EVENTS / DAYS);
/**
 * Rows that one statement may look at. The embedded engine cannot end a statement, so it looks at 20,000 rows at a time;
 * a day that such a window ends in may be read whole where that is cheaper than its index.
 */
const rowsReadMax = (engine: string) => (engine === 'pglite' ? 20_000 + DAY_ROWS : 2_000);
const HOUR_US = 3_600_000_000;
const one = (field: string, value: string, negated = false): FieldFilter[] => [{ field, value, negated }];
const middleUs = (START_US + END_US) / 2;
const hour = { sinceUs: middleUs, untilUs: middleUs + HOUR_US };

/** Not of what batches contain, which is looked at as it is (store-terms.test.ts), nor of the catalogue of chunks. */
const isOfRows = ({ sql }: ExplainedRead) => !/from (batch_terms|timescaledb_information)/.test(sql);

for (const { name, available, start } of ENGINES) {
  describe.skipIf(!available)(`how ${name} reads ${EVENTS} events`, () => {
    const rig = explainedStoreRig(start, {
      fill: async ({ database, store }) => {
        await fill(database, store, EVENTS);
        await database.script('analyze');
      },
      timeoutMs: 120_000,
    });

    /** The most rows one statement looks at, and the indexes and tables that are used. */
    async function plan(read: () => Promise<unknown>): Promise<{ rows: number; indexes: string[]; tables: string[] }> {
      rig.database.forget();
      await read();
      const nodes = rig.database.reads.flatMap((each) => each.nodes);
      return {
        rows: Math.max(0, ...rig.database.reads.filter(isOfRows).map(({ rowsRead }) => rowsRead)),
        indexes: nodes.flatMap((node) => node['Index Name'] ?? []),
        tables: [...new Set(nodes.flatMap((node) => node['Relation Name'] ?? []))],
      };
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
      const { rows, indexes } = await plan(() => rig.store.searchEvents({ filters, ...span }, 100, ''));
      expect(rows).toBeLessThanOrEqual(rowsReadMax(name));
      expect(indexes.length).toBeGreaterThan(0);
    });

    test('the events of one agent come in order from its own index, not by looking at those of others', async () => {
      for (const filters of [one('agent.name', agentName(7)), one('agent.id', agentId(7))]) {
        const { indexes } = await plan(() => rig.store.searchEvents({ filters, ...hour }, 100, ''));
        expect(indexes.filter((index) => /by_agent|agent_id/.test(index))).not.toEqual([]);
      }
    });

    test('a search within an hour leaves all other days alone, where events are cut by day', async () => {
      const { tables } = await plan(() =>
        rig.store.searchEvents({ filters: one('process.executable', '/tmp/*'), ...hour }, 100, ''),
      );
      const chunks = isTimescale(name) ? await chunksOf(rig.database, 'events') : undefined;
      const days = tables.filter((table) => chunks?.has(table) ?? /^events_\d/.test(table));
      expect(days.length).toBeLessThanOrEqual(1);
    });

    test('an agent that is not there has no events, and finding that out reads none', async () => {
      for (const filter of [one('agent.name', 'nobody'), one('agent.id', randomUUID()), one('agent.id', 'nobody')]) {
        const { rows: read } = await plan(async () => {
          expect(await rig.store.searchEvents({ filters: filter }, 100, '')).toEqual({ rows: [], next: '' });
        });
        expect(read).toBeLessThanOrEqual(rowsReadMax(name));
      }
    });

    test('a page deep within the month begins at its cursor', async () => {
      const cursor = `${middleUs}.${agentId(0)}..0.0`;
      const { rows: read } = await plan(async () => {
        const { rows } = await rig.store.searchEvents({ filters: [] }, 100, cursor);
        expect(rows).toHaveLength(100);
        expect(Math.max(...rows.map((row) => row.eventAtUs ?? 0))).toBeLessThanOrEqual(middleUs);
      });
      expect(read).toBeLessThanOrEqual(rowsReadMax(name));
    });

    test('the events of an alert and the share that was observed are found by agent and time', async () => {
      const { rows } = await rig.store.alerts({}, 1, '');
      const found = await plan(async () => {
        expect(await rig.store.eventsByReference(rows[0]!.events!)).toHaveLength(10);
        expect(await rig.store.observedRatio(agentId(7), hour.sinceUs, hour.untilUs)).toBe(1);
      });
      expect(found.rows).toBeLessThanOrEqual(rowsReadMax(name));
    });

    test.each<[string, AlertFilter, RegExp]>([
      ['all', {}, /^alerts_by_time$/],
      ['those of a time', hour, /^alerts_by_time$/],
      ['those of a user', { user: 'user7' }, /^alerts_by_user$/],
      ['those of a user nobody is', { user: 'nobody' }, /^alerts_by_user$/],
      ['those of a technique', { technique: 'T1007.001' }, /^alerts_by_technique$/],
      ['those of all below a technique', { technique: 't1007' }, /^alerts_by_technique$/],
      ['those of an agent by name', { agent: agentName(7) }, /^alerts_by_agent_name$/],
      ['those of an agent by id', { agent: agentId(7) }, /^alerts_by_agent(_name)?$/],
      ['those in a state', { state: AlertState.ACKNOWLEDGED }, /^alerts_by_state$/],
    ])('alerts, %s: from their index, no more rows than there are answers', async (_, filter, index) => {
      let answers = 0;
      const { rows, indexes } = await plan(async () => {
        answers = (await rig.store.alerts(filter, 100, '')).rows.length;
      });
      expect(indexes.filter((each) => !index.test(each))).toEqual([]);
      expect(indexes).not.toEqual([]);
      expect(rows).toBeLessThanOrEqual(answers + 1);
    });

    test.each<[string, Omit<SeriesQuery, 'resolution' | 'fromUs' | 'toUs'>, RegExp]>([
      ['the fleet', {}, /fleet_/],
      ['one agent', { agentId: agentId(7) }, /by_agent|agent_id/],
      ['one user', { user: 'visitor3' }, /user_(minute|hour|day)|user_name/],
      ['one user whom every host has', { user: 'root' }, /user_(minute|hour|day)|user_name/],
    ])('series of %s: no rows of others are added up', async (_, of, index) => {
      for (const resolution of ['minute', 'hour', 'day'] as const) {
        const dayUs = 24 * HOUR_US;
        const span = { fromUs: END_US - dayUs, toUs: END_US };
        let points: SeriesPoint[] = [];
        const { rows, indexes, tables } = await plan(async () => {
          points = await rig.store.series({ resolution, ...span, ...of });
        });
        if (of.agentId) expect(points.length).toBeGreaterThan(0);
        const counted = points.reduce((sum, { events }) => sum + events, 0);
        // Totals are so few that reading all may be cheapest; on TimescaleDB some come from the level below. A total is as
        // many rows as connections have added to it.
        const few = isTimescale(name) || index.test('fleet_');
        expect(rows).toBeLessThanOrEqual(few ? Math.max(2 * counted, 2_000) : Math.max(counted, 3 * points.length));
        if (isTimescale(name)) continue;
        expect([...indexes, ...tables].some((each) => index.test(each))).toBe(true);
      }
    });

    test.each([
      ['events', (limit: number) => rig.store.searchEvents({ filters: [] }, limit, ''), 5_000],
      ['alerts', (limit: number) => rig.store.alerts({}, limit, ''), 1_000],
    ] as const)('an answer of %s is bounded, however much is asked for', async (_, read, max) => {
      const { rows, next } = await read(1e9);
      expect(rows).toHaveLength(max);
      expect(next).not.toBe('');
    });
  });
}
