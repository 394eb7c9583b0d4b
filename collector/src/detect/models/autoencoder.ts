// An autoencoder: a network that learns to give back what it is given through a layer too narrow for it, so that it can only
// give back what is like the data it was trained on (Hawkins et al., "Outlier Detection Using Replicator Neural Networks",
// 2002). What it cannot give back, column by column, is the reason as well as the score.
import { Adam, backward, type DenseNetwork, forward, makeNetwork, roomForActivations } from './dense-network.ts';
import { learnScale, type Matrix, rowOf, type Scale, standardise } from './matrix.ts';
import { Random } from './random.ts';
import { learnWhitening, whiten } from './whitening.ts';

const BATCH_ROWS = 32;
const EPOCHS_MAX = 200;
const EPOCHS_MIN = 5;
/** Multiplications a training may take: some seconds of one core. */
const WORK_MAX = 4e9;
const TRAINING_ROWS_MAX = 20_000;
/** Of the rows, to see when more training only learns them by heart. */
const VALIDATION_SHARE = 0.1;
/** Epochs without a better validation error after which training ends. */
const PATIENCE = 10;
/** Standard deviations beyond which a value is no longer learned from: one wild row must not outweigh all others. */
export const CLIPPED_AT = 5;
const RATE = 0.005;
/**
 * Share of the training rows that are not learned from: those given back worst. What people train on is seldom clean, and
 * a network that learns the anomalies as well calls them ordinary.
 */
const LEFT_OUT_SHARE = 0.1;
/** Epochs in which all rows are learned from, until the network can tell which it gives back worst. */
const EPOCHS_OF_ALL = 2;
/** Share of a column's variance that the error is never taken to be below: a column given back exactly is not infinitely telling. */
export const ERROR_LEAST = 0.01;

export interface Autoencoder {
  scale: Scale;
  network: DenseNetwork;
  /** Of each column: the mean squared error on the training rows, in squared standard deviations. */
  errors: Float64Array;
  /** See `learnWhitening`, of errors by their column's usual one; undefined where the score is the mean of the columns' errors. */
  whitening?: Float64Array | undefined;
}

/**
 * Trains on the rows of a matrix; the same seed gives the same network. At least one row. `whitened` finds more where columns
 * depend on each other, and its score is no longer made of the errors column by column that a reason names.
 */
export function trainAutoencoder(matrix: Matrix, options: { seed: number; whitened?: boolean }): Autoencoder {
  const random = new Random(options.seed);
  const scale = learnScale(matrix);
  const data = clip(standardise(matrix, scale));
  const chosen = random.sample(Math.min(data.rows, TRAINING_ROWS_MAX), data.rows);
  const held = chosen.length >= 20 ? Math.floor(chosen.length * VALIDATION_SHARE) : 0;
  const network = train(data, { validation: chosen.subarray(0, held), training: chosen.subarray(held), random });
  const differences = lessGiven(network, data, chosen);
  const errors = new Float64Array(data.columns);
  differences.values.forEach((each, at) => {
    errors[at % data.columns]! += each ** 2 / chosen.length;
  });
  if (!options.whitened) return { scale, network, errors };
  return { scale, network, errors, whitening: learnWhitening(byUsual(differences, errors)) };
}

/**
 * How far each row is from what the network gives back: the mean over the columns of the squared error, each by what that
 * column's error usually is, and where it is whitened less what the columns' errors have in common. Not much above 1 for rows like
 * those it was trained on.
 */
export function scoreReconstruction(model: Autoencoder, matrix: Matrix): Float64Array {
  const each = usualErrors(model, matrix);
  const scores = new Float64Array(each.rows);
  const white = new Float64Array(each.columns);
  for (let row = 0; row < each.rows; row++) {
    const own = rowOf(each, row);
    if (model.whitening) whiten(model.whitening, own, white);
    let sum = 0;
    for (const error of model.whitening ? white : own) sum += error * error;
    scores[row] = sum / Math.max(1, each.columns);
  }
  return scores;
}

/** The squared error column by column, each by what it usually is: which features made a row what it is. */
export function reconstructionErrors(model: Autoencoder, matrix: Matrix): Matrix {
  const errors = usualErrors(model, matrix);
  return { ...errors, values: errors.values.map((error) => error * error) };
}

function usualErrors({ scale, network, errors }: Autoencoder, matrix: Matrix): Matrix {
  const data = standardise(matrix, scale);
  return byUsual(lessGiven(network, data), errors);
}

