import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { activeProvider } from '@threatguard/proto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FEATURE_COUNT } from '../../collector/src/detect/behaviour/features.ts';
import { HourGathering, packHours, unpackHours } from '../../collector/src/detect/behaviour/hour-rows.ts';
import { LAYOUT } from '../../collector/src/detect/behaviour/profile.ts';
import { voteOf } from '../../collector/src/detect/behaviour/trained/voters.ts';
import { exfiltration, FIRST_HOUR, HOSTS, HOURS, hourOf, ModelHours, quietly } from '../support/model-hours.ts';

const by = { kind: 'console', id: 'test', from: '127.0.0.1:1' } as const;

let made: ModelHours;
const registry: ModelHours['registry'] = (...parts) => made.registry(...parts);

beforeAll(async () => {
  made = await ModelHours.open();
});

afterAll(() => made?.[Symbol.asyncDispose]());

beforeEach(() => made.clear());

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
    const { store } = made;
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
    const { rows } = await made.store.audit(1, '');
    expect(rows[0]).toMatchObject({ action: 'model.activated', by: { id: 'test' }, before: '{"version":2}' });
    await expect(models.rollback('autoencoder', by)).rejects.toMatchObject({ code: 'unknown' });
  });

  describe('at a second collector of the store', () => {
    const elsewhere = () => mkdtempSync(join(made.directory, 'second-'));
    const shared = (directory = made.directory, refused?: Parameters<ModelHours['registry']>[1]) =>
      made.registry({ shared: true, directory }, refused);
    const inUse = (models: Awaited<ReturnType<typeof shared>>) => models.active.get('isolation-forest')?.version;

    it('is in use as soon as it looks, and gives way to the one before with a rollback', async () => {
      const [first, second] = [await shared(), await shared(elsewhere())];
      for (let version = 1; version <= 2; version++) {
        await first.train('isolation-forest', quietly());
        await second.takeIn(() => undefined);
        expect(inUse(second)).toBe(version);
      }
      await first.rollback('isolation-forest', by);
      await second.takeIn(() => undefined);
      expect(inUse(second)).toBe(1);
      expect(inUse(await shared(elsewhere()))).toBe(1);
    });

    it('is taken from the store where another one lies under its name', async () => {
      const first = await shared();
      await first.train('isolation-forest', quietly());
      const directory = elsewhere();
      writeFileSync(join(directory, 'isolation-forest-1.tgmodel'), 'something else');
      expect(inUse(await shared(directory))).toBe(1);
    });

    it('is not believed where the store gives another file, and stays in use at the first', async () => {
      await (await shared()).train('isolation-forest', quietly());
      const bytes = Buffer.from((await made.store.models.file({ name: 'isolation-forest', version: 1 }))!);
      bytes[bytes.length - 9]! ^= 1;
      const { models } = made.store;
      const altered = { list: () => models.list(), file: async () => bytes, keepFile: async () => undefined };
      const refusals: string[] = [];
      const store = { models: altered, behaviour: made.store.behaviour } as never;
      const second = await made.registry({ shared: true, directory: elsewhere(), store }, (_, why) =>
        refusals.push(why),
      );
      expect([inUse(second), refusals]).toEqual([undefined, [expect.stringMatching('not what its card describes')]]);
      expect((await models.list())[0]).toMatchObject({ state: 'active' });
    });
  });

  it('leaves nothing when its training is cancelled, and another may be trained then', async () => {
    const models = await registry();
    const stop = new AbortController();
    const cancelled = models.train('isolation-forest', { progress: () => stop.abort(), signal: stop.signal });
    await expect(models.train('isolation-forest', quietly())).rejects.toMatchObject({ code: 'busy' });
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
    expect(await models.list()).toEqual([]);
    expect(readdirSync(made.directory)).toEqual([]);
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
    writeFileSync(made.file, change(readFileSync(made.file)));
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
      join(made.directory, 'isolation-forest-2.tgmodel'),
      readFileSync(join(made.directory, 'isolation-forest-1.tgmodel')),
    );
    await registry({}, (_record, reason) => told.push(reason));
    expect(told[1]).toMatch(/this file is isolation-forest 1, not isolation-forest 2/);
  });
});
