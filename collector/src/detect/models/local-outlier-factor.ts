// Local outlier factor: Breunig, Kriegel, Ng and Sander, "LOF: Identifying Density-Based Local Outliers", SIGMOD 2000.
// As novelty scoring: densities are learned from the training rows, each without itself; a new row is held against them.
import { learnScale, type Matrix, rowOf, type Scale, standardise } from './matrix.ts';
import { indexRows, type NearestRows } from './nearest-rows.ts';
import { Random } from './random.ts';

/** The paper asks for 10 to 50; 20 is what most implementations take. */
const NEIGHBOURS = 20;
/** Beyond this many training rows a random part of them stands for all: densities relative to each other stay. */
const TRAINING_ROWS_MAX = 20_000;
/** Differences of training rows with each other, column by column: some seconds of one core where every row is held against every other. */
const TRAINING_WORK_MAX = 6e9;
/**
 * Keeps the density of many equal rows finite. In units of the standardised data, so far below any distance that means
 * something.
 */
const DISTANCE_LEAST = 1e-10;
/**
 * Where rows have as many equals as neighbours, their density is no measure: the spacing of the other rows is added to every distance, in
 * full from this share of such rows on. Without any, the factor is the paper's.
 */
const EQUAL_SHARE = 0.25;

export interface LocalDensities {
  scale: Scale;
  data: Matrix;
  /** Of `data`, made from it. */
  index: NearestRows;
  k: number;
  /** Of each training row: the distance of its k-th neighbour. */
  kDistances: Float64Array;
  /** Of each training row: the paper's lrd. */
  densities: Float64Array;
  /** Added to every mean reachability. */
  spacing: number;
}

/** Learns the local density of every row of the matrix. At least one row. */
export function learnDensities(matrix: Matrix, options: { seed: number; k?: number }): LocalDensities {
  const scale = learnScale(matrix);
  const data = standardise(sampleRows(matrix, options.seed), scale);
  const k = Math.max(1, Math.min(options.k ?? NEIGHBOURS, data.rows - 1));
  const index = indexRows(data, k);
  const neighbours = new Uint32Array(data.rows * k);
  const distances = new Float64Array(data.rows * k);
  const kDistances = new Float64Array(data.rows);
  index.each(data, { k, others: true }, (row, found) => {
    for (let near = 0; near < found.count; near++) {
      neighbours[row * k + near] = found.rows[near]!;
      distances[row * k + near] = Math.sqrt(found.squaredDistances[near]!);
    }
    kDistances[row] = found.count > 0 ? distances[row * k + found.count - 1]! : 0;
  });
  const spacing = spacingOf(kDistances);
  const densities = new Float64Array(data.rows);
  const count = Math.min(k, data.rows - 1);
  for (let row = 0; row < data.rows; row++) {
    let reachability = 0;
    for (let at = row * k; at < row * k + count; at++) {
      reachability += Math.max(kDistances[neighbours[at]!]!, distances[at]!);
    }
    densities[row] = 1 / (reachability / Math.max(1, count) + spacing);
  }
  return { scale, data, index, k, kDistances, densities, spacing };
}

/** What was learned, made whole again from what can be kept of it: the index is made from the data. */
export function indexDensities(kept: Omit<LocalDensities, 'index'>): LocalDensities {
  return { ...kept, index: indexRows(kept.data, kept.k) };
}

/** The paper's LOF of each row: about 1 inside a cluster of any density, well above 1 outside. */
export function scoreOutliers(learned: LocalDensities, matrix: Matrix): Float64Array {
  const { scale, index, k, kDistances, densities, spacing } = learned;
  const data = standardise(matrix, scale);
  const scores = new Float64Array(data.rows);
  index.each(data, { k }, (row, found) => {
    let reachability = 0;
    let density = 0;
    for (let near = 0; near < found.count; near++) {
      const neighbour = found.rows[near]!;
      reachability += Math.max(kDistances[neighbour]!, Math.sqrt(found.squaredDistances[near]!));
      density += densities[neighbour]!;
    }
    // The mean of the neighbours' densities over our own, which is 1 / (the mean reachability).
    scores[row] = (density / found.count) * (reachability / found.count + spacing);
  });
  return scores;
}

function spacingOf(kDistances: Float64Array): number {
  const apart = kDistances.filter((distance) => distance > 0).sort();
  const equal = 1 - apart.length / kDistances.length;
  const middle = apart[apart.length >> 1] ?? 0;
  return Math.max(DISTANCE_LEAST, middle * Math.min(1, equal / EQUAL_SHARE));
}

function sampleRows(matrix: Matrix, seed: number): Matrix {
  const count = Math.min(TRAINING_ROWS_MAX, Math.floor(Math.sqrt(TRAINING_WORK_MAX / Math.max(1, matrix.columns))));
  if (matrix.rows <= count) return matrix;
  const chosen = new Random(seed).sample(count, matrix.rows).sort();
  const values = new Float64Array(chosen.length * matrix.columns);
  chosen.forEach((row, at) => {
    values.set(rowOf(matrix, row), at * matrix.columns);
  });
  return { rows: chosen.length, columns: matrix.columns, values };
}