/** What each row is less what the network gives back for it. */
function lessGiven(network: DenseNetwork, data: Matrix, rows?: Uint32Array): Matrix {
  const activations = roomForActivations(network);
  const given = activations.at(-1)!;
  const count = rows?.length ?? data.rows;
  const values = new Float64Array(count * data.columns);
  for (let at = 0; at < count; at++) {
    const actual = rowOf(data, rows?.[at] ?? at);
    present(activations[0]!, actual);
    forward(network, activations);
    for (let column = 0; column < data.columns; column++) {
      values[at * data.columns + column] = actual[column]! - given[column]!;
    }
  }
  return { rows: count, columns: data.columns, values };
}

/** Each column by what its error usually is, in place. */
function byUsual(differences: Matrix, errors: Float64Array): Matrix {
  const usual = errors.map((error) => Math.sqrt(Math.max(error, ERROR_LEAST)));
  const { columns, values } = differences;
  for (let at = 0; at < values.length; at++) values[at]! /= usual[at % columns]!;
  return differences;
}

function train(
  data: Matrix,
  { validation, training, random }: { validation: Uint32Array; training: Uint32Array; random: Random },
): DenseNetwork {
  const network = makeNetwork(layerSizes(data.columns), random);
  const adam = new Adam(network);
  const activations = roomForActivations(network);
  const deltas = roomForActivations(network);
  const gradients = new Float64Array(network.parameters.length);
  // Forward, and twice as much backward.
  const perEpoch = 3 * network.parameters.length * training.length;
  const epochs = Math.max(EPOCHS_MIN, Math.min(EPOCHS_MAX, Math.floor(WORK_MAX / perEpoch)));
  const losses = new Float64Array(data.rows);
  let lossMax = Number.POSITIVE_INFINITY;
  let best = { error: Number.POSITIVE_INFINITY, epoch: 0, parameters: network.parameters.slice() };
  for (let epoch = 0; epoch < epochs && epoch - best.epoch <= PATIENCE; epoch++) {
    random.shuffle(training);
    if (epoch >= EPOCHS_OF_ALL) lossMax = quantile(losses, training, 1 - LEFT_OUT_SHARE);
    for (let start = 0; start < training.length; start += BATCH_ROWS) {
      const batch = training.subarray(start, start + BATCH_ROWS);
      let learned = 0;
      for (const row of batch) {
        const actual = rowOf(data, row);
        activations[0]!.set(actual);
        forward(network, activations);
        const leftOut = losses[row]! > lossMax;
        losses[row] = difference(activations.at(-1)!, actual, deltas.at(-1)!);
        if (leftOut) continue;
        backward(network, activations, deltas, gradients);
        learned++;
      }
      if (learned > 0) adam.step(gradients, learned, RATE);
    }
    if (validation.length === 0) continue;
    const error = meanError(network, activations, data, validation);
    if (error < best.error) best = { error, epoch, parameters: network.parameters.slice() };
  }
  if (best.error < Number.POSITIVE_INFINITY) network.parameters.set(best.parameters);
  return network;
}

/** What was given less what it should have been, into `into`; the sum of its squares. */
function difference(given: Float64Array, actual: Float64Array, into: Float64Array): number {
  let sum = 0;
  for (let column = 0; column < into.length; column++) {
    const each = given[column]! - actual[column]!;
    into[column] = each;
    sum += each * each;
  }
  return sum;
}

function quantile(values: Float64Array, rows: Uint32Array, share: number): number {
  const sorted = Float64Array.from(rows, (row) => values[row]!).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

/** Half as wide as the data: narrow enough to have to choose, and more columns than that seldom depend on others. */
function layerSizes(columns: number): number[] {
  const middle = Math.max(1, Math.min(32, Math.floor(columns / 2)));
  const outer = Math.max(middle + 1, Math.min(64, Math.ceil((columns * 4) / 3)));
  return [columns, outer, middle, outer, columns];
}

function meanError(network: DenseNetwork, activations: Float64Array[], data: Matrix, rows: Uint32Array): number {
  const errors = new Float64Array(data.columns);
  for (const row of rows) addErrors(network, activations, rowOf(data, row), errors);
  return errors.reduce((sum, error) => sum + error, 0) / rows.length;
}

function addErrors(
  network: DenseNetwork,
  activations: Float64Array[],
  actual: Float64Array,
  errors: Float64Array,
): void {
  activations[0]!.set(actual);
  forward(network, activations);
  const given = activations.at(-1)!;
  for (let column = 0; column < errors.length; column++) errors[column]! += (actual[column]! - given[column]!) ** 2;
}

function clip(data: Matrix): Matrix {
  present(data.values, data.values);
  return data;
}

function present(into: Float64Array, values: Float64Array): void {
  for (let at = 0; at < values.length; at++) into[at] = Math.max(-CLIPPED_AT, Math.min(CLIPPED_AT, values[at]!));
}
