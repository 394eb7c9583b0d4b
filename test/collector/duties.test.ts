// Two collectors of one PostgreSQL: what is done for all of them one does, and where that one died another takes it up.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Detection } from '@threatguard/proto';
import type { CheckedTreeHead } from '@threatguard/proto/evidence';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readCollectorConfig } from '../../collector/src/config.ts';
import type { OtherModel } from '../../collector/src/detect/behaviour/trained/other-model.ts';
import { ModelRegistry, type RegistryParts } from '../../collector/src/detect/behaviour/trained/registry.ts';
import { FeedSchedule } from '../../collector/src/detect/intel/feed-schedule.ts';
import { IntelJobs } from '../../collector/src/detect/intel/intel-jobs.ts';
import { IntelLibrary } from '../../collector/src/detect/intel/intel-library.ts';
import { RetroMatch } from '../../collector/src/detect/intel/retro-match.ts';
import { type Duties, SharedDuties } from '../../collector/src/duties.ts';
import { TreeKeeper } from '../../collector/src/evidence/tree-keeper.ts';
import { Attendance } from '../../collector/src/fleet/attendance.ts';
import { Presence } from '../../collector/src/fleet/presence.ts';
import { HuntSchedule } from '../../collector/src/hunt/hunt-schedule.ts';
import { Forwarder } from '../../collector/src/publish/forward/forwarder.ts';
import type { ForwardRecord } from '../../collector/src/publish/forward/target.ts';
import { COLLECTOR_ACTOR } from '../../collector/src/store/audit.ts';
import type { Database } from '../../collector/src/store/database.ts';
import { openDatabase, storeOver } from '../../collector/src/store/open.ts';
import type { Store } from '../../collector/src/store/store.ts';
import { type PostgresServer, postgresAvailable, startPostgres } from '../support/postgres.ts';
import { group, makeAgent, makeAlert, makeBatch, realisticEvents, START_US } from '../support/stores.ts';
import { until } from '../support/until.ts';

const DEAD = '00000000-0000-4000-8000-000000000000';
const failed = (error: unknown) => {
  throw error;
};

/** The duties of a collector, and how often it has asked for one. */
class CountedDuties implements Duties {
  asked = 0;
  readonly #duties: Duties;

  constructor(store: Store) {
    this.#duties = new SharedDuties({ store: store.shared.duties, failed, keepMs: 50 });
  }

  alone<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    return this.#duties.alone(name, work).finally(() => this.asked++);
  }

  first(name: string, seconds: number): Promise<boolean> {
    return this.#duties.first(name, seconds).finally(() => this.asked++);
  }

  /** Resolves when one that is asked for from now on was answered, or done. */
  next(): Promise<unknown> {
    const before = this.asked;
    return until(() => this.asked > before, { limitMs: 10_000, what: 'another look' });
  }
}

interface Side {
  database: Database;
  store: Store;
  duties: CountedDuties;
}

/** What stands still at its first use until it is let go. */
class Gate {
  readonly entered = Promise.withResolvers<void>();
  readonly open = Promise.withResolvers<void>();

  async pass(): Promise<void> {
    this.entered.resolve();
    await this.open.promise;
  }
}

