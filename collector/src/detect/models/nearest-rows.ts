// The nearest rows of a query, exactly: by a k-d tree where it leaves most of them out, else by the distance of all, as is quicker
// where rows have many columns that do not depend on each other (Weber, Schek and Blott, "A Quantitative Analysis and Performance Study for Similarity-Search Methods in
// High-Dimensional Spaces", VLDB 1998).
import { BLOCK, DistanceKernel, QUERIES_MAX, type Squares } from './distance-kernel.ts';
import { insert, KdTree, type Neighbours, reach, roomForNeighbours } from './kd-tree.ts';
import { type Matrix, rowOf } from './matrix.ts';

/** Columns up to which a tree is quicker, whatever the rows. */
const TREE_COLUMNS_MAX = 4;
/** Queries a tree is tried by, and the share of rows that it may hold them against. */
const TRIED = 32;
const COMPARED_MAX = 0.1;
/** Beyond this the square is no float of 32 bits any more. */
const FLOAT_SAFE = 1e15;

export interface NearestRows {
  /**
   * Finds the `k` nearest rows of each row of `queries`, and gives them to `visit`, in an order of its own; what was found is
   * overwritten by the next. With `others`, the queries are the rows themselves, and none is a neighbour of its own.
   */
  each(
    queries: Matrix,
    options: { k: number; others?: boolean },
    visit: (row: number, found: Neighbours) => void,
  ): void;
}

/** Of a matrix without NaN; `k` is how many neighbours will be asked for. */
export function indexRows(data: Matrix, k: number): NearestRows {
  const tree = new KdTree(data);
  if (data.columns > TREE_COLUMNS_MAX && data.rows > TRIED * k) {
    const found = roomForNeighbours(k);
    for (let query = 0; query < TRIED; query++) {
      tree.nearest(rowOf(data, Math.floor((query * data.rows) / TRIED)), k, found);
    }
    if (tree.compared > COMPARED_MAX * TRIED * data.rows) return new Scan(data);
  }
  return new Descent(tree);
}

/** By a tree. */
class Descent implements NearestRows {
  readonly #tree: KdTree;

  constructor(tree: KdTree) {
    this.#tree = tree;
  }

  each(
    queries: Matrix,
    { k, others = false }: { k: number; others?: boolean },
    visit: (row: number, found: Neighbours) => void,
  ): void {
    const found = roomForNeighbours(k);
    const take = (row: number) => {
      this.#tree.nearest(rowOf(queries, row), k, found, others ? row : -1);
      visit(row, found);
    };
    // In the tree's order the neighbours of one row are often those of the next.
    if (others) for (const row of this.#tree.order) take(row);
    else for (let row = 0; row < queries.rows; row++) take(row);
  }
}

/** By all distances. */
class Scan implements NearestRows {
  readonly #data: Matrix;
  readonly #kernel: DistanceKernel;
  readonly #largest: number;

  constructor(data: Matrix) {
    this.#data = data;
    this.#kernel = new DistanceKernel(data);
    this.#largest = largestOf(data.values);
  }

  each(
    queries: Matrix,
    { k, others = false }: { k: number; others?: boolean },
    visit: (row: number, found: Neighbours) => void,
  ): void {
    const found = roomForNeighbours(k);
    const { columns, values, rows } = queries;
    for (let start = 0; start < rows; start += QUERIES_MAX) {
      const end = Math.min(rows, start + QUERIES_MAX);
      const part = values.subarray(start * columns, end * columns);
      const largest = Math.max(this.#largest, largestOf(part));
      const rough = largest < FLOAT_SAFE ? this.#kernel.squares(part) : undefined;
      for (let row = start; row < end; row++) {
        const from = { query: rowOf(queries, row), rough: rough?.[row - start], except: others ? row : -1 };
        this.#nearest(from, k, found);
        visit(row, found);
      }
    }
  }

  #nearest(
    { query, rough, except }: { query: Float64Array; rough: Squares | undefined; except: number },
    k: number,
    found: Neighbours,
  ): void {
    found.count = 0;
    const { rows, columns, values } = this.#data;
    // Below what a rough square may be where the exact one is the limit; the exact one decides.
    const own = query.reduce((sum, value) => sum + value * value, 0) * (1 - this.#kernel.error);
    let limit = Number.POSITIVE_INFINITY;
    let roughLimit = Number.POSITIVE_INFINITY;
    for (let start = 0; start < rows; start += BLOCK) {
      if (rough && rough.least[start / BLOCK]! > roughLimit) continue;
      const end = Math.min(rows, start + BLOCK);
      for (let row = start; row < end; row++) {
        if ((rough && rough.squares[row]! > roughLimit) || row === except) continue;
        const square = squareBetween(query, values, row * columns);
        if (square >= limit) continue;
        insert(found, k, row, square);
        limit = reach(found, k);
        roughLimit = limit - own;
      }
    }
  }
}

/** Of a point and the row that begins at a place. */
function squareBetween(point: Float64Array, values: Float64Array, start: number): number {
  let square = 0;
  for (let column = 0; column < point.length; column++) {
    const difference = point[column]! - values[start + column]!;
    square += difference * difference;
  }
  return square;
}

function largestOf(values: Float64Array): number {
  let largest = 0;
  for (let at = 0; at < values.length; at++) largest = Math.max(largest, Math.abs(values[at]!));
  return largest;
}
