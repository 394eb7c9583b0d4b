// The nearest rows of a query, exactly: by a k-d tree where it leaves most of them out, else by the distance of all, as is quicker
// where rows have many columns that do not depend on each other (Weber, Schek and Blott, "A Quantitative Analysis and Performance Study for Similarity-Search Methods in
// High-Dimensional Spaces", VLDB 1998).
import { DistanceKernel } from './distance-kernel.ts';
import { insert, KdTree, type Neighbours, reach, roomForNeighbours } from './kd-tree.ts';
import { type Matrix, rowOf } from './matrix.ts';

/** Columns up to which a tree is quicker, whatever the rows. */
const TREE_COLUMNS_MAX = 4;
/** Queries a tree is tried by, and the share of rows that it may hold them against. */
const TRIED = 32;
const COMPARED_MAX = 0.2;
/** Half of the distance between neighbouring floats of 32 bits, as a share. */
const FLOAT_ERROR = 2 ** -24;
/** Beyond this the square is no float of 32 bits any more. */
const FLOAT_SAFE = 1e15;

export interface NearestRows {
  /** Rows in an order in which the neighbours of one are often those of the next. */
  order: Uint32Array;
  /** Finds the `k` nearest rows, other than the row `except`, into `found`, which must have room for them. */
  nearest(query: Float64Array, k: number, found: Neighbours, except?: number): void;
}

/** Of a matrix without NaN; `k` is how many neighbours will be asked for. */
export function indexRows(data: Matrix, k: number): NearestRows {
  const tree = new KdTree(data);
  if (data.columns <= TREE_COLUMNS_MAX || data.rows <= TRIED * k) return tree;
  const found = roomForNeighbours(k);
  for (let query = 0; query < TRIED; query++) {
    tree.nearest(rowOf(data, Math.floor((query * data.rows) / TRIED)), k, found);
  }
  return tree.compared <= COMPARED_MAX * TRIED * data.rows ? tree : new Scan(data);
}

class Scan implements NearestRows {
  readonly order: Uint32Array;
  readonly #data: Matrix;
  readonly #kernel: DistanceKernel;
  #largest = 0;

  constructor(data: Matrix) {
    this.order = Uint32Array.from({ length: data.rows }, (_, row) => row);
    this.#data = data;
    this.#kernel = new DistanceKernel(data);
    this.#largest = largestOf(data.values);
  }

  nearest(query: Float64Array, k: number, found: Neighbours, except = -1): void {
    found.count = 0;
    const { rows, columns } = this.#data;
    const largest = Math.max(this.#largest, largestOf(query));
    const rough = largest < FLOAT_SAFE ? this.#kernel.squares(query) : undefined;
    // What rounding to floats may have added to a distance; within it, the exact one decides.
    const slack = 4 * FLOAT_ERROR * largest * Math.sqrt(columns);
    let limit = Number.POSITIVE_INFINITY;
    let roughLimit = Number.POSITIVE_INFINITY;
    for (let row = 0; row < rows; row++) {
      if ((rough && rough[row]! > roughLimit) || row === except) continue;
      const square = squareBetween(query, rowOf(this.#data, row));
      if (square >= limit) continue;
      insert(found, k, row, square);
      limit = reach(found, k);
      roughLimit = (Math.sqrt(limit) * (1 + columns * FLOAT_ERROR) + slack) ** 2;
    }
  }
}

function squareBetween(one: Float64Array, other: Float64Array): number {
  let square = 0;
  for (let column = 0; column < one.length; column++) {
    const difference = one[column]! - other[column]!;
    square += difference * difference;
  }
  return square;
}

function largestOf(values: Float64Array): number {
  let largest = 0;
  for (let at = 0; at < values.length; at++) largest = Math.max(largest, Math.abs(values[at]!));
  return largest;
}