describe.skipIf(!postgresAvailable())('of two collectors of one store (needs postgresql)', () => {
  let server: PostgresServer;
  let a: Side;
  let b: Side;

  beforeAll(async () => {
    server = await startPostgres();
    const url = server.createDatabase();
    const side = async (): Promise<Side> => {
      const database = openDatabase({ url, directory: '' });
      const store = await storeOver(database, START_US);
      return { database, store, duties: new CountedDuties(store) };
    };
    a = await side();
    b = await side();
  });

  afterAll(async () => {
    await b?.store[Symbol.asyncDispose]();
    await a?.store[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  beforeEach(() => a.database.query('delete from duties'));

  const lapse = () => a.database.query(`update duties set held_until = now() - interval '1 second'`);
  /** One that is given back a moment after what was done in it shows. */
  const died = (name: string) =>
    until(() => a.store.shared.duties.take(name, DEAD, 30), { limitMs: 10_000, what: `the duty ${name}` });

  it('one has a duty, and the other has it when it was given back, or when its holder died', async () => {
    const gate = new Gate();
    const first = a.duties.alone('work', async () => {
      await gate.pass();
      return 'a';
    });
    await gate.entered.promise;
    expect(await b.duties.alone('work', async () => 'b')).toBeUndefined();
    expect(await a.duties.alone('work', async () => 'twice')).toBeUndefined();
    expect(await b.duties.alone('other work', async () => 'b')).toBe('b');
    gate.open.resolve();
    expect(await first).toBe('a');
    expect(await b.duties.alone('work', async () => 'b')).toBe('b');
    await expect(b.duties.alone('work', () => Promise.reject(new Error('it failed')))).rejects.toThrow('it failed');
    await died('work');
    expect(await a.duties.alone('work', async () => 'a')).toBeUndefined();
    await lapse();
    const both = await Promise.all([a, b].map(({ duties }) => duties.alone('work', async () => 'done')));
    expect(both).toContain('done');
    expect(await a.database.query('select 1 from duties')).toEqual([]);
  });

  it('one that was taken from while it stood still is told so', async () => {
    const lost = Promise.withResolvers<void>();
    const working = a.duties.alone('work', async (signal) => {
      await lapse();
      await died('work');
      signal.addEventListener('abort', () => lost.resolve());
      await lost.promise;
      return 'ended';
    });
    expect(await working).toBe('ended');
    // What is another's is not given back.
    expect(await b.duties.alone('work', async () => 'b')).toBeUndefined();
  });

  it('one runs a hunt that is due, and one goes on where another died', async () => {
    const agentId = makeAgent().id;
    await a.store.commit(group({ batches: [makeBatch({ agentId, events: realisticEvents(20) })] }));
    const hunt = { name: 'logins', query: 'user:root', everySeconds: 60, severity: 3, savedBy: 'ann', problem: '' };
    await a.store.hunts.save({ ...hunt, savedAtUs: START_US, ranUntilUs: undefined }, false, COLLECTOR_ACTOR);
    const reports: Detection[] = [];
    const gate = new Gate();
    let nowUs = START_US + 120_000_000;
    const schedule = ({ store, duties }: Side, wait = async () => {}) =>
      new HuntSchedule({
        store,
        report: async (detections) => {
          reports.push(...detections);
          await wait();
        },
        duties,
        nowUs: () => nowUs,
        failed,
      });
    await using first = schedule(a, () => gate.pass());
    await using second = schedule(b);
    const looking = first.look();
    await gate.entered.promise;
    await second.look();
    gate.open.resolve();
    await looking;
    await second.look();
    expect(reports).toHaveLength(1);

    await a.store.commit(group({ batches: [makeBatch({ agentId, events: realisticEvents(20, nowUs + 1_000_000) })] }));
    nowUs += 120_000_000;
    await died('hunts');
    await second.look();
    expect(reports).toHaveLength(1);
    await lapse();
    await second.look();
    expect(reports).toHaveLength(2);
  });

  it('one delivers to a target, and the other goes on behind what was delivered', async () => {
    const text = 'forward:\n  - {name: siem, kind: syslog, address: "h:1"}\n';
    const [settings] = readCollectorConfig({ file: 'test', text, environment: {} }).forward;
    const delivered: string[] = [];
    const gate = new Gate();
    const start = async ({ store, duties }: Side, wait = async () => {}) => {
      const [cursor] = await store.forwarding.useTargets([{ name: 'siem', stream: 'alerts' }]);
      const deliver = async (records: readonly ForwardRecord[]) => {
        await wait();
        delivered.push(...records.map(({ key }) => key));
        return { refused: 0 };
      };
      return Forwarder.start({
        settings: settings!,
        target: { recordsMax: 10, bytesMax: 1_000_000, deliver },
        cursor: cursor!,
        store: store.forwarding,
        duties,
        exporter: { version: '0.1.0', observer: '' },
        nowUs: () => START_US,
        changed: () => {},
        failed,
      });
    };
    await using first = await start(a, () => gate.pass());
    await using second = await start(b);
    const alerts = [makeAlert(), makeAlert(), makeAlert()];
    const commit = (...more: typeof alerts) => a.store.commit(group({ alerts: more }));
    await commit(...alerts.slice(0, 2));
    first.wake();
    await gate.entered.promise;
    const looked = b.duties.next();
    second.wake();
    await looked;
    expect(delivered).toEqual([]);
    const done = a.duties.next();
    gate.open.resolve();
    await done;
    await commit(alerts[2]!);
    second.wake();
    await until(() => delivered.length >= 3, { limitMs: 10_000, what: 'the third' });
    expect(delivered.map((key) => key.split(':')[0])).toEqual(alerts.map(({ id }) => id));
    const counted = async () => (await b.store.forwarding.targets())[0]?.cursor === 3;
    await until(counted, { limitMs: 10_000, what: 'the third to be counted' });
    const [target] = await b.store.forwarding.targets();
    expect(target).toMatchObject({ delivered: 3, missed: 0 });

    await died('forwarding of alerts to siem');
    await commit(makeAlert());
    const refused = b.duties.next();
    second.wake();
    await refused;
    expect(delivered).toHaveLength(3);
    await lapse();
    second.wake();
    await until(() => delivered.length === 4, { limitMs: 10_000, what: 'the fourth' });
  });

  it('one fetches a feed, and one holds what is stored against it, and one goes on where another died', async () => {
    const jobs = new IntelJobs();
    const nowUs = () => START_US + 3_600_000_000;
    const fetches: string[] = [];
    const hits: Detection[] = [];
    const gate = new Gate();
    await using stack = new AsyncDisposableStack();
    const libraryOf = ({ store }: Side, retroAdded = () => {}) =>
      IntelLibrary.load({ records: store.intel, jobs, nowUs, retroDays: 1, useIndex: async () => {}, retroAdded });
    const libraries = [await libraryOf(a), await libraryOf(b)];
    const feed = async (at: Side, library: IntelLibrary, wait = async () => {}) =>
      stack.use(
        await FeedSchedule.start({
          library,
          sources: [{ name: 'list', url: 'https://feed.example/list', everySeconds: 3_600, insecure: false }],
          fetch: async ({ url }) => {
            fetches.push(url);
            await wait();
            return { bytes: Buffer.from('10.0.0.5\n'), etag: '', lastModified: '' };
          },
          duties: at.duties,
          nowUs,
          by: COLLECTOR_ACTOR,
          imported: () => {},
          failing: () => {},
          failed,
        }),
      );
    await feed(a, libraries[0]!, () => gate.pass());
    await gate.entered.promise;
    await feed(b, libraries[1]!);
    await b.duties.next();
    expect(fetches).toHaveLength(1);
    gate.open.resolve();
    await a.duties.next();
    // In memory it is still due here.
    await b.duties.next();
    expect(fetches).toHaveLength(1);
    expect(await b.store.intel.runs(10)).toHaveLength(1);

    const retro = (at: Side, library: IntelLibrary) =>
      stack.use(
        new RetroMatch({
          records: at.store.intel,
          jobs,
          store: at.store,
          index: () => library.index,
          takeIn: () => library.takeIn(),
          report: async (detections) => void hits.push(...detections),
          duties: at.duties,
          nowUs,
          failed,
        }),
      );
    await died('stored events');
    const second = retro(b, libraries[1]!);
    const refused = b.duties.next();
    second.wake();
    await refused;
    expect(hits).toEqual([]);
    await lapse();
    const first = retro(a, libraries[0]!);
    first.wake();
    second.wake();
    const isDone = async () => (await a.store.intel.retroJobs(1))[0]?.state === 'done';
    await until(isDone, { limitMs: 10_000, what: 'what is stored to be held against it' });
    expect((await a.store.intel.retroJobs(1))[0]).toMatchObject({ hits: hits.length });
    expect(new Set(hits.map((hit) => JSON.stringify(hit.events)))).toHaveProperty('size', hits.length);
    expect(hits.length).toBeGreaterThan(0);
  });

  it('one trains, and the other says that it is busy, and trains nothing that is trained already', async () => {
    const root = mkdtempSync(join(tmpdir(), 'threatguard-duties-'));
    const gate = new Gate();
    let trained = 0;
    const other: OtherModel = {
      name: 'triage',
      featuresVersion: 1,
      due: async () => trained === 0,
      train: async () => {
        trained++;
        await gate.pass();
        return {
          body: Buffer.from('body'),
          card: { features: [], data: { fromUs: 0, toUs: 0, rows: {} }, parameters: {}, metrics: {} },
        };
      },
      objection: () => undefined,
      use: async () => {},
      evaluate: async () => [],
    };
    const privateKey = createPrivateKey(
      generateKeyPairSync('ml-dsa-65').privateKey.export({ format: 'pem', type: 'pkcs8' }),
    );
    const registry = ({ store, duties }: Side) => {
      const signer = () => ({ privateKey, certificate: { raw: Buffer.from('certificate') } });
      const parts = { directory: join(root, 'models'), store, duties, signer, others: [other], shared: true };
      const all = { ...parts, alertsPerHostDay: 1, seed: 1, nowUs: () => START_US };
      return ModelRegistry.load(all as unknown as RegistryParts, failed);
    };
    const quietly = { progress: () => undefined, signal: new AbortController().signal };
    try {
      const [first, second] = [await registry(a), await registry(b)];
      const training = first.train('triage', quietly);
      await gate.entered.promise;
      await expect(second.train('triage', quietly)).rejects.toMatchObject({ code: 'busy' });
      gate.open.resolve();
      expect(await training).toMatchObject({ version: 1, state: 'active' });
      const wanted = async () => (await second.othersDue()).includes('triage');
      await expect(second.train('triage', { ...quietly, wanted })).rejects.toMatchObject({ code: 'busy' });
      expect(trained).toBe(1);
      expect(await second.train('triage', quietly)).toMatchObject({ version: 2 });
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  it('one says that an agent is silent', async () => {
    const agent = makeAgent({ lastSeenAtUs: START_US });
    const said: string[] = [];
    let nowUs = START_US;
    const attend = ({ duties }: Side) =>
      new Attendance({
        fleet: { agents: () => [agent] } as never,
        presence: new Presence(),
        silentAfterUs: 1_000_000,
        nowUs: () => nowUs,
        silent: ({ id }) => void said.push(id),
        duties,
        clockOff: () => {},
        failed,
      });
    using _first = attend(a);
    using _second = attend(b);
    nowUs += 10_000_000;
    await Promise.all([a.duties.next(), b.duties.next()]);
    expect(said).toEqual([agent.id]);
  });

  it('one signs the hourly head of the tree', async () => {
    const signed: number[] = [];
    const { privateKey } = generateKeyPairSync('ml-dsa-65');
    const gate = new Gate();
    const keep = ({ store, duties }: Side, wait = async () => {}) => {
      const { evidence: kept } = store;
      const evidence = {
        heads: (limit: number) => kept.heads(limit),
        recordEnvelopes: async (...args: Parameters<typeof kept.recordEnvelopes>) => {
          await wait();
          return kept.recordEnvelopes(...args);
        },
        recordIdle: (...args: Parameters<typeof kept.recordIdle>) => kept.recordIdle(...args),
        addHead: (...args: Parameters<typeof kept.addHead>) => kept.addHead(...args),
      } as unknown as typeof kept;
      const signer = () =>
        ({ privateKey, signingKeyId: new Uint8Array(32), certificate: { raw: Buffer.from('certificate') } }) as never;
      const told = ({ number }: CheckedTreeHead) => void signed.push(number);
      return TreeKeeper.start({ evidence, signer, duties, nowUs: () => START_US, signed: told, failed });
    };
    const looked = b.duties.next();
    const done = a.duties.next();
    await using _first = keep(a, () => gate.pass());
    await gate.entered.promise;
    await using _second = keep(b);
    await looked;
    gate.open.resolve();
    await done;
    expect(signed).toHaveLength(1);
  });
});
