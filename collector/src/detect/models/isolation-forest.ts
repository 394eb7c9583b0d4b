// Isolation forest: Liu, Ting and Zhou, "Isolation Forest", ICDM 2008. What is few and different is cut off from the rest by
// few random cuts.
//
// Form: every tree's nodes in one set of arrays. A node is a cut (feature >= 0: left where value < threshold) or a leaf
// (feature -1), whose `depth` is the path length it stands for: edges down to it, and c(size) for what was not cut further.
import { IsolationPaths } from './isolation-paths.ts';
import { fillMissing, learnScale, type Matrix, type Scale } from './matrix.ts';
import { Random } from './random.ts';

/** The paper's: 100 trees of 256 rows. */
const FOREST_DEFAULTS = { trees: 100, sampleSize: 256 } as const;

const EULER = 0.5772156649015329;
const LEAF = -1;

export interface IsolationForest {
  scale: Scale;
  /** First node of each tree. */
  roots: Int32Array;
  features: Int32Array;
  thresholds: Float64Array;
  lefts: Int32Array;
  rights: Int32Array;
  depths: Float64Array;
  /** Rows each tree was grown from. */
  sampleSize: number;
}

/** c(n) of the paper: the mean path length of an unsuccessful search in a binary search tree of n keys. */
export function meanPathLength(n: number): number {
  if (n <= 1) return 0;
  if (n === 2) return 1;
  return 2 * (Math.log(n - 1) + EULER) - (2 * (n - 1)) / n;
}

/** Grows a forest on the rows of a matrix; missing values are the column's median. At least one row. */
export function growIsolationForest(
  data: Matrix,
  options: { seed: number; trees?: number; sampleSize?: number },
): IsolationForest {
  const scale = learnScale(data);
  const filled = fillMissing(data, scale);
  const trees = options.trees ?? FOREST_DEFAULTS.trees;
  const sampleSize = Math.min(options.sampleSize ?? FOREST_DEFAULTS.sampleSize, filled.rows);
  const grower = new Grower(filled, trees * (2 * sampleSize - 1));
  const random = new Random(options.seed);
  const roots = Int32Array.from({ length: trees }, (_, index) => {
    const own = random.fork(index);
    return grower.grow(own.sample(sampleSize, filled.rows), own);
  });
  return { scale, roots, ...grower.nodes(), sampleSize };
}

/** The paper's s(x, n), in (0, 1): near 1 is anomalous, well below 0.5 is ordinary. */
export function scoreIsolation(forest: IsolationForest, data: Matrix): Float64Array {
  return scorePaths(forest, new IsolationPaths(forest), data);
}

/** The same of a forest whose paths are at hand, as where rows come one by one. */
export function scorePaths({ scale, roots, sampleSize }: IsolationForest, paths: IsolationPaths, data: Matrix) {
  const { values, rows, columns } = fillMissing(data, scale);
  const unit = roots.length * (meanPathLength(sampleSize) || 1);
  const scores = new Float64Array(rows);
  for (let row = 0; row < rows; row++) scores[row] = 2 ** (-paths.lengthOf(values, row * columns) / unit);
  return scores;
}

class Grower {
  readonly #data: Matrix;
  readonly #features: Int32Array;
  readonly #thresholds: Float64Array;
  readonly #lefts: Int32Array;
  readonly #rights: Int32Array;
  readonly #depths: Float64Array;
  readonly #candidates: Int32Array;
  #count = 0;

  constructor(data: Matrix, nodesMax: number) {
    this.#data = data;
    this.#features = new Int32Array(nodesMax).fill(LEAF);
    this.#thresholds = new Float64Array(nodesMax);
    this.#lefts = new Int32Array(nodesMax);
    this.#rights = new Int32Array(nodesMax);
    this.#depths = new Float64Array(nodesMax);
    this.#candidates = Int32Array.from({ length: data.columns }, (_, column) => column);
  }

  nodes() {
    const end = this.#count;
    return {
      features: this.#features.slice(0, end),
      thresholds: this.#thresholds.slice(0, end),
      lefts: this.#lefts.slice(0, end),
      rights: this.#rights.slice(0, end),
      depths: this.#depths.slice(0, end),
    };
  }

  /** A tree over these rows, whose order it changes; the number of its root. */
  grow(rows: Uint32Array, random: Random): number {
    return this.#split(rows, 0, Math.ceil(Math.log2(Math.max(2, rows.length))), random);
  }

  #split(rows: Uint32Array, depth: number, depthMax: number, random: Random): number {
    const node = this.#count++;
    const cut = depth < depthMax && rows.length > 1 ? this.#chooseCut(rows, random) : undefined;
    if (!cut) {
      this.#depths[node] = depth + meanPathLength(rows.length);
      return node;
    }
    const { columns, values } = this.#data;
    let boundary = 0;
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at]!;
      if (values[row * columns + cut.feature]! >= cut.threshold) continue;
      rows[at] = rows[boundary]!;
      rows[boundary++] = row;
    }
    this.#features[node] = cut.feature;
    this.#thresholds[node] = cut.threshold;
    this.#lefts[node] = this.#split(rows.subarray(0, boundary), depth + 1, depthMax, random);
    this.#rights[node] = this.#split(rows.subarray(boundary), depth + 1, depthMax, random);
    return node;
  }

  /** A random cut through a random feature that varies among these rows; undefined where none does. */
  #chooseCut(rows: Uint32Array, random: Random): { feature: number; threshold: number } | undefined {
    const { columns, values } = this.#data;
    const candidates = this.#candidates;
    for (let left = columns; left > 0; left--) {
      const drawn = random.integer(left);
      const feature = candidates[drawn]!;
      candidates[drawn] = candidates[left - 1]!;
      candidates[left - 1] = feature;
      let lowest = Number.POSITIVE_INFINITY;
      let highest = Number.NEGATIVE_INFINITY;
      for (const row of rows) {
        const value = values[row * columns + feature]!;
        if (value < lowest) lowest = value;
        if (value > highest) highest = value;
      }
      if (lowest === highest) continue;
      const threshold = lowest + random.uniform() * (highest - lowest);
      // Rounding may give the lowest itself, which would leave one side empty.
      return { feature, threshold: threshold > lowest ? threshold : highest };
    }
    return undefined;
  }
}
