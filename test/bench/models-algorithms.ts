// Each algorithm on generated data with known truth: how good it is, and how fast, beside scikit-learn where that is there.
import { scoreReconstruction, trainAutoencoder } from '../../collector/src/detect/models/autoencoder.ts';
import {
  applyBins,
  type BinnedTable,
  learnBins,
  type RawColumn,
} from '../../collector/src/detect/models/binned-table.ts';
import { classifyByBoosting, trainBoosting } from '../../collector/src/detect/models/boosted-trees.ts';
import { findClusters } from '../../collector/src/detect/models/dbscan.ts';
import { growIsolationForest, scoreIsolation } from '../../collector/src/detect/models/isolation-forest.ts';
import { learnDensities, scoreOutliers } from '../../collector/src/detect/models/local-outlier-factor.ts';
import { learnScale, type Matrix, standardise } from '../../collector/src/detect/models/matrix.ts';
import { classifyByForest, growForest } from '../../collector/src/detect/models/random-forest.ts';
import { scoreSequence, trainSequences } from '../../collector/src/detect/models/sequence-model.ts';
import { StreamScore } from '../../collector/src/detect/models/stream-score.ts';
import { findChangePoints } from '../../collector/src/lab/changepoints.ts';
import {
  callSequences,
  changing,
  classes,
  clusters,
  dependent,
  heavyTails,
  type Labelled,
  traffic,
} from './models-data.ts';
import { accuracy, averagePrecision, changePointF1, rocAuc } from './models-measures.ts';
import type { SklearnResult, SklearnTask } from './models-sklearn.ts';
import { mean, round } from './report.ts';

export interface Measured {
  rows: number;
  trainRowsPerS: number;
  scoreRowsPerS: number;
  quality: Record<string, number>;
}

/** One algorithm on one table, and the same for scikit-learn where it has it. */
export interface Comparison {
  name: string;
  run(): Measured & { seconds: number };
  task?: SklearnTask;
  judge?(result: SklearnResult): Record<string, number>;
}

const TREES = 100;

