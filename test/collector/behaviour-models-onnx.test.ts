import { readFileSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import { sha256, signBytes } from '@threatguard/proto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FEATURE_COUNT } from '../../collector/src/detect/behaviour/features.ts';
import { hashText } from '../../collector/src/detect/behaviour/hash-text.ts';
import { PROGRAM } from '../../collector/src/detect/behaviour/sequences/families.ts';
import {
  type ActiveSequences,
  type SavedFamily,
  trainFamily,
} from '../../collector/src/detect/behaviour/sequences/sequence-scorer.ts';
import { openModel } from '../../collector/src/detect/behaviour/trained/kinds.ts';
import {
  encodeCard,
  encodeModelFile,
  type ModelCard,
} from '../../collector/src/detect/behaviour/trained/model-file.ts';
import { digestsOf, OnnxRuntime } from '../../collector/src/detect/behaviour/trained/onnx-models.ts';
import type { ModelRegistry } from '../../collector/src/detect/behaviour/trained/registry.ts';
import { type TrainedBody, trainKind } from '../../collector/src/detect/behaviour/trained/scorers.ts';
import { makeLstm } from '../../collector/src/detect/models/lstm.ts';
import { exportLstm } from '../../collector/src/detect/models/onnx/export-lstm.ts';
import { OnnxError, OnnxModel } from '../../collector/src/detect/models/onnx/session.ts';
import { Random } from '../../collector/src/detect/models/random.ts';
import { ModelHours, quietly } from '../support/model-hours.ts';

const by = { kind: 'console', id: 'test', from: '127.0.0.1:1' } as const;
const absent = async () => {
  throw new OnnxError('unavailable', 'onnxruntime-node is not installed for this machine: not there');
};

let made: ModelHours;

beforeAll(async () => {
  made = await ModelHours.open();
});

afterAll(() => made?.[Symbol.asyncDispose]());

beforeEach(() => made.clear());

/** The file of the only model with another body or card, signed by this collector and in the store as such. */
async function replace(change: (body: TrainedBody, card: ModelCard) => unknown): Promise<void> {
  const { models } = made.store;
  const record = (await models.list())[0]!;
  const bytes = readFileSync(made.file);
  const bodyAt = 8 + 4 + bytes.readUInt32LE(8);
  const trained = deserialize(bytes.subarray(bodyAt + 4 + bytes.readUInt32LE(bodyAt) + 4)) as TrainedBody;
  const card = JSON.parse(record.card) as ModelCard;
  change(trained, card);
  const body = serialize(trained);
  const encoded = encodeCard({ ...card, digest: sha256(body).toString('hex') });
  const signature = signBytes({ message: encoded, privateKey: made.keys.privateKey, purpose: 'model' });
  writeFileSync(made.file, encodeModelFile({ card: encoded, signature, body }));
  await models.remove(record.name, record.version);
  await models.add({ ...record, card: encoded.toString('utf8'), digest: sha256(body), signature }, 0, undefined);
  await models.activate(record, 0, undefined);
}

/** What a start says of the only model, and what is in use then. */
async function restart(): Promise<{ told: string[]; models: ModelRegistry }> {
  const told: string[] = [];
  return { told, models: await made.registry({}, (_, why) => told.push(why)) };
}

describe.each(['isolation-forest', 'autoencoder'] as const)('an %s', (name) => {
  it('has its ONNX form in its file and the digest of it on its card', async () => {
    const record = await (await made.registry()).train(name, quietly());
    const card = JSON.parse(record.card) as ModelCard;
    expect(card.parameters.batches).toBe('onnxruntime');
    expect(Object.keys(card.onnx!)).toEqual(['host']);
    await replace((body, { onnx }) => expect(sha256(body.host!.onnx!.model).toString('hex')).toBe(onnx!.host));
    expect((await restart()).told).toEqual([]);
  });

  it('is judged by the last week alike by onnxruntime and by its own code', async () => {
    let runs = 0;
    const load = async (bytes: Uint8Array) => {
      const model = await OnnxModel.load(bytes);
      const score = model.scoreRows.bind(model);
      return Object.assign(model, {
        scoreRows: (...parts: Parameters<typeof score>) => {
          runs++;
          return score(...parts);
        },
      });
    };
    const models = await made.registry({ onnx: { load }, alertsPerHostDay: 3 });
    await models.train(name, quietly());
    const ours = await made.registry({ onnx: { load: absent }, alertsPerHostDay: 3 });
    runs = 0;
    const { evaluation } = (await models.evaluate(name, 1)) as { evaluation: { unusual: number } };
    // The rows the file keeps, and then blocks of hours.
    expect(runs).toBeGreaterThan(1);
    expect(evaluation.unusual).toBeGreaterThan(0);
    expect(await ours.evaluate(name, 1)).toMatchObject({ evaluation });
  });

  it('is refused where its ONNX form is another model, though this collector signed it', async () => {
    await (await made.registry()).train(name, quietly());
    await replace((body, card) => {
      const other = trainKind(
        name,
        Float32Array.from({ length: FEATURE_COUNT * 400 }, (_, at) => (at * 7919) % 97),
        9,
      );
      body.host!.onnx = { ...body.host!.onnx!, model: other.onnx!.model };
      card.onnx = { host: sha256(other.onnx!.model).toString('hex') };
    });
    const { told, models } = await restart();
    expect(told).toEqual([expect.stringMatching(/ONNX form of this model \(host\) scores up to .* apart/)]);
    expect(models.active.size).toBe(0);
    expect(await models.list()).toMatchObject([{ state: 'refused', notice: expect.stringMatching(/apart/) }]);
    await expect(models.activate(name, 1, { force: true, by })).rejects.toMatchObject({ code: 'mismatch' });
  });
});

describe('the ONNX form of a model', () => {
  const cases: [string, (body: TrainedBody, card: ModelCard) => unknown, RegExp][] = [
    [
      'is not the one of its card',
      (_, card) => Object.assign(card.onnx!, { host: '00' }),
      /not what its card describes/,
    ],
    ['is missing', (body) => Object.assign(body.host!, { onnx: undefined }), /not what its card describes/],
    [
      'is no model',
      (body, card) => {
        body.host!.onnx!.model = new Uint8Array(9);
        card.onnx = { host: sha256(new Uint8Array(9)).toString('hex') };
      },
      /not a model that can be run/,
    ],
  ];
  it.each(cases)('is refused where it %s', async (_, change, why) => {
    await (await made.registry()).train('isolation-forest', quietly());
    await replace(change);
    expect((await restart()).told).toEqual([expect.stringMatching(why)]);
  });

  it('is refused with its file where a bit of it is another', async () => {
    await (await made.registry()).train('isolation-forest', quietly());
    const bytes = readFileSync(made.file);
    bytes[bytes.indexOf('TreeEnsembleRegressor') + 3]! ^= 1;
    writeFileSync(made.file, bytes);
    expect((await restart()).told).toEqual([expect.stringMatching(/not what its card describes/)]);
  });

  it('is none of local outlier factor, which says so on its card', async () => {
    const models = await made.registry();
    const card = JSON.parse((await models.train('local-outlier-factor', quietly())).card);
    expect(card).toMatchObject({ onnx: {}, parameters: { batches: 'own code, no ONNX form' } });
    expect(await models.evaluate('local-outlier-factor', 1)).toMatchObject({ evaluation: { hours: 7 * 24 * 5 } });
  });

  it('finds onnxruntime loaded, where that was asked for before there was a model', async () => {
    const loaded: number[] = [];
    const load = async (bytes: Uint8Array) => {
      loaded.push(bytes.length);
      return await OnnxModel.load(bytes);
    };
    const models = await made.registry({ onnx: { load } });
    await models.prepare();
    expect(loaded).toHaveLength(1);
  });

  it('is not missed where there is no onnxruntime: that is said once, and our own code scores', async () => {
    const told: string[] = [];
    const models = await made.registry({ onnx: { load: absent, unavailable: (why) => told.push(why) } });
    await models.prepare();
    await models.train('isolation-forest', quietly());
    await models.evaluate('isolation-forest', 1);
    expect(models.active.size).toBe(1);
    expect(told).toEqual([expect.stringMatching(/not installed for this machine/)]);
  });
});

describe('the network of sequences', () => {
  const random = new Random(3);
  /** What the first of them was comes again later, farther off than contexts see. */
  const flow = () => {
    const kind = random.integer(2);
    const step = (at: number) => (at % 6 === 5 ? `${kind} at ${at}` : `step ${random.integer(3)}`);
    return ['a person', ...Array.from({ length: 24 }, (_, at) => step(at))];
  };
  const program = trainFamily(Array.from({ length: 300 }, flow), 1);
  const open = (family: SavedFamily) => {
    const { model, forms } = openModel('sequences', 1, serialize({ program: family }));
    return {
      scorer: (model as ActiveSequences).scorer,
      forms,
      onnx: new OnnxRuntime({}).open(forms, digestsOf(forms)),
    };
  };

  it('says the same of pieces one by one, in batches, and in batches of onnxruntime', async () => {
    const { scorer, onnx } = open(program);
    await using models = await onnx;
    const pieces = [...Array.from({ length: 250 }, flow), ...Array.from({ length: 250 }, () => flow().reverse())];
    const each = pieces.map((piece) => scorer.rarity(PROGRAM, piece.map(hashText))!);
    expect(each.filter((rarity) => rarity > 1.5).length).toBeGreaterThan(100);
    expect([...(await scorer.rarities(PROGRAM, pieces))!]).toEqual(each);
    const read = (await scorer.rarities(PROGRAM, pieces, models.get('program')!))!;
    for (const [at, rarity] of each.entries()) expect(Math.abs(read[at]! - rarity)).toBeLessThan(1e-5);
  });

  it('is refused where its ONNX form is another network', async () => {
    const other = exportLstm(makeLstm(program.model.recurrent!.network, random));
    const { onnx } = open({ ...program, onnx: { ...program.onnx!, model: other } });
    await expect(onnx).rejects.toMatchObject({ code: 'mismatch', message: expect.stringMatching(/program.* apart/) });
  });
});
