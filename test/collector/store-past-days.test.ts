import type { FieldFilter } from '@threatguard/proto';
import { describe, expect, test } from 'vitest';
import { readPartitions } from '../../collector/src/store/days.ts';
import { openDatabase, openStore, storeOver } from '../../collector/src/store/open.ts';
import { DAY_US } from '../../collector/src/store/retention.ts';
import { END_US, fill } from '../bench/query-fill.ts';
import { postgresAvailable } from '../support/postgres.ts';
import { explainedStoreRig } from '../support/store-rig.ts';
import { ENGINES } from '../support/stores.ts';
import { until } from '../support/until.ts';

const EVENTS = 100_000;
const one = (field: string, value: string): FieldFilter[] => [{ field, value, negated: false }];
const never = new AbortController().signal;

describe.skipIf(!postgresAvailable())('days that have passed (needs postgresql)', () => {
  let made: string[];
  const rig = explainedStoreRig(ENGINES.find(({ name }) => name === 'postgresql')!.start, {
    fill: async ({ database, store }) => {
      await fill(database, store, EVENTS);
      made = await store.indexPastDays(END_US, never);
    },
    timeoutMs: 180_000,
  });

  test('get their indexes once, and the current day none', async () => {
    const partitions = (await readPartitions(rig.database, 'events'))!;
    expect(made).toHaveLength(4 * (partitions.length - 1));
    expect(made.filter((name) => name.startsWith(partitions.at(-1)!.name))).toEqual([]);
    expect(await rig.store.indexPastDays(END_US, never)).toEqual([]);
    const settled = partitions.at(-1)!.to * DAY_US + 3_600_000_000;
    expect(await rig.store.indexPastDays(settled - 1, never)).toEqual([]);
  });

  test('are searched by them, and the current day by the terms of its batches', async () => {
    const searches: [string, FieldFilter[], RegExp][] = [
      ['a program by wildcard', one('process.executable', '/tmp/*'), /_past_text$/],
      ['a program by its end', one('process.executable', '*/tool7'), /_past_text$/],
      ['part of a command line', one('process.command_line', '*--run=4711'), /_past_text$/],
      ['part of a command line that is nowhere', one('process.command_line', '*nowhere*'), /_past_text$/],
      ['a process', one('process.pid', '4711'), /_past_pid$/],
      ['a port', one('destination.port', '31337'), /_past_port$/],
      ['an address nobody spoke to', one('destination.ip', '192.0.2.1'), /_past_destination$/],
      [
        'a command line and a port, never together',
        [...one('process.command_line', '*state*'), ...one('destination.port', '1')],
        /_past_port$/,
      ],
    ];
    for (const [name, filters, index] of searches) {
      rig.database.forget();
      const { rows, next } = await rig.store.searchEvents({ filters }, 100, '');
      const ofEvents = rig.database.reads.filter(({ sql }) => !sql.includes('from batch_terms'));
      const read = ofEvents.reduce((sum, each) => sum + each.rowsRead, 0);
      expect(read, name).toBeLessThanOrEqual(5 * rows.length + 400);
      const indexes = rig.database.reads.flatMap((each) => each.nodes.flatMap((node) => node['Index Name'] ?? []));
      expect(
        indexes.some((each) => index.test(each)),
        name,
      ).toBe(true);
      expect(next, name).toBe('');
    }
  });

  test('are known to the planner: it does not take a user seen often for a rare one', async () => {
    const day = (await readPartitions(rig.database, 'events'))!.at(-3)!.name;
    const estimate = async (user: string) => {
      const [row] = await rig.database.query(
        `explain (format json) select 1 from ${day} where left(user_name, 64) = '${user}'`,
      );
      return row?.['QUERY PLAN'][0].Plan['Plan Rows'];
    };
    const [row] = await rig.database.query(`select count(*) as rows from ${day} where user_name = 'bob'`);
    expect(await estimate('bob')).toBeGreaterThan(row?.rows / 2);
    expect(await estimate('nobody')).toBeLessThan(row?.rows / 10);
  });

  test('are finished by the next run where one was ended at once or in the middle of an index', async () => {
    const location = rig.engine.location();
    await using other = openDatabase(location);
    await using ended = await storeOver(other);
    await fill(other, ended, 10_000);
    await expect(ended.indexPastDays(END_US, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
    const stop = new AbortController();
    await other.transaction(async (session) => {
      // A concurrent index waits for transactions that wrote to its table before; what it leaves is not valid.
      const newest = (await readPartitions(other, 'events'))!.at(-2)!.name;
      await session.query(`delete from ${newest} where event_index = 0`);
      const building = ended.indexPastDays(END_US, stop.signal);
      const refused = expect(building).rejects.toMatchObject({ code: 'cancelled' });
      const waiting = async () =>
        (
          await other.query(
            "select 1 from pg_stat_activity where query like 'create index concurrently%' and wait_event_type = 'Lock'",
          )
        ).length > 0;
      await until(waiting, { limitMs: 5_000, what: 'the index to wait' });
      stop.abort();
      await refused;
    });
    const invalid = () => other.query('select 1 from pg_index where not indisvalid');
    expect(await invalid()).toHaveLength(1);
    // Of two collectors one does it.
    await using second = await openStore(location);
    const both = await Promise.all([ended.indexPastDays(END_US, never), second.indexPastDays(END_US, never)]);
    expect(both.map((names) => names.length > 0).filter(Boolean)).toHaveLength(1);
    expect(await invalid()).toEqual([]);
    expect(await second.indexPastDays(END_US, never)).toEqual([]);
  });
});

test('the embedded store looks at a bounded number of rows at a time, and indexes nothing later', async () => {
  await using engine = await ENGINES.find(({ name }) => name === 'pglite')!.start();
  await using store = await openStore(engine.location());
  expect(await store.indexPastDays(END_US + 2_000 * DAY_US, never)).toEqual([]);
});