/** CPU time of this process so far, all its threads: what one core needs, however busy the machine is otherwise. */
function cpuS(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** CPU time of a training and a scoring, the better of two, as the first is compiled as well. */
function timed<M, R>(rows: { train: number; score: number }, train: () => M, score: (model: M) => R) {
  let best = { trainS: Number.POSITIVE_INFINITY, scoreS: Number.POSITIVE_INFINITY };
  let result!: R;
  for (let turn = 0; turn < 2; turn++) {
    const startedAt = cpuS();
    const model = train();
    const trainedAt = cpuS();
    result = score(model);
    const trainS = trainedAt - startedAt;
    const scoreS = cpuS() - trainedAt;
    if (trainS + scoreS < best.trainS + best.scoreS) best = { trainS, scoreS };
  }
  return {
    result,
    rows: rows.train || rows.score,
    trainRowsPerS: Math.round(rows.train / best.trainS),
    scoreRowsPerS: Math.round(rows.score / best.scoreS),
    seconds: best.trainS + best.scoreS,
  };
}

function anomalies(scores: ArrayLike<number>, labels: ArrayLike<number>): Record<string, number> {
  return { rocAuc: round(rocAuc(scores, labels), 4), averagePrecision: round(averagePrecision(scores, labels), 4) };
}

type Detector = (train: Matrix, score: Matrix) => { train: () => unknown; score: (model: never) => Float64Array };

const DETECTORS: Record<'isolation-forest' | 'lof' | 'autoencoder', Detector> = {
  'isolation-forest': (train, score) => ({
    train: () => growIsolationForest(train, { seed: 1 }),
    score: (model) => scoreIsolation(model, score),
  }),
  lof: (train, score) => ({
    train: () => learnDensities(train, { seed: 1 }),
    score: (model) => scoreOutliers(model, score),
  }),
  autoencoder: (train, score) => ({
    train: () => trainAutoencoder(train, { seed: 1, whitened: true }),
    score: (model) => scoreReconstruction(model, score),
  }),
};

function detection(model: keyof typeof DETECTORS, shape: string, { data, labels }: Labelled): Comparison {
  const name = `${model} ${shape}`;
  // On the same scale for both, as LOF standardises by itself.
  const scaled = standardise(data, learnScale(data));
  return {
    name,
    run() {
      const { train, score } = DETECTORS[model](scaled, scaled);
      const { result, ...speed } = timed(
        { train: data.rows, score: data.rows },
        train,
        score as (model: unknown) => Float64Array,
      );
      return { ...speed, quality: anomalies(result, labels) };
    },
    ...(model !== 'autoencoder' && {
      task: { name, model, train: scaled, score: scaled },
      judge: ({ found }: SklearnResult) => anomalies(found, labels),
    }),
  };
}

export function columnsOf({ rows, columns, values }: Matrix): RawColumn[] {
  return Array.from({ length: columns }, (_, column) => ({
    kind: 'number' as const,
    name: `c${column}`,
    values: Float64Array.from({ length: rows }, (_, row) => values[row * columns + column]!),
  }));
}

function halves({ data, labels }: Labelled) {
  const half = data.rows >> 1;
  const part = (from: number, to: number) => ({
    matrix: {
      rows: to - from,
      columns: data.columns,
      values: data.values.slice(from * data.columns, to * data.columns),
    },
    labels: labels.slice(from, to),
  });
  return { train: part(0, half), score: part(half, data.rows) };
}

function likeliest(probabilities: Float64Array, count: number): Uint16Array {
  return Uint16Array.from({ length: probabilities.length / count }, (_, row) => {
    const own = probabilities.subarray(row * count, (row + 1) * count);
    return own.indexOf(Math.max(...own));
  });
}

function classification(
  model: 'random-forest' | 'boosted-trees',
  shape: string,
  made: Labelled,
  count: number,
): Comparison {
  const name = `${model} ${shape}`;
  const { train, score } = halves(made);
  const judge = (found: Float64Array) => ({ accuracy: round(accuracy(likeliest(found, count), score.labels), 4) });
  const learn = (table: BinnedTable): ((rows: BinnedTable) => Float64Array) => {
    if (model === 'random-forest') {
      const forest = growForest(table, train.labels, { classes: count, seed: 1, trees: TREES });
      return (rows) => classifyByForest(forest, rows);
    }
    const boosted = trainBoosting(table, train.labels, { classes: count, seed: 1 });
    return (rows) => classifyByBoosting(boosted, rows);
  };
  return {
    name,
    run() {
      const { result, ...speed } = timed(
        { train: train.matrix.rows, score: score.matrix.rows },
        () => {
          const columns = columnsOf(train.matrix);
          const learned = learnBins(columns);
          return { learned, classify: learn(applyBins(learned, columns, train.matrix.rows)) };
        },
        ({ learned, classify }) => classify(applyBins(learned, columnsOf(score.matrix), score.matrix.rows)),
      );
      return { ...speed, quality: judge(result) };
    },
    task: { name, model, train: train.matrix, score: score.matrix, labels: train.labels, trees: TREES },
    judge: ({ found }) => judge(found),
  };
}

function clustering(
  shape: string,
  { data, labels }: Labelled,
  options: { eps: number; minPoints: number },
): Comparison {
  const name = `dbscan ${shape}`;
  const noise = (found: ArrayLike<number>) =>
    Uint16Array.from({ length: found.length }, (_, at) => (found[at] === -1 ? 1 : 0));
  const judge = (found: ArrayLike<number>) => ({ accuracy: round(accuracy(noise(found), labels), 4) });
  return {
    name,
    run() {
      const { result, ...speed } = timed(
        { train: data.rows, score: 0 },
        () => findClusters(data, options),
        (found) => found,
      );
      return { ...speed, quality: judge(result) };
    },
    task: { name, model: 'dbscan', train: data, score: data, ...options },
    judge: ({ found }) => judge(found),
  };
}

function sequences(): Comparison {
  const { train, score, labels } = callSequences(3, { train: 200, normal: 150, odd: 50 });
  const tokens = (lines: readonly string[][]) => lines.reduce((sum, line) => sum + line.length, 0);
  return {
    name: 'sequence calls',
    run() {
      const { result, ...speed } = timed(
        { train: tokens(train), score: tokens(score) },
        () => trainSequences(train, 1),
        (model) => score.map((line) => scoreSequence(model, line)),
      );
      return { ...speed, quality: anomalies(result, labels) };
    },
  };
}

function streams(): Comparison {
  const made = [1, 2, 3].map(traffic);
  const rows = made.reduce((sum, { values }) => sum + values.length, 0);
  return {
    name: 'stream traffic',
    run() {
      const { result, ...speed } = timed(
        { train: 0, score: rows },
        () => undefined,
        () =>
          made.map(({ values, timesS }) => {
            const stream = new StreamScore();
            return values.map((value, at) => stream.score(value, timesS[at]!));
          }),
      );
      const aucs = made.map(({ odd }, at) => rocAuc(result[at]!.slice(600), odd.slice(600)));
      return { ...speed, trainRowsPerS: 0, quality: { rocAuc: round(mean(aucs), 4) } };
    },
  };
}

function changePoints(): Comparison {
  const made = Array.from({ length: 20 }, (_, seed) => changing(seed));
  const rows = made.reduce((sum, { values }) => sum + values.length, 0);
  return {
    name: 'changepoints levels and variances',
    run() {
      const { result, ...speed } = timed(
        { train: 0, score: rows },
        () => undefined,
        () => made.map(({ values }) => findChangePoints({ rows: values.length, columns: 1, values })),
      );
      const scores = made.map(({ changes }, at) =>
        changePointF1(
          result[at]!.map(({ index }) => index),
          changes,
        ),
      );
      return { ...speed, trainRowsPerS: 0, quality: { f1: round(mean(scores), 4) } };
    },
  };
}

export function comparisons(): Comparison[] {
  const wide = clusters(11, 20_000, 8);
  const deep = dependent(12, 8_000, 30);
  const tails = heavyTails(13, 20_000, 6);
  const two = classes(14, 20_000, 20, 2);
  const many = classes(15, 20_000, 30, 8);
  const plane = clusters(16, 20_000, 3);
  return [
    detection('isolation-forest', 'clusters', wide),
    detection('isolation-forest', 'heavy tails', tails),
    detection('lof', 'clusters', wide),
    detection('lof', 'dependent columns', deep),
    detection('autoencoder', 'dependent columns', deep),
    classification('random-forest', 'two classes', two, 2),
    classification('random-forest', 'eight classes', many, 8),
    classification('boosted-trees', 'two classes', two, 2),
    clustering('clusters', plane, { eps: 0.6, minPoints: 5 }),
    sequences(),
    streams(),
    changePoints(),
  ];
}
