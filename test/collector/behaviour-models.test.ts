import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { activeProvider } from '@threatguard/proto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FEATURE_COUNT } from '../../collector/src/detect/behaviour/features.ts';
import { HourGathering, packHours, unpackHours } from '../../collector/src/detect/behaviour/hour-rows.ts';
import { LAYOUT, Profile } from '../../collector/src/detect/behaviour/profile.ts';
import { ModelRegistry, type RegistryParts } from '../../collector/src/detect/behaviour/trained/registry.ts';
import { voteOf } from '../../collector/src/detect/behaviour/trained/voters.ts';
import { Random } from '../../collector/src/detect/models/random.ts';
import type { ModelRecord } from '../../collector/src/store/behaviour-store.ts';
import { openStore } from '../../collector/src/store/open.ts';
import type { Store } from '../../collector/src/store/store.ts';
import { emptyPglite } from '../support/pglite.ts';

const FIRST_HOUR = 490_000;
const HOURS = 21 * 24;
const HOSTS = 5;
const NOW_US = (FIRST_HOUR + HOURS) * 3_600_000_000;
const by = { kind: 'console', id: 'test', from: '127.0.0.1:1' } as const;
const keys = activeProvider().generate('ML-DSA-65');

let root: string;
let store: Store;
let directory: string;

/** The hour of a host: a few programs and connections, or what `change` makes of it. */
function hourOf(host: number, hour: number, change: (values: Float32Array) => void = () => undefined): Profile {
  const random = new Random(host * 100_000 + hour);
  const profile = new Profile({ kind: 'host', name: `host-${host}`, hash: host + 1 }, FIRST_HOUR + hour);
  const values = profile.numbers.subarray(LAYOUT.window, LAYOUT.window + FEATURE_COUNT);
  for (const feature of [0, 5, 6, 8, 9, 11, 12]) values[feature] = Math.exp(2 + feature / 3 + 0.3 * random.normal());
  change(values);
  return profile;
}

/** Much more of everything, and of what it never had. */
const exfiltration = (values: Float32Array) => {
  for (let feature = 0; feature < FEATURE_COUNT; feature++) values[feature] = 100 * values[feature]! + 50;
};

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'threatguard-models-'));
  (await emptyPglite())(join(root, 'store'));
  store = await openStore({ url: undefined, directory: join(root, 'store') });
  const gathering = new HourGathering();
  for (let hour = 0; hour < HOURS; hour++) {
    for (let host = 0; host < HOSTS; host++) gathering.add(hourOf(host, hour));
    if (hour % 24 !== 23) continue;
    const hours = await Promise.all(gathering.take().map(packHours));
    await store.behaviour.save({ atUs: NOW_US, parts: [], hours });
  }
});

afterAll(async () => {
  await store?.[Symbol.asyncDispose]();
  rmSync(root, { recursive: true, force: true });
});

beforeEach(async () => {
  directory = mkdtempSync(join(root, 'models-'));
  for (const { name, version } of await store.models.list()) await store.models.remove(name, version);
});

function registry(
  change: Partial<RegistryParts> = {},
  refused: (record: ModelRecord, why: string) => void = () => undefined,
): Promise<ModelRegistry> {
  const signer = { privateKey: keys.privateKey, certificate: { raw: Buffer.from('certificate') } };
  const parts = {
    directory,
    store,
    alertsPerHostDay: 1,
    seed: 1,
    nowUs: () => NOW_US,
    signer: () => signer,
    ...change,
  };
  return ModelRegistry.load(parts as unknown as RegistryParts, refused);
}

const quietly = () => ({ progress: () => undefined, signal: new AbortController().signal });
const modelFile = () => join(directory, readdirSync(directory)[0]!);

describe('hours in the store', () => {
  it('are what they were, and a block that is shorter than it says is refused', async () => {
    const gathering = new HourGathering();
    gathering.add(hourOf(1, 7, exfiltration));
    const [block] = await Promise.all(gathering.take().map(packHours));
    const rows = await unpackHours(block!);
    expect([rows.entities[0], rows.hours[0], rows.features[11]]).toEqual([
      2,
      FIRST_HOUR + 7,
      expect.closeTo(100 * hourOf(1, 7).numbers[LAYOUT.window + 11]! + 50, -2),
    ]);
    await expect(unpackHours({ ...block!, hours: 2 })).rejects.toThrow('another length');
  });
});

