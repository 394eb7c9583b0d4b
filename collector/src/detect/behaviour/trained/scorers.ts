// The models that are trained from hours, as they are kept and as they score.
//
// A model is one for each kind of entity: hosts and people have little in common. Its scores are held against those of hours
// of the same days that it was not trained from, so that all models say the same thing: how rare such an hour is. What a model
// learned looks more ordinary to it than it is, most of all where densities count their own rows. And a vote is bounded by what
// those scores can say (Tail.boundedRarity): densities differ by factors of a hundred, so that an outlier factor that one hour
// in a hundred has would else be one in a million where the hours just below it are close together.
import { type Autoencoder, scoreReconstruction, trainAutoencoder } from '../../models/autoencoder.ts';
import { growIsolationForest, type IsolationForest, scorePaths } from '../../models/isolation-forest.ts';
import { IsolationPaths } from '../../models/isolation-paths.ts';
import {
  indexDensities,
  type LocalDensities,
  learnDensities,
  scoreOutliers,
} from '../../models/local-outlier-factor.ts';
import type { Matrix } from '../../models/matrix.ts';
import { exportAutoencoder } from '../../models/onnx/export-autoencoder.ts';
import { exportIsolationForest } from '../../models/onnx/export-isolation-forest.ts';
import type { OnnxModel } from '../../models/onnx/session.ts';
import { Random } from '../../models/random.ts';
import { Tail } from '../../models/tail.ts';
import { FEATURE_COUNT } from '../features.ts';
import type { EntityKind } from '../profile.ts';

export const HOUR_MODELS = ['isolation-forest', 'local-outlier-factor', 'autoencoder'] as const;
export type HourModelName = (typeof HOUR_MODELS)[number];

/** Rows a model is trained from, for each kind: a random part, never more than half of all. */
const TRAINING_ROWS: Record<HourModelName, number> = {
  'isolation-forest': 20_000,
  // The time of one score grows with them.
  'local-outlier-factor': 1_500,
  autoencoder: 4_000,
};
/** Scores that say how rare one is: of rows that the model was not trained from. */
const SCORES_KEPT = 4_096;
/** Of those rows, that a model in its other form is tried with. */
const ROWS_TRIED = 256;
/** Of so many scores no more can be told than this. */
const RARITY_MAX = 6;

/** What is saved of each kind: the model without what can be made from it, and the scores of hours it was not trained from. */
export interface TrainedKind {
  model: IsolationForest | Autoencoder | Omit<LocalDensities, 'index'>;
  scores: Float64Array;
  /** Where there is one: the model in the form onnxruntime scores batches by, and rows that both have to score alike. */
  onnx?: { model: Uint8Array; tried: Matrix } | undefined;
}
export type TrainedBody = Partial<Record<EntityKind, TrainedKind>>;

export interface Scorer {
  score: (rows: Matrix) => Float64Array;
  tail: Tail;
}

/** Rows of features as models take them: volumes differ by factors. */
export function toMatrix(features: ArrayLike<number>): Matrix {
  const values = new Float64Array(features.length);
  for (let at = 0; at < values.length; at++) values[at] = Math.log1p(Math.max(0, features[at]!));
  return { rows: values.length / FEATURE_COUNT, columns: FEATURE_COUNT, values };
}

/** Of at least two rows. */
export function trainKind(name: HourModelName, features: Float32Array, seed: number): TrainedKind {
  const rows = features.length / FEATURE_COUNT;
  const order = new Random(seed).sample(rows, rows);
  const trained = Math.min(TRAINING_ROWS[name], rows >> 1);
  const pick = (from: number, to: number) => toMatrix(pickRows(features, order.slice(from, to).sort()));
  const model = train(name, pick(0, trained), seed);
  const { score } = loadScorer(name, { model, scores: new Float64Array() });
  const bytes = exportModel(name, model);
  const onnx = bytes && { model: bytes, tried: pick(trained, trained + ROWS_TRIED) };
  return { model, scores: score(pick(trained, trained + SCORES_KEPT)), onnx };
}

function train(name: HourModelName, matrix: Matrix, seed: number): TrainedKind['model'] {
  if (name === 'isolation-forest') return growIsolationForest(matrix, { seed });
  if (name === 'autoencoder') return trainAutoencoder(matrix, { seed });
  const { index: _, ...densities } = learnDensities(matrix, { seed });
  return densities;
}

/** undefined where ONNX has no operators for it: densities look for neighbours. */
function exportModel(name: HourModelName, model: TrainedKind['model']): Uint8Array | undefined {
  if (name === 'isolation-forest') return exportIsolationForest(model as IsolationForest);
  if (name === 'autoencoder') return exportAutoencoder(model as Autoencoder);
  return undefined;
}

export function loadScorer(name: HourModelName, { model, scores }: TrainedKind): Scorer {
  const tail = new Tail(SCORES_KEPT);
  for (const score of scores) tail.add(score);
  return { score: scoreWith(name, model), tail };
}

function scoreWith(name: HourModelName, model: TrainedKind['model']): Scorer['score'] {
  if (name === 'isolation-forest') {
    const forest = model as IsolationForest;
    const paths = new IsolationPaths(forest);
    return (rows) => scorePaths(forest, paths, rows);
  }
  if (name === 'autoencoder') return (rows) => scoreReconstruction(model as Autoencoder, rows);
  const densities = indexDensities(model as Omit<LocalDensities, 'index'>);
  return (rows) => scoreOutliers(densities, rows);
}

/** -log10 of the share of ordinary hours that score as high, for each row, as far as the scores that are kept can tell. */
export function scoreRows({ score, tail }: Scorer, rows: Matrix): Float64Array {
  const scores = score(rows);
  for (let row = 0; row < scores.length; row++) scores[row] = Math.min(RARITY_MAX, tail.boundedRarity(scores[row]!));
  return scores;
}

/** The same, of as many rows as there are; where a model in its other form is given, by that. */
export async function scoreBatch({ score, tail }: Scorer, rows: Matrix, onnx?: OnnxModel): Promise<Float64Array> {
  if (!onnx) return scoreRows({ score, tail }, rows);
  const scores = await onnx.scoreRows(rows, 'score');
  return scores.map((each) => Math.min(RARITY_MAX, tail.boundedRarity(tail.near(each))));
}

function pickRows(features: Float32Array, rows: Uint32Array): Float32Array {
  const picked = new Float32Array(rows.length * FEATURE_COUNT);
  for (const [at, row] of rows.entries()) {
    picked.set(features.subarray(row * FEATURE_COUNT, (row + 1) * FEATURE_COUNT), at * FEATURE_COUNT);
  }
  return picked;
}
