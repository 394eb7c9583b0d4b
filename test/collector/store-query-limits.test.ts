import { randomUUID } from 'node:crypto';
import type { FieldFilter, StoredEvent } from '@threatguard/proto';
import { describe, expect, test } from 'vitest';
import { searchEvents } from '../../collector/src/store/event-search.ts';
import { openDatabase } from '../../collector/src/store/open.ts';
import type { EventPage } from '../../collector/src/store/page.ts';
import { PgliteDatabase } from '../../collector/src/store/pglite.ts';
import type { StoreError } from '../../collector/src/store/store-error.ts';
import { END_US, fill, START_US } from '../bench/query-fill.ts';
import { postgresAvailable } from '../support/postgres.ts';
import { storeRig } from '../support/store-rig.ts';
import { ENGINES, group, makeBatch, realisticEvents } from '../support/stores.ts';
import { until } from '../support/until.ts';

const EVENTS = 30_000;
const RARE: FieldFilter[] = [{ field: 'process.executable', value: '/tmp/*' }];
/** Costs some microseconds for every event, and no index helps. */
const SLOW: FieldFilter[] = Array.from({ length: 31 }, (_, index) => ({
  field: 'process.command_line',
  value: `*s*a*r*l*a*b*${index}*a*s*t*zz*`,
  negated: true,
}));
const NONE: FieldFilter = { field: 'process.command_line', value: '*none*' };

for (const { name, available, start } of ENGINES) {
  describe.skipIf(!available)(`a search on ${name} that is given little time`, () => {
    const rig = storeRig(start, {
      fill: async ({ database, store }) => {
        await fill(database, store, EVENTS);
        await database.script('analyze');
      },
      timeoutMs: 120_000,
    });

    const search = (parts: Partial<Parameters<typeof searchEvents>[1]> & { filters: FieldFilter[] }) =>
      searchEvents(rig.database, {
        query: { filters: parts.filters },
        limit: 100,
        after: '',
        windowRows: name === 'pglite' ? 2_000 : 0,
        ...parts,
      });

    test.each<[string, FieldFilter[]]>([
      ['by a condition of the database', RARE],
      ['by a field that has no column', [...RARE, { field: 'network.transport', value: 'tcp' }]],
      ['by a negation', [{ field: 'process.command_line', value: '*', negated: true }, ...RARE]],
    ])('says how far back it came and goes on from there to the same events: %s', async (_, filters) => {
      const whole = await search({ filters });
      expect(whole.next).toBe('');
      const parts: EventPage[] = [];
      for (let after = ''; parts.length === 0 || after; ) {
        // Nothing more is begun once a window was looked at.
        const part = await search({ filters, after, limits: { searchMsMax: 0 } });
        parts.push(part);
        after = part.next;
      }
      expect(parts.length).toBeGreaterThan(2);
      const at = ({ rows }: { rows: StoredEvent[] }) =>
        rows.map(({ eventAtUs, reference }) => ({ eventAtUs, reference }));
      expect(at({ rows: parts.flatMap(({ rows }) => rows) })).toEqual(at(whole));
      const reached = parts.slice(0, -1).map(({ searchedBackToUs }) => searchedBackToUs!);
      expect(reached).toEqual(reached.toSorted((a, b) => b - a));
      expect(reached.every((timeUs) => timeUs > START_US - 1 && timeUs <= END_US)).toBe(true);
      expect(parts.at(-1)).not.toHaveProperty('searchedBackToUs');
    });

    test('that nobody waits for is not begun', async () => {
      const signal = AbortSignal.abort();
      await expect(search({ filters: RARE, signal })).rejects.toMatchObject({ code: 'cancelled' });
      await expect(rig.store.alerts({}, 1, '', signal)).rejects.toMatchObject({
        name: 'StoreError',
        code: 'cancelled',
      });
      expect((await search({ filters: RARE })).rows.length).toBeGreaterThan(0);
    });

    test('that every event would have to be looked at for is answered in part, while commits go on', async () => {
      const limits = { statementMsMax: 200, searchMsMax: 300 };
      const runaways = Array.from({ length: 6 }, () =>
        search({ filters: [...SLOW, NONE], limits }).then(
          (page) => page.searchedBackToUs !== undefined || page.next === '',
          (error: StoreError) => error.code === 'timed_out',
        ),
      );
      const before = (await rig.store.totals()).events;
      for (let sequence = 1; sequence <= 5; sequence++) {
        await rig.store.commit(group({ batches: [makeBatch({ agentId: randomUUID(), events: realisticEvents(40) })] }));
      }
      expect((await rig.store.totals()).events).toBe(before + 200);
      expect(await Promise.all(runaways)).toEqual(Array(6).fill(true));
    });

    describe.skipIf(name === 'pglite')('on a server where somebody holds the table', () => {
      /** Events are locked from here until the end of `work`. */
      async function whileLocked(work: () => Promise<void>): Promise<void> {
        await rig.database.transaction(async (session) => {
          await session.script('lock table events in access exclusive mode');
          await work();
        });
      }
      /** Statements of readers that the server is still at. */
      const running = async () => {
        const rows = await rig.database.query(
          `select query from pg_stat_activity where datname = current_database() and state = 'active'
           and query like '%from events%' and pid <> pg_backend_pid()`,
        );
        return rows.length;
      };

      test('ends by its time and says what to narrow', async () => {
        await whileLocked(async () => {
          const ended = search({ filters: RARE, limits: { statementMsMax: 50, searchMsMax: 60 } });
          await expect(ended).rejects.toMatchObject({ code: 'timed_out', message: expect.stringMatching(/--since/) });
          await until(async () => (await running()) === 0, { limitMs: 5_000, what: 'the end of the statement' });
        });
      });

      test('ends at the server when its caller goes', async () => {
        await whileLocked(async () => {
          const gone = new AbortController();
          const asked = search({ filters: RARE, signal: gone.signal });
          const ended = expect(asked).rejects.toMatchObject({ name: 'StoreError', code: 'cancelled' });
          await until(async () => (await running()) === 1, { limitMs: 5_000, what: 'the statement' });
          gone.abort();
          await ended;
          await until(async () => (await running()) === 0, { limitMs: 5_000, what: 'the end of the statement' });
        });
        expect((await search({ filters: RARE })).rows.length).toBeGreaterThan(0);
      });
    });
  });
}

describe.skipIf(!postgresAvailable())('a server with its own limit of time (needs postgresql)', () => {
  test('ends a read as timed out, and a commit as unavailable, which is tried again', async () => {
    const [engine] = ENGINES.filter(({ name }) => name === 'postgresql');
    await using started = await engine!.start();
    await using hasty = openDatabase({ url: `${started.location().url}?statement_timeout=50`, directory: '' });
    await expect(hasty.query('select pg_sleep(9)')).rejects.toMatchObject({ code: 'timed_out' });
    const committing = hasty.transaction((session) => session.query('select pg_sleep(9)'));
    await expect(committing).rejects.toMatchObject({ code: 'unavailable' });
  });
});

test('a statement that waits its turn behind others in the embedded store does not begin when its caller has gone', async () => {
  const [engine] = ENGINES.filter(({ name }) => name === 'pglite');
  await using started = await engine!.start();
  await using database = new PgliteDatabase(started.location().directory);
  await database.script('create table marks(a int)');
  const gone = new AbortController();
  const first = database.query('select count(*) from generate_series(1, 300000)');
  const second = database.query('insert into marks values (1) returning a', [], gone.signal);
  gone.abort();
  await first;
  await expect(second).rejects.toMatchObject({ code: 'cancelled' });
  expect(await database.query('select a from marks')).toEqual([]);
});