describe('a trained model', () => {
  it('is in use when the last week would not have had more alerts than the budget allows, with a card that says so', async () => {
    const models = await registry();
    const phases: string[] = [];
    const record = await models.train('isolation-forest', {
      ...quietly(),
      progress: ({ phase }) => phases.push(phase),
    });
    expect([...new Set(phases)]).toEqual(['reading', 'training', 'evaluating', 'saved']);
    expect(record).toMatchObject({ version: 1, state: 'active' });
    const card = JSON.parse(record.card);
    expect(card).toMatchObject({ name: 'isolation-forest', data: { rows: { host: 14 * 24 * HOSTS } }, seed: 1 });
    expect(card.features).toHaveLength(FEATURE_COUNT);
    expect(card.metrics.alertsLastWeek).toBeLessThanOrEqual(card.metrics.alertsAllowed);
    const ordinary = voteOf(models.active.values(), hourOf(2, 5));
    const odd = voteOf(models.active.values(), hourOf(2, 5, exfiltration));
    expect(ordinary[0]!.surprise!).toBeLessThan(1.5);
    expect(odd[0]!.surprise!).toBeGreaterThan(2.5);
  });

  it('is the same again from the same hours and seed', async () => {
    const models = await registry();
    const first = await models.train('isolation-forest', quietly());
    const second = await models.train('isolation-forest', quietly());
    expect(second.version).toBe(2);
    expect(Buffer.from(second.digest)).toEqual(Buffer.from(first.digest));
  });

  it('stays out of use where it would raise more alerts than the budget allows, unless that is forced', async () => {
    const week = HOURS - 1;
    const gathering = new HourGathering();
    for (let host = 0; host < HOSTS; host++) gathering.add(hourOf(host, week, exfiltration));
    const [block] = await Promise.all(gathering.take().map(packHours));
    const odd = {
      ...store.behaviour,
      hoursStored: () => store.behaviour.hoursStored(),
      hoursSpan: () => store.behaviour.hoursSpan(),
      async *hours(kind: number, fromUs: number) {
        yield* store.behaviour.hours(kind, fromUs);
        if (kind === block!.kind) yield block!;
      },
    };
    const models = await registry({ store: { models: store.models, behaviour: odd as never }, alertsPerHostDay: 0.02 });
    const record = await models.train('isolation-forest', quietly());
    expect(record).toMatchObject({ state: 'ready', notice: expect.stringMatching(/would have raised \d+ alerts/) });
    expect(models.active.size).toBe(0);
    const activate = (force: boolean) => models.activate('isolation-forest', 1, { force, by });
    await expect(activate(false)).rejects.toMatchObject({ code: 'over_budget' });
    expect(await activate(true)).toMatchObject({ state: 'active' });
  });

  it('goes back to the version before, and both acts are in the audit log', async () => {
    const models = await registry();
    for (let version = 1; version <= 2; version++) await models.train('isolation-forest', quietly());
    expect(await models.rollback('isolation-forest', by)).toMatchObject({ version: 1, state: 'active' });
    expect(models.active.get('isolation-forest')!.version).toBe(1);
    const { rows } = await store.audit(1, '');
    expect(rows[0]).toMatchObject({ action: 'model.activated', by: { id: 'test' }, before: '{"version":2}' });
    await expect(models.rollback('autoencoder', by)).rejects.toMatchObject({ code: 'unknown' });
  });

  it('leaves nothing when its training is cancelled, and another may be trained then', async () => {
    const models = await registry();
    const stop = new AbortController();
    const cancelled = models.train('isolation-forest', { progress: () => stop.abort(), signal: stop.signal });
    await expect(models.train('isolation-forest', quietly())).rejects.toMatchObject({ code: 'busy' });
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
    expect(await models.list()).toEqual([]);
    expect(readdirSync(directory)).toEqual([]);
    expect(await models.train('isolation-forest', quietly())).toMatchObject({ version: 1 });
  });
});

describe('a model file that is not what was signed', () => {
  const flip = (at: (bytes: Buffer) => number) => (bytes: Buffer) => {
    bytes[at(bytes)]! ^= 1;
    return bytes;
  };
  const cases: [string, (bytes: Buffer) => Buffer, RegExp][] = [
    ['in its body', flip((bytes) => bytes.length - 9), /not what its card describes/],
    ['in its card', flip(() => 40), /not signed by this collector/],
    ['in its length', (bytes) => bytes.subarray(0, -1), /cut short/],
    ['beyond its end', (bytes) => Buffer.concat([bytes, Buffer.of(0)]), /more than a model/],
    ['in its kind', flip(() => 0), /no model file/],
  ];

  it.each(cases)('is refused at the next start: %s', async (_, change, why) => {
    await (await registry()).train('isolation-forest', quietly());
    writeFileSync(modelFile(), change(readFileSync(modelFile())));
    const told: string[] = [];
    const models = await registry({}, (_record, reason) => told.push(reason));
    expect(told).toEqual([expect.stringMatching(why)]);
    expect(models.active.size).toBe(0);
    expect(await models.list()).toMatchObject([{ state: 'refused', notice: expect.stringMatching(why) }]);
  });

  it('is refused where another collector signed it, or it is another version', async () => {
    const others = activeProvider().generate('ML-DSA-65');
    await (await registry()).train('isolation-forest', quietly());
    const told: string[] = [];
    const signer = { privateKey: others.privateKey, certificate: { raw: Buffer.from('other') } };
    await registry({ signer: () => signer as never }, (_record, reason) => told.push(reason));
    expect(told).toEqual([expect.stringMatching(/not signed by this collector/)]);
    const models = await registry();
    await models.train('isolation-forest', quietly());
    writeFileSync(
      join(directory, 'isolation-forest-2.tgmodel'),
      readFileSync(join(directory, 'isolation-forest-1.tgmodel')),
    );
    await registry({}, (_record, reason) => told.push(reason));
    expect(told[1]).toMatch(/this file is isolation-forest 1, not isolation-forest 2/);
  });
});
