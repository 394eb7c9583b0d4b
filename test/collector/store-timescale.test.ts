import { randomUUID } from 'node:crypto';
import type { FieldFilter, HostEvent } from '@threatguard/proto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ComplianceStore } from '../../collector/src/store/compliance-store.ts';
import type { Database } from '../../collector/src/store/database.ts';
import { EVENT_COLUMNS } from '../../collector/src/store/event-columns.ts';
import { encodeEventRows } from '../../collector/src/store/event-rows.ts';
import type { HoldRecord } from '../../collector/src/store/holds.ts';
import { migrate, readMigrations } from '../../collector/src/store/migrate.ts';
import { openDatabase, openStore, type StoreLocation, storeOver } from '../../collector/src/store/open.ts';
import { DAY_US } from '../../collector/src/store/retention.ts';
import { readCompressedBytes } from '../../collector/src/store/space.ts';
import type { Store } from '../../collector/src/store/store.ts';
import { atLeast } from '../../collector/src/store/timescale.ts';
import { timestamp } from '../../collector/src/store/values.ts';
import { ExplainingDatabase } from '../support/explain.ts';
import { postgresAvailable, startPostgres } from '../support/postgres.ts';
import {
  ENGINES,
  type EngineUnderTest,
  group,
  isTimescale,
  makeBatch,
  RETENTION,
  realisticEvents,
  startTimescale,
} from '../support/stores.ts';
import { chunksOf, hasFailed, policies, refreshSeries, runPolicies, stopWorkers } from '../support/timescale.ts';
import { until } from '../support/until.ts';

const TIMESCALE = ENGINES.find(({ name }) => isTimescale(name))!;
// Policies go by the clock of the server, so these tests do too.
const TODAY_US = Math.floor((Date.now() * 1000) / DAY_US) * DAY_US;
/** Since 2.28 a refresh is a commit for every few buckets; and jobs wait for one of the server's workers. */
const JOBS_LIMIT_MS = 300_000;
const HOUR_US = DAY_US / 24;
const MINUTE_US = HOUR_US / 60;
const day = (offset: number) => TODAY_US + offset * DAY_US;

test.each([
  ['2.24.0', '2.24', true],
  ['2.24.0-dev', '2.24', true],
  ['2.9.3', '2.13', false],
  ['2.30.1', '2.4', true],
  ['3.0.0', '2.24', true],
  ['1.7.5', '2.9', false],
])('TimescaleDB %s has what there is since %s: %s', (version, since, expected) => {
  expect(atLeast(version, since)).toBe(expected);
});

/** Whether the server of these tests is of the Apache edition, which has little of what they are about. */
let isApache = false;

