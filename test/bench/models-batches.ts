// How long a batch takes of each model that has an ONNX form, by onnxruntime and by our own code, on the same rows: as the last week is
// scored when a model is judged. One thread; wall time, as somebody waits for it.
import { FEATURE_COUNT } from '../../collector/src/detect/behaviour/features.ts';
import { scoreReconstruction, trainAutoencoder } from '../../collector/src/detect/models/autoencoder.ts';
import { applyBins, learnBins } from '../../collector/src/detect/models/binned-table.ts';
import { classifyByBoosting, trainBoosting } from '../../collector/src/detect/models/boosted-trees.ts';
import { growIsolationForest, scoreIsolation } from '../../collector/src/detect/models/isolation-forest.ts';
import { logProbabilities, makeLstm } from '../../collector/src/detect/models/lstm.ts';
import type { Matrix } from '../../collector/src/detect/models/matrix.ts';
import { exportAutoencoder } from '../../collector/src/detect/models/onnx/export-autoencoder.ts';
import { exportIsolationForest } from '../../collector/src/detect/models/onnx/export-isolation-forest.ts';
import { exportLstm } from '../../collector/src/detect/models/onnx/export-lstm.ts';
import { exportBoosting, exportForest, valuesOf } from '../../collector/src/detect/models/onnx/export-trees.ts';
import { BATCH_ROWS, OnnxModel } from '../../collector/src/detect/models/onnx/session.ts';
import { Random } from '../../collector/src/detect/models/random.ts';
import { classifyByForest, growForest } from '../../collector/src/detect/models/random-forest.ts';
import { columnsOf } from './models-algorithms.ts';
import { classes, dependent } from './models-data.ts';
import { percentile, printFigure, round } from './report.ts';

const ROWS = 4_096;
const TRIAGE_COLUMNS = 20;
/** Pieces of sequences of a batch, as long as they get, over as many tokens as the network tells apart. */
const PIECES = 64;
const PIECE_TOKENS = 64;
const NETWORK = { tokens: 257, inputs: 16, hidden: 32 };
const TURNS = 40;
const OWN_TURNS = 5;

interface Contest {
  name: string;
  unit: 'row' | 'token';
  units: number;
  /** Both give the same scores. */
  onnx: (model: OnnxModel) => Promise<ArrayLike<number>>;
  own: () => ArrayLike<number>;
  bytes: Uint8Array;
}

/** Prints each; `batchMs95` is that of the slowest model, `batches` all of them by name. */
export async function reportBatches(): Promise<Record<string, unknown>> {
  const batches: Record<string, Record<string, number>> = {};
  for (const { name, unit, units, onnx, own, bytes } of contests()) {
    await using model = await OnnxModel.load(bytes);
    const apart = furthest(await onnx(model), own());
    const onnxMs: number[] = [];
    for (let turn = 0; turn < TURNS; turn++) onnxMs.push(await wallMs(() => onnx(model)));
    const ownMs: number[] = [];
    for (let turn = 0; turn < OWN_TURNS; turn++) ownMs.push(await wallMs(own));
    const [ms50, ms95] = [round(percentile(onnxMs, 0.5)), round(percentile(onnxMs, 0.95))];
    const micros = (samples: readonly number[]) => round((percentile(samples, 0.5) * 1000) / units, 3);
    const [unitMicros, ownUnitMicros] = [micros(onnxMs), micros(ownMs)];
    batches[name] = { units, ms50, ms95, unitMicros, ownUnitMicros, apart };
    const each = `a ${unit} ${unitMicros} µs, by our own code ${ownUnitMicros} µs, apart ${apart.toExponential(1)}`;
    printFigure(`batch of ${units} ${unit}s: ${name}`, `p50 ${ms50} ms   p95 ${ms95} ms   ${each}`);
  }
  const batchMs95 = Math.max(...Object.values(batches).map(({ ms95 }) => ms95!));
  return { batchRows: ROWS, batchRowsAtOnce: BATCH_ROWS, batchMs95, batches };
}

function contests(): Contest[] {
  const { data } = dependent(21, 20_000, FEATURE_COUNT);
  const rows: Matrix = { rows: ROWS, columns: FEATURE_COUNT, values: data.values.slice(0, ROWS * FEATURE_COUNT) };
  const forest = growIsolationForest(data, { seed: 1 });
  const part = { rows: 4_000, columns: FEATURE_COUNT, values: data.values.slice(0, 4_000 * FEATURE_COUNT) };
  const autoencoder = trainAutoencoder(part, { seed: 1 });
  const hours = { unit: 'row', units: ROWS, onnx: (model: OnnxModel) => model.scoreRows(rows, 'score') } as const;
  return [
    {
      name: 'isolation forest',
      ...hours,
      own: () => scoreIsolation(forest, rows),
      bytes: exportIsolationForest(forest),
    },
    {
      name: 'autoencoder',
      ...hours,
      own: () => scoreReconstruction(autoencoder, rows),
      bytes: exportAutoencoder(autoencoder),
    },
    ...triage(),
    sequences(),
  ];
}

/** The models of verdicts, on as many columns. */
function triage(): Contest[] {
  const { data, labels } = classes(22, ROWS, TRIAGE_COLUMNS, 2);
  const columns = columnsOf(data);
  const learned = learnBins(columns);
  const table = applyBins(learned, columns, ROWS);
  const forest = growForest(table, labels, { classes: 2, seed: 1, trees: 100 });
  const boosted = trainBoosting(table, labels, { classes: 2, seed: 1 });
  const rows: Matrix = { rows: ROWS, columns: TRIAGE_COLUMNS, values: valuesOf(learned, columns, ROWS) };
  const both = {
    unit: 'row',
    units: ROWS,
    onnx: (model: OnnxModel) => model.scoreRows(rows, 'probabilities'),
  } as const;
  const binned = () => applyBins(learned, columns, ROWS);
  return [
    {
      name: 'random forest',
      ...both,
      own: () => classifyByForest(forest, binned()),
      bytes: exportForest(forest, learned),
    },
    {
      name: 'boosted trees',
      ...both,
      own: () => classifyByBoosting(boosted, binned()),
      bytes: exportBoosting(boosted, learned),
    },
  ];
}

function sequences(): Contest {
  const random = new Random(23);
  const network = makeLstm(NETWORK, random);
  const pieces = Array.from({ length: PIECES }, () =>
    Uint16Array.from({ length: PIECE_TOKENS + 1 }, () => random.integer(NETWORK.tokens)),
  );
  return {
    name: `LSTM, ${PIECES} pieces`,
    unit: 'token',
    units: PIECES * PIECE_TOKENS,
    onnx: async (model) => (await model.scoreSequences(pieces)).flatMap((logs) => [...logs]),
    own: () => pieces.flatMap((piece) => [...logProbabilities(network, piece)]),
    bytes: exportLstm(network),
  };
}

function furthest(found: ArrayLike<number>, own: ArrayLike<number>): number {
  let most = 0;
  for (let at = 0; at < own.length; at++) {
    most = Math.max(most, Math.abs(found[at]! - own[at]!) / Math.max(1, Math.abs(own[at]!)));
  }
  return most;
}

async function wallMs(run: () => unknown): Promise<number> {
  const startedMs = performance.now();
  await run();
  return performance.now() - startedMs;
}
