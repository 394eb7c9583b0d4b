import { spawnSync } from 'node:child_process';
import onnxProto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import {
  reconstructionErrors,
  scoreReconstruction,
  trainAutoencoder,
} from '../../collector/src/detect/models/autoencoder.ts';
import { applyBins, learnBins, type RawColumn } from '../../collector/src/detect/models/binned-table.ts';
import { classifyByBoosting, trainBoosting } from '../../collector/src/detect/models/boosted-trees.ts';
import { importXgboost } from '../../collector/src/detect/models/import-xgboost.ts';
import { growIsolationForest, scoreIsolation } from '../../collector/src/detect/models/isolation-forest.ts';
import { emptyState, type Lstm, makeLstm, predictNext, readToken } from '../../collector/src/detect/models/lstm.ts';
import type { Matrix } from '../../collector/src/detect/models/matrix.ts';
import { exportAutoencoder } from '../../collector/src/detect/models/onnx/export-autoencoder.ts';
import { exportIsolationForest } from '../../collector/src/detect/models/onnx/export-isolation-forest.ts';
import { exportLstm } from '../../collector/src/detect/models/onnx/export-lstm.ts';
import { exportBoosting, exportForest, valuesOf } from '../../collector/src/detect/models/onnx/export-trees.ts';
import { exportXgboost } from '../../collector/src/detect/models/onnx/export-xgboost.ts';
import { OnnxModel } from '../../collector/src/detect/models/onnx/session.ts';
import { Random } from '../../collector/src/detect/models/random.ts';
import { classifyByForest, growForest } from '../../collector/src/detect/models/random-forest.ts';
import { predictXgboost } from '../../collector/src/detect/models/xgboost.ts';
import { xgboostModel } from '../support/xgboost-model.ts';

const CLOSE = 1e-5;

function furthest(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  expect(found.length).toBe(wanted.length);
  let most = 0;
  for (let at = 0; at < found.length; at++) {
    const off = Math.abs(found[at]! - wanted[at]!);
    if (!(off <= most)) most = off;
  }
  return most;
}

/** Numbers of any size, a tenth missing. */
function rowsOf(random: Random, rows: number, columns: number, size = 1): Matrix {
  const values = Float64Array.from({ length: rows * columns }, () =>
    random.uniform() < 0.1 ? Number.NaN : random.normal() * size,
  );
  return { rows, columns, values };
}

/** Numbers, categories and gaps, with classes that depend on them. */
function labelled(random: Random, rows: number, classes: number) {
  const texts = ['a', 'b', 'c', 'd', 'e', 'f', 'g', undefined];
  const x = Float64Array.from({ length: rows }, () => (random.uniform() < 0.1 ? Number.NaN : random.normal() * 1e6));
  const verb = Array.from({ length: rows }, () => texts[random.integer(texts.length)]);
  const y = Float64Array.from({ length: rows }, () => random.integer(5));
  const columns: RawColumn[] = [
    { kind: 'number', name: 'x', values: x },
    { kind: 'category', name: 'verb', values: verb },
    { kind: 'number', name: 'y', values: y },
  ];
  const labels = Uint16Array.from(y, (value, row) => {
    const known = (x[row]! > 0 ? 1 : 0) + (['a', 'd', 'g'].includes(verb[row] ?? '') ? 1 : 0) + value;
    return (random.uniform() < 0.1 ? random.integer(classes) : known) % classes;
  });
  return { columns, labels };
}

describe.each([1, 2, 3])('a model scored by onnxruntime is the trained one (seed %i)', (seed) => {
  const random = new Random(seed);

  it('isolation forest', async () => {
    const forest = growIsolationForest(rowsOf(random, 500, 6, 1e6), { seed });
    const rows = rowsOf(random, 5_000, 6, 2e6);
    await using model = await OnnxModel.load(exportIsolationForest(forest));
    expect(furthest(await model.scoreRows(rows, 'score'), scoreIsolation(forest, rows))).toBeLessThan(CLOSE);
  });

  it.each([2, 4])('random forest and boosted trees of %i classes', async (classes) => {
    const train = labelled(random, 300, classes);
    const learned = learnBins(train.columns);
    const table = applyBins(learned, train.columns, 300);
    const other = labelled(random, 400, classes);
    const rows: Matrix = { rows: 400, columns: 3, values: valuesOf(learned, other.columns, 400) };
    const otherTable = applyBins(learned, other.columns, 400);
    const forest = growForest(table, train.labels, { classes, seed, trees: 20 });
    await using forestModel = await OnnxModel.load(exportForest(forest, learned));
    const shares = await forestModel.scoreRows(rows, 'probabilities');
    expect(furthest(shares, classifyByForest(forest, otherTable))).toBeLessThan(CLOSE);
    const boosted = trainBoosting(table, train.labels, { classes, seed, rounds: 15 });
    await using boostedModel = await OnnxModel.load(exportBoosting(boosted, learned));
    const boostedShares = await boostedModel.scoreRows(rows, 'probabilities');
    expect(furthest(boostedShares, classifyByBoosting(boosted, otherTable))).toBeLessThan(CLOSE);
  });

  it.each([true, false])('autoencoder, the score and how far each column is off; whitened: %s', async (whitened) => {
    const { whitening, ...plain } = trainAutoencoder(rowsOf(random, 200, 5, 1e3), { seed, whitened: true });
    const trained = whitened ? { ...plain, whitening } : plain;
    const rows = rowsOf(random, 300, 5, 2e3);
    await using model = await OnnxModel.load(exportAutoencoder(trained));
    expect(furthest(await model.scoreRows(rows, 'score'), scoreReconstruction(trained, rows))).toBeLessThan(CLOSE);
    const errors = reconstructionErrors(trained, rows).values;
    expect(furthest(await model.scoreRows(rows, 'errors'), errors)).toBeLessThan(CLOSE);
  });

  it('LSTM, over sequences of any length at once', async () => {
    const network = makeLstm({ tokens: 12, inputs: 5, hidden: 7 }, random);
    for (let at = 0; at < network.parameters.length; at++) network.parameters[at]! *= 2;
    const sequences = [0, 1, 2, 9, 60].map((length) => Uint16Array.from({ length }, () => random.integer(12)));
    await using model = await OnnxModel.load(exportLstm(network));
    (await model.scoreSequences(sequences)).forEach((found, which) => {
      expect(furthest(found, logProbabilities(network, sequences[which]!))).toBeLessThan(CLOSE);
    });
  });

  it('a model of XGBoost', async () => {
    const imported = importXgboost(JSON.stringify(xgboostModel()));
    const rows = rowsOf(random, 100, 2);
    for (let row = 0; row < 100; row++) rows.values[row * 2 + 1] = row % 5 === 4 ? Number.NaN : row % 5;
    await using model = await OnnxModel.load(exportXgboost(imported));
    expect(furthest(await model.scoreRows(rows, 'predictions'), predictXgboost(imported, rows))).toBeLessThan(CLOSE);
  });
});