describe.skipIf(!TIMESCALE.available)(`a store on ${TIMESCALE.name}`, () => {
  let engine: EngineUnderTest;
  let location: StoreLocation;
  let database: Database;
  let store: Store;

  beforeAll(async () => {
    engine = await TIMESCALE.start();
    location = engine.location();
    database = openDatabase(location);
    store = await storeOver(database);
    isApache = store.notices.some((notice) => notice.startsWith('no columnstore'));
    await stopWorkers(database);
  }, 60_000);

  beforeEach(({ skip }) => {
    if (isApache) skip('the server is of the Apache edition');
  });

  afterAll(async () => {
    await store?.[Symbol.asyncDispose]();
    await engine?.[Symbol.asyncDispose]();
  });

  const eventsOf = async (agentId: string) =>
    (await store.searchEvents({ filters: [{ field: 'agent.id', value: agentId }] }, 5_000, '')).rows;
  const count = async (from: string) => (await database.query(`select count(*) as rows from ${from}`))[0]?.rows;
  const isCompressed = async (atUs: number) => {
    const [row] = await database.query(
      `select is_compressed as compressed from timescaledb_information.chunks
       where hypertable_name = 'events' and range_start = $1::timestamptz`,
      [timestamp(Math.floor(atUs / DAY_US) * DAY_US)],
    );
    return row?.compressed;
  };
  const directCompress = () => !store.notices.some((notice) => notice.includes('direct-compress'));
  const batchAt = (agentId: string, atUs: number, events = 4) =>
    makeBatch({ agentId, events: realisticEvents(events, atUs) });

  test('is laid out from nothing, and is the same after the next start', async () => {
    const layout = async () => ({
      tables: await database.query(
        `select hypertable_name::text as name, compression_enabled as compressed from timescaledb_information.hypertables
         where hypertable_schema = current_schema() order by 1`,
      ),
      series: await database.query(
        `select view_name::text as name, materialized_only as only
         from timescaledb_information.continuous_aggregates order by 1`,
      ),
      columnstores: (await policies(database, 'policy_compression')).map(({ relation }) => relation),
    });
    const first = await layout();
    expect(first).toEqual({
      tables: [
        { name: 'batch_terms', compressed: false },
        { name: 'events', compressed: true },
        { name: 'evidence', compressed: false },
        { name: 'losses', compressed: false },
      ],
      series: ['fleet', 'series', 'user']
        .flatMap((name) => [`${name}_day`, `${name}_hour`, `${name}_minute`])
        .map((name) => ({ name, only: false })),
      columnstores: ['events'],
    });
    const [again, other] = await Promise.all([openStore(location), openStore(location)]);
    expect(again).toMatchObject({ engine: 'timescaledb', notices: store.notices, version: store.version });
    await Promise.all([again[Symbol.asyncDispose](), other[Symbol.asyncDispose]()]);
    expect(await layout()).toEqual(first);
  });

  test('is made once when several collectors start at once', async () => {
    const empty = engine.location();
    const stores = await Promise.all([openStore(empty), openStore(empty), openStore(empty)]);
    expect(stores.map((each) => each.engine)).toEqual(Array(3).fill('timescaledb'));
    for (const each of stores) await each[Symbol.asyncDispose]();
  });

  test.each([
    ['of release 0.1.0', 1, []],
    ['of schema 6, in chunks already,', 6, ['events:event_at', 'evidence:received_at', 'losses:received_at']],
  ])('%s becomes one with every row in it, and its events are counted', async (_, migrations, chunked) => {
    const older = openDatabase(engine.location());
    await migrate(older, readMigrations().slice(0, migrations));
    if (chunked.length > 0) await older.script('create extension if not exists timescaledb');
    for (const [table, time] of chunked.map((each) => each.split(':'))) {
      await older.query(
        `select create_hypertable('${table}', '${time}', chunk_time_interval => interval '1 day', create_default_indexes => false)`,
      );
    }
    const agentId = randomUUID();
    await older.script(`
      insert into events(event_at, observed_at, received_at, agent_id, stream_id, sequence, event_index,
                         class, activity, outcome, event)
        select at, at, at, '${agentId}', '\\x00', 1, 0, 1, 1, 1, '\\x' from unnest(array[
          '${timestamp(day(-60))}', '${timestamp(day(-1))}', '${timestamp(day(400))}']::timestamptz[]) as at;
      insert into evidence select event_at, agent_id, stream_id, sequence, '\\x', '\\x', '\\x' from events;
      insert into losses select event_at, agent_id, stream_id, 1, 's', 'r', 1, event_at, event_at from events`);
    await using upgraded = await storeOver(older);
    expect(upgraded.engine).toBe('timescaledb');
    const { rows } = await upgraded.searchEvents({ filters: [] }, 10, '');
    expect(rows.map(({ eventAtUs }) => eventAtUs)).toEqual([day(400), day(-1), day(-60)]);
    const span = { fromUs: day(-100), toUs: day(1) };
    expect(await upgraded.series({ resolution: 'day', ...span })).toMatchObject([
      { atUs: day(-60), events: 1 },
      { atUs: day(-1), events: 1 },
    ]);
    for (const table of ['evidence', 'losses']) {
      expect(await older.query(`select 1 from ${table}`)).toHaveLength(3);
    }
  });

  test('whose extension is out of reach says so, and goes on where it was used already', async () => {
    const reached = engine.location();
    const schema = openDatabase(reached);
    await schema.script('create schema apart; create extension timescaledb schema apart');
    const path = async (schemas: string) => {
      const [row] = await schema.query('select current_database() as name');
      await schema.script(`alter database ${row?.name} set search_path = ${schemas}`);
    };
    await path('public, apart');
    const agentId = randomUUID();
    const commitOne = (each: Store) => each.commit(group({ batches: [batchAt(agentId, day(-1), 5)] }));
    const counted = async (each: Store) =>
      (await each.series({ resolution: 'day', agentId, fromUs: day(-1), toUs: day(0) })).reduce(
        (n, { events }) => n + events,
        0,
      );
    {
      await using within = await openStore(reached);
      expect(within).toMatchObject({ engine: 'timescaledb', notices: store.notices });
      await commitOne(within);
    }
    await path('public');
    await using without = await openStore(reached);
    expect(without.notices).toEqual([
      expect.stringMatching(/cannot be asked .*schema apart, which is not in the search_path/),
    ]);
    await commitOne(without);
    expect(await counted(without)).toBe(10);
    expect((await without.totals()).events).toBe(10);
    await schema[Symbol.asyncDispose]();
  });

  test('that has counted in tables keeps them, and goes on counting there', async () => {
    const counted = openDatabase(engine.location());
    await migrate(counted);
    const agentId = randomUUID();
    for (const table of ['series_minute', 'series_hour', 'series_day']) {
      await counted.script(`insert into ${table} values ('${timestamp(day(0))}', '${agentId}', 1, 1, '', 7, 0)`);
    }
    await using kept = await storeOver(counted);
    expect(kept.notices.join()).toContain('series stay tables that commits add to');
    const events: HostEvent[] = [{ observedAtUs: day(0), class: 1, outcome: 1 }];
    await kept.commit(group({ batches: [makeBatch({ agentId, events })] }));
    for (const resolution of ['minute', 'hour', 'day'] as const) {
      const points = await kept.series({ resolution, agentId, fromUs: day(0), toUs: day(0) + HOUR_US });
      expect(points).toMatchObject([{ events: 8 }]);
    }
    expect((await kept.keepUp(RETENTION, Date.now() * 1000)).made).toContain('retention of series_minute: 30 days');
  });

  test('takes batches of any size, finds them, and stores none twice, in a columnstore or not', async () => {
    const agentId = randomUUID();
    const large = makeBatch({ agentId, events: realisticEvents(3_000, day(-3)) });
    await store.commit(group({ batches: [large] }));
    expect(await isCompressed(day(-3))).toBe(directCompress());
    await database.query("select compress_chunk(c, true) from show_chunks('events') c");
    expect(await isCompressed(day(-3))).toBe(true);
    const late = makeBatch({ agentId, events: realisticEvents(10, day(-3) + HOUR_US) });
    await store.commit(group({ batches: [late, large] }));
    await store.commit(group({ batches: [large, late] }));
    const stored = await eventsOf(agentId);
    expect(stored).toHaveLength(3_010);
    expect(stored.slice(0, 10).map(({ reference }) => reference?.index)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    const times = stored.map(({ eventAtUs }) => eventAtUs!);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    // Merged with what came later by the policy, without losing either.
    await runPolicies(database, 'policy_compression');
    expect(await eventsOf(agentId)).toEqual(stored);
  });

  test('finds events in a columnstore by user, address and program as it does elsewhere', async () => {
    const agentId = randomUUID();
    const events = realisticEvents(2_000, day(-4)).map((event, index) =>
      index === 1_234
        ? { ...event, user: { name: 'mallory' }, network: { ...event.network, sourceAddress: '192.0.2.99' } }
        : event,
    );
    await store.commit(group({ batches: [makeBatch({ agentId, events })] }));
    await database.query("select compress_chunk(c, true) from show_chunks('events') c");
    for (const [field, value] of [
      ['user.name', 'mallory'],
      ['user.name', 'mall*'],
      ['source.ip', '192.0.2.99'],
      ['source.ip', '192.0.2.96/29'],
    ] as const) {
      const { rows } = await store.searchEvents({ filters: [{ field, value }] }, 10, '');
      expect(rows.map(({ reference }) => reference?.index)).toEqual([1_234]);
    }
  });

  test('looks at the chunks of the time that is asked for, and at no other', async () => {
    const agentId = randomUUID();
    await store.commit(group({ batches: [-9, -8, -7].map((offset) => batchAt(agentId, day(offset))) }));
    const plan = async (sinceUs: number, untilUs: number) => {
      const rows = await database.query(
        `explain select * from events e where e.event_at >= $1::timestamptz and e.event_at < $2::timestamptz
         order by event_at desc limit 5`,
        [timestamp(sinceUs), timestamp(untilUs)],
      );
      return new Set(rows.flatMap((row) => /_hyper_\d+_\d+_chunk/.exec(String(row['QUERY PLAN'])) ?? []).values());
    };
    const names = async (...parts: [number, number]) => [...(await plan(...parts))].map(String);
    expect(new Set(await names(day(-8), day(-7)))).toHaveProperty('size', 1);
    expect(new Set(await names(day(-9), day(-7)))).toHaveProperty('size', 2);
  });

  test('asked for the newest leaves every older chunk alone, whatever is asked, in a columnstore too', async () => {
    const explaining = new ExplainingDatabase(openDatabase(engine.location()));
    await using searched = await storeOver(explaining);
    await stopWorkers(explaining);
    const batches = [-9, -8, -7].map((offset) => batchAt(randomUUID(), day(offset) + HOUR_US, 400));
    await searched.commit(group({ batches }));
    await explaining.query("select compress_chunk(c, true) from show_chunks('events') c");
    const chunks = await chunksOf(explaining, 'events');
    const asked: FieldFilter[][] = [
      [],
      [{ field: 'user.name', value: 'www-data' }],
      [{ field: 'process.executable', value: '*/dash' }],
      [{ field: 'user.name', value: 'root', negated: true }],
    ];
    for (const filters of asked) {
      explaining.forget();
      const { rows, next } = await searched.searchEvents({ filters }, 20, '');
      expect(rows.map(({ eventAtUs }) => Math.floor((eventAtUs! - day(0)) / DAY_US))).toEqual(Array(20).fill(-7));
      await searched.searchEvents({ filters }, 20, next);
      const read = explaining.reads.flatMap(({ nodes }) => nodes.flatMap((node) => node['Relation Name'] ?? []));
      expect(new Set(read.filter((name) => chunks.has(name)))).toHaveProperty('size', 1);
    }
  });

  test(
    'counts the same as a plain PostgreSQL that is fed the same',
    async ({ skip }) => {
      if (!postgresAvailable()) return skip('needs postgresql');
      await using server = await startPostgres();
      await using plain = await openStore({ url: server.createDatabase(), directory: '' });
      const [first, second] = [randomUUID(), randomUUID()];
      const long = `${'x'.repeat(63)}\u{1f600}tail`;
      const network = { bytesSent: 2 ** 40, bytesReceived: 1 };
      const kinds: HostEvent[] = [
        { class: 1, outcome: 2, user: { name: 'root' } },
        { class: 1, outcome: 1, user: { name: long } },
        { class: 3, outcome: 1, network },
        { class: 3, outcome: 1 },
        { class: 2, network },
        { class: 3, outcome: 2, user: { name: 'a\0b' }, network: { bytesSent: Number.MAX_SAFE_INTEGER } },
      ];
      const events = (atUs: number, many: number) =>
        Array.from({ length: many }, (_, index) => ({
          ...kinds[index % kinds.length],
          observedAtUs: atUs + index * 977_777,
        }));
      const batches = [
        makeBatch({ agentId: first, events: events(day(-12), 1_500) }),
        makeBatch({ agentId: second, events: events(day(-12) + 40 * MINUTE_US, 300) }),
        makeBatch({ agentId: first, events: events(day(-11) - MINUTE_US, 1_200) }),
      ];
      const late = makeBatch({ agentId: second, events: events(day(-12) + 3 * MINUTE_US, 50) });
      const answers = async (asked: Store) => {
        const all = [];
        for (const query of [{}, { agentId: first }, { agentId: second, class: 3 }, { user: long }, { user: '' }]) {
          for (const resolution of ['minute', 'hour', 'day'] as const) {
            const toUs = resolution === 'minute' ? day(-12) + DAY_US : day(-10);
            all.push(await asked.series({ resolution, fromUs: day(-12), toUs, ...query }));
          }
        }
        return all;
      };
      for (const each of [plain, store]) await each.commit(group({ batches }));
      await refreshSeries(database);
      expect(await answers(store)).toEqual(await answers(plain));
      // A late batch, a repeated one, and what was refreshed already: after the next refresh nothing differs.
      for (const each of [plain, store]) await each.commit(group({ batches: [late, ...batches] }));
      await refreshSeries(database);
      const expected = await answers(plain);
      expect(await answers(store)).toEqual(expected);
      expect(expected.every((points) => points.length > 0)).toBe(true);
    },
    JOBS_LIMIT_MS,
  );

  test('shows what came since the last refresh at once', async () => {
    const agentId = randomUUID();
    // Newer than all else in this store, as events of now are.
    await store.commit(group({ batches: [batchAt(agentId, day(1) + HOUR_US, 9)] }));
    for (const resolution of ['minute', 'hour', 'day'] as const) {
      const points = await store.series({ resolution, agentId, fromUs: day(1), toUs: day(1) + 2 * HOUR_US });
      expect(points.reduce((sum, { events }) => sum + events, 0)).toBe(9);
    }
  });

  test('has policies of the configured retention, changed when that changes and else left alone', async () => {
    const { made } = await store.keepUp(RETENTION, Date.now() * 1000);
    expect(made).toEqual(
      expect.arrayContaining([
        'refresh of series_minute: 719 hours',
        'refresh of series_hour: 719 hours',
        'refresh of series_day: 8783 hours',
        'retention of events: 90 days',
        'retention of series_minute: 30 days',
      ]),
    );
    const all = async () => [
      ...(await policies(database, 'policy_retention')),
      ...(await policies(database, 'policy_refresh_continuous_aggregate')),
    ];
    const before = await all();
    expect(before.map(({ relation, config }) => [relation, config.drop_after ?? config.start_offset])).toEqual([
      ['batch_terms', '90 days'],
      ['events', '90 days'],
      ['evidence', '365 days'],
      ['fleet_day', '2562 days'],
      ['fleet_hour', '366 days'],
      ['fleet_minute', '30 days'],
      ['losses', '365 days'],
      ['series_day', '2562 days'],
      ['series_hour', '366 days'],
      ['series_minute', '30 days'],
      ['user_day', '2562 days'],
      ['user_hour', '366 days'],
      ['user_minute', '30 days'],
      ['fleet_day', '8783:00:00'],
      ['fleet_hour', '719:00:00'],
      ['fleet_minute', '719:00:00'],
      ['series_day', '8783:00:00'],
      ['series_hour', '719:00:00'],
      ['series_minute', '719:00:00'],
      ['user_day', '8783:00:00'],
      ['user_hour', '719:00:00'],
      ['user_minute', '719:00:00'],
    ]);
    expect((await store.keepUp(RETENTION, Date.now() * 1000)).made).toEqual([]);
    expect(await all()).toEqual(before);
    const shorter = await store.keepUp({ ...RETENTION, events: 20 }, Date.now() * 1000);
    expect(shorter.made).toEqual([
      'refresh of series_minute: 479 hours',
      'refresh of user_minute: 479 hours',
      'refresh of fleet_minute: 479 hours',
      'retention of events: 20 days',
      'retention of batch_terms: 20 days',
    ]);
    // What was dropped stays out of reach: the window of a refresh grows no faster than time passes.
    const longer = await store.keepUp({ ...RETENTION, events: 90 }, Date.now() * 1000);
    expect(longer.made).toEqual(['retention of events: 90 days', 'retention of batch_terms: 90 days']);
    expect((await store.keepUp(RETENTION, Date.now() * 1000)).made).toEqual([]);
  });

  test('has the series refreshed from the oldest on, where that is done in steps: what is newer is added from the events', async ({
    skip,
  }) => {
    const known = await database.query(
      `select 1 from pg_proc where proname = 'add_continuous_aggregate_policy' and 'refresh_newest_first' = any(proargnames)`,
    );
    if (known.length === 0) return skip('it refreshes in one step');
    await store.keepUp(RETENTION, Date.now() * 1000);
    const jobs = await policies(database, 'policy_refresh_continuous_aggregate');
    expect(jobs.map(({ config }) => config.refresh_newest_first)).toEqual(Array(9).fill(false));
  });

  test(
    'says what the database does not do any more, and what it fails at',
    async ({ skip }) => {
      const nowUs = Date.now() * 1000;
      await store.keepUp(RETENTION, nowUs);
      expect(await store.problems(nowUs)).toEqual([]);
      // Its workers were stopped for these tests.
      expect(await store.problems(nowUs + DAY_US)).toEqual([
        expect.stringMatching(
          /does not do its work \(\w+ of \w+ and \d+ more\), so old data stays: is its job scheduler/,
        ),
      ]);
      const failing = openDatabase(engine.location());
      await using other = await storeOver(failing);
      await other.commit(group({ batches: [batchAt(randomUUID(), day(-100))] }));
      const [chunk] = await failing.query("select show_chunks('events')::text as name");
      await failing.script(`create view needed as select * from ${chunk?.name}`);
      await other.keepUp(RETENTION, nowUs);
      // Many databases share the workers of a server, and each takes one to begin with.
      if (!(await hasFailed(failing, 'policy_retention'))) return skip('no worker of the server was free for a job');
      const problem = await until(
        async () => (await other.problems(nowUs)).find((each) => each.includes('cannot drop')),
        { limitMs: 10_000, what: 'the problem to be said' },
      );
      expect(problem).toMatch(/^TimescaleDB fails at the retention of events: cannot drop table .*_chunk because/);
    },
    JOBS_LIMIT_MS,
  );

  test(
    'drops by those policies what is older, and keeps the series of it',
    async () => {
      const agentId = randomUUID();
      const batches = [-25, -22, -1].map((offset) => batchAt(agentId, day(offset)));
      await store.commit(group({ batches }));
      await refreshSeries(database);
      const days = async () =>
        (await store.series({ resolution: 'day', agentId, fromUs: day(-40), toUs: day(1) })).map(({ atUs, events }) => [
          (atUs - day(0)) / DAY_US,
          events,
        ]);
      const counted = await days();
      expect(new Set(counted.map(([offset]) => offset))).toEqual(new Set([-25, -22, -1]));
      await store.keepUp({ ...RETENTION, events: 23 }, Date.now() * 1000);
      await runPolicies(database, 'policy_retention');
      expect((await eventsOf(agentId)).map(({ eventAtUs }) => Math.floor((eventAtUs! - day(0)) / DAY_US))).toEqual([
        -1, -1, -1, -1, -22, -22, -22, -22,
      ]);
      await runPolicies(database, 'policy_refresh_continuous_aggregate');
      expect(await days()).toEqual(counted);
      await store.keepUp(RETENTION, Date.now() * 1000);
      await runPolicies(database, 'policy_refresh_continuous_aggregate');
      expect(await days()).toEqual(counted);
    },
    JOBS_LIMIT_MS,
  );

  test(
    'has a person taken out or given another name, in a columnstore too, whatever one transaction may have of it',
    async () => {
      const erasing = engine.location();
      await using database = openDatabase(erasing);
      await using kept = await storeOver(database);
      await stopWorkers(database);
      const people = ['alice', 'carol'];
      const named = (atUs: number) =>
        realisticEvents(3_000, atUs).map((event, index) =>
          index % 500 < people.length ? { ...event, user: { name: people[index % 500]!, id: 5 } } : event,
        );
      const batches = [-9, -3].map((offset) => makeBatch({ agentId: randomUUID(), events: named(day(offset)) }));
      await kept.commit(group({ batches }));
      await database.query("select compress_chunk(c, true) from show_chunks('events') c");
      await refreshSeries(database);
      // A day that retention has passed: its counts are all there is of it.
      await kept.keepUp({ ...RETENTION, events: 5 }, Date.now() * 1000);
      await runPolicies(database, 'policy_retention');
      const known = `select current_database() as name from pg_settings
        where name = 'timescaledb.max_tuples_decompressed_per_dml_transaction'`;
      for (const { name } of await database.query(known)) {
        await database.script(
          `alter database ${name} set timescaledb.max_tuples_decompressed_per_dml_transaction = 100`,
        );
      }

      await using limited = openDatabase(erasing);
      const compliance = new ComplianceStore(limited);
      const rename = (text: string) => text.replaceAll('carol', 'person-1');
      const event = (event: HostEvent) => ({ ...event, user: { name: 'person-1' } });
      for (const [user, change, pseudonym] of [
        ['alice', undefined, undefined],
        ['carol', { rename, event }, 'person-1'],
      ] as const) {
        const person = { user, agentId: undefined };
        expect(await compliance.countPersonEvents(person)).toBe(6);
        expect(await Array.fromAsync(compliance.changeEvents(person, change))).toEqual([6]);
        expect(await compliance.countPersonEvents(person)).toBe(0);
        expect(await compliance.eraseSeries(person, pseudonym)).toBeGreaterThan(0);
      }
      const names = `select user_name as name, count(*) as rows from events
        where user_name in ('alice', 'carol', 'person-1') or user_id = 5 group by 1`;
      expect(await database.query(names)).toEqual([{ name: 'person-1', rows: 6 }]);
      expect(await database.query('select count(*) as rows from events')).toEqual([{ rows: 2_994 }]);
      const counted = async (user: string) => {
        const points = await kept.series({ resolution: 'day', user, fromUs: day(-20), toUs: day(1) });
        return points.reduce((sum, { events }) => sum + events, 0);
      };
      for (const refreshed of [false, true]) {
        if (refreshed) await runPolicies(database, 'policy_refresh_continuous_aggregate');
        expect(await Promise.all(['alice', 'carol', 'person-1'].map(counted))).toEqual([0, 0, 12]);
      }
    },
    JOBS_LIMIT_MS,
  );

  test('sets a batch aside whose rows the database rejects, and takes the others with it', async () => {
    const agentId = randomUUID();
    const batches = [batchAt(agentId, day(-2), 1_200), batchAt(agentId, day(-2) + HOUR_US, 5)];
    const [whole] = group({ batches: [batchAt(agentId, day(-2), 3)] }).batches;
    // A row of three fields, which is none of events.
    const broken = { ...whole!, eventRows: Buffer.from([0, 3, 0, 0]) };
    await store.commit({ ...group({ batches }), batches: [...group({ batches }).batches, broken] });
    expect(await eventsOf(agentId)).toHaveLength(1_205);
    expect(await count(`quarantine where agent_id = '${agentId}'`)).toBe(1);
  });

  test('says what each kind takes, and what compression saves', async () => {
    const agentId = randomUUID();
    const empty = engine.location();
    const measured = openDatabase(empty);
    await using other = await storeOver(measured);
    await stopWorkers(measured);
    expect(await readCompressedBytes(measured)).toBeUndefined();
    // Rows first: COPY without the columnstore, whose size is then known before and after.
    await measured.copyIn('events', EVENT_COLUMNS, encodeEventRows([batchAt(agentId, day(-5), 20_000)]));
    await other.commit(group({ batches: [batchAt(agentId, day(-5))] }));
    await measured.script('analyze');
    const rows = await other.space(0);
    await measured.query("select compress_chunk(c, true) from show_chunks('events') c");
    const { before, after } = (await readCompressedBytes(measured))!;
    expect(before).toBeGreaterThan(5_000_000);
    expect(after).toBeLessThan(before / 4);
    await refreshSeries(measured);
    await measured.script('analyze');
    const space = await other.space(3_600_000_000);
    expect(space.events).toBeLessThan(rows.events / 3);
    expect(space.bytesPerEvent).toBeLessThan(rows.bytesPerEvent / 3);
    for (const kind of ['events', 'evidence', 'series', 'alerts', 'other'] as const) {
      expect(space[kind]).toBeGreaterThan(0);
    }
    expect(space.series).toBeGreaterThan(rows.series);
  });
});

// The licence of a server is set when it starts, so this edition is a server of its own.
const apache = process.env.THREATGUARD_TEST_TIMESCALE_APACHE_URL;

describe.skipIf(!apache)('a store on the Apache edition (needs THREATGUARD_TEST_TIMESCALE_APACHE_URL)', () => {
  test('says what it lacks, counts the series itself, and drops what is older itself', async () => {
    await using engine = await startTimescale(apache!);
    await using store = await openStore(engine.location());
    expect(store.engine).toBe('timescaledb');
    expect(store.notices).toEqual(
      ['no columnstore: ', 'no continuous aggregates: ', 'no direct-compress COPY: '].map((text) =>
        expect.stringContaining(text),
      ),
    );
    const agentId = randomUUID();
    const batches = [-92, -1].map((offset) => makeBatch({ agentId, events: realisticEvents(1_000, day(offset)) }));
    await store.commit(group({ batches }));
    const span = { resolution: 'day', agentId, fromUs: day(-100), toUs: day(1) } as const;
    const counted = await store.series(span);
    expect(counted.reduce((sum, { events }) => sum + events, 0)).toBe(2_000);
    const nowUs = Date.now() * 1000;
    const hold: HoldRecord = {
      id: 'hold',
      agentId,
      user: undefined,
      fromUs: day(-95),
      toUs: day(-90),
      reason: 'case',
      madeBy: 'admin',
      madeAtUs: nowUs,
      removedBy: '',
      removedAtUs: undefined,
    };
    const by = { kind: 'console', id: 'admin', from: '' } as const;
    await store.compliance.addHold(hold, by);
    // Counts are not held.
    expect((await store.keepUp(RETENTION, nowUs)).dropped).toHaveLength(2);
    await store.compliance.removeHold(hold, nowUs, by);
    const report = await store.keepUp(RETENTION, nowUs);
    expect(report.made).toEqual([]);
    // Of events and of what they contain; the minutes of hosts and users went before.
    expect(report.dropped).toHaveLength(2);
    const { rows } = await store.searchEvents({ filters: [] }, 5_000, '');
    expect(rows).toHaveLength(1_000);
    expect(await store.series(span)).toEqual(counted);
    expect((await store.space(0)).events).toBeGreaterThan(0);
  });
});