function logProbabilities(network: Lstm, sequence: Uint16Array): number[] {
  let state = emptyState(network);
  return Array.from(sequence.subarray(1), (next, at) => {
    state = readToken(network, sequence[at]!, state).after;
    return Math.log(predictNext(network, state)[next]!);
  });
}

describe('what is written', () => {
  const forest = growIsolationForest(rowsOf(new Random(4), 50, 3), { seed: 1, trees: 2 });
  const bytes = exportIsolationForest(forest, { digest: 'abc' });

  it('is a ModelProto to another reader, with versions, ports and metadata', () => {
    const model = onnxProto.onnx.ModelProto.decode(bytes);
    expect(onnxProto.onnx.ModelProto.verify(model)).toBeNull();
    expect(Number(model.irVersion)).toBe(8);
    expect(model.opsetImport.map(({ domain, version }) => [domain, Number(version)])).toEqual([
      ['', 16],
      ['ai.onnx.ml', 3],
    ]);
    expect(model.metadataProps.map(({ key, value }) => [key, value])).toEqual([['digest', 'abc']]);
    expect(model.graph?.input?.map(({ name }) => name)).toEqual(['rows']);
    expect(model.graph?.output?.map(({ name }) => name)).toEqual(['score']);
    const trees = model.graph?.node?.find(({ opType }) => opType === 'TreeEnsembleRegressor');
    expect(trees?.domain).toBe('ai.onnx.ml');
    const attribute = (name: string) => trees?.attribute?.find((each) => each.name === name);
    expect(attribute('nodes_treeids')?.ints?.length).toBe(forest.features.length);
    expect(attribute('n_targets')?.i?.toString()).toBe('1');
    expect(Buffer.from(attribute('aggregate_function')?.s ?? []).toString()).toBe('SUM');
    // Written again by the other, it is the same for onnxruntime as well.
    expect(onnxProto.onnx.ModelProto.encode(model).finish().length).toBeGreaterThan(1_000);
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['text', new TextEncoder().encode('not a model')],
    ['half of a model', bytes.subarray(0, bytes.length >> 1)],
  ])('is refused where it is %s', async (_, broken) => {
    await expect(OnnxModel.load(broken)).rejects.toMatchObject({ name: 'OnnxError', code: 'refused' });
  });

  it('does not take rows of another width, or give what it has not', async () => {
    await using model = await OnnxModel.load(bytes);
    const wide = rowsOf(new Random(1), 2, 4);
    await expect(model.scoreRows(wide, 'score')).rejects.toMatchObject({ code: 'mismatched' });
    const right = rowsOf(new Random(1), 2, 3);
    await expect(model.scoreRows(right, 'probabilities')).rejects.toMatchObject({ code: 'mismatched' });
    expect(await model.scoreRows({ rows: 0, columns: 3, values: new Float64Array(0) }, 'score')).toHaveLength(0);
  });

  it('is said to be out of reach where onnxruntime-node is not installed', () => {
    const absent = `import { registerHooks } from 'node:module';
      registerHooks({ resolve: (name, context, next) => {
        if (name === 'onnxruntime-node') throw new Error('not there');
        return next(name, context);
      } });`;
    const session = new URL('../../collector/src/detect/models/onnx/session.ts', import.meta.url);
    const program = `const { OnnxModel } = await import(${JSON.stringify(session.href)});
      await OnnxModel.load(new Uint8Array(1)).catch(({ code, message }) => console.log(code, message));`;
    const args = [
      '--import',
      `data:text/javascript,${encodeURIComponent(absent)}`,
      '--input-type=module',
      '-e',
      program,
    ];
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(stdout).toBe('unavailable onnxruntime-node is not installed for this machine: not there\n');
  });
});
