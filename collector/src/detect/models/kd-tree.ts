// k-d tree: Bentley, "Multidimensional binary search trees used for associative searching", CACM 1975; cut at the median of the
// widest side, as in Friedman, Bentley and Finkel, 1977. Distances are Euclidean.
//
// Form: nodes in arrays, the root is 0. Each covers the points `starts[n]` to `ends[n]` of #points, which holds the rows in
// the order of the leaves, and has the box around them at `n * 2 * columns`: all lower bounds, then all upper bounds.
// `lefts[n]` is 0 for a leaf; the right child follows the left one's subtree, at `rights[n]`. What is left of a cut is not above it.
import type { Matrix } from './matrix.ts';

/** Below this many points a scan costs less than the tree. */
const LEAF_POINTS = 32;

/** The nearest points of a query, nearest first; of two at the same distance the one found first. */
export interface Neighbours {
  /** Rows of the matrix. */
  rows: Uint32Array;
  squaredDistances: Float64Array;
  /** How many of the above are filled. */
  count: number;
}

/** Room for `k` neighbours, to be used for any number of queries. */
export function roomForNeighbours(k: number): Neighbours {
  return { rows: new Uint32Array(k), squaredDistances: new Float64Array(k), count: 0 };
}

export class KdTree {
  readonly #columns: number;
  /** The points in the order of the leaves, and which row each is. */
  readonly #points: Float64Array;
  readonly #rows: Uint32Array;
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;
  readonly #lefts: Uint32Array;
  readonly #rights: Uint32Array;
  readonly #boxes: Float64Array;
  readonly #cutColumns: Uint32Array;
  readonly #cuts: Float64Array;
  #count = 0;
  #compared = 0;

  /** Of all rows; none may hold a NaN. */
  constructor(matrix: Matrix) {
    const { rows, columns, values } = matrix;
    this.#columns = columns;
    this.#rows = Uint32Array.from({ length: rows }, (_, row) => row);
    // Every leaf but one alone has more than half of LEAF_POINTS.
    const nodesMax = 2 * Math.ceil(rows / (LEAF_POINTS / 2)) + 1;
    this.#starts = new Uint32Array(nodesMax);
    this.#ends = new Uint32Array(nodesMax);
    this.#lefts = new Uint32Array(nodesMax);
    this.#rights = new Uint32Array(nodesMax);
    this.#boxes = new Float64Array(nodesMax * 2 * columns);
    this.#cutColumns = new Uint32Array(nodesMax);
    this.#cuts = new Float64Array(nodesMax);
    this.#build(matrix, 0, rows);
    this.#points = new Float64Array(values.length);
    this.#rows.forEach((row, at) => {
      this.#points.set(values.subarray(row * columns, (row + 1) * columns), at * columns);
    });
  }

  /** All rows, near ones together: in this order the neighbours of one are often those of the next. */
  get order(): Uint32Array {
    return this.#rows;
  }

  /** Rows that `nearest` has held queries against so far: what the tree does not spare. */
  get compared(): number {
    return this.#compared;
  }

  /** Finds the `k` nearest rows of a query, other than the row `except`, into `found`, which must have room for them. */
  nearest(query: Float64Array, k: number, found: Neighbours, except = -1): void {
    found.count = 0;
    if (this.#rows.length > 0) this.#search(0, query, k, found, except);
  }

  /** Calls `visit` with every row whose distance from the query is at most `radius`, in no order that means anything. */
  within(query: Float64Array, radius: number, visit: (row: number) => void): void {
    if (this.#rows.length === 0) return;
    const limit = radius * radius;
    const pending = [0];
    for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
      if (this.#squareToBox(node, query, limit) > limit) continue;
      if (this.#lefts[node] !== 0) {
        pending.push(this.#rights[node]!, this.#lefts[node]!);
        continue;
      }
      for (let at = this.#starts[node]!; at < this.#ends[node]!; at++) {
        if (this.#squareTo(at, query, limit) <= limit) visit(this.#rows[at]!);
      }
    }
  }

  #search(node: number, query: Float64Array, k: number, found: Neighbours, except: number): void {
    const left = this.#lefts[node]!;
    if (left === 0) {
      this.#scan(node, query, k, found, except);
      return;
    }
    const right = this.#rights[node]!;
    // The side of the cut a query is on is the nearer one, more often than not: it costs nothing to know.
    const fromCut = query[this.#cutColumns[node]!]! - this.#cuts[node]!;
    const leftFirst = fromCut <= 0;
    this.#search(leftFirst ? left : right, query, k, found, except);
    const other = leftFirst ? right : left;
    const limit = reach(found, k);
    if (fromCut * fromCut >= limit) return;
    if (this.#squareToBox(other, query, limit) < limit) this.#search(other, query, k, found, except);
  }

  #scan(node: number, query: Float64Array, k: number, found: Neighbours, except: number): void {
    const end = this.#ends[node]!;
    let limit = reach(found, k);
    this.#compared += end - this.#starts[node]!;
    for (let at = this.#starts[node]!; at < end; at++) {
      const square = this.#squareTo(at, query, limit);
      if (square >= limit) continue;
      const row = this.#rows[at]!;
      if (row === except) continue;
      insert(found, k, row, square);
      limit = reach(found, k);
    }
  }

  /** The squared distance of the point at a place, or something above `limit` where it is farther than that. */
  #squareTo(at: number, query: Float64Array, limit: number): number {
    const columns = this.#columns;
    const points = this.#points;
    const offset = at * columns;
    let square = 0;
    let column = 0;
    // Four sums at once: one alone would wait for each addition before the next.
    for (; column + 3 < columns; column += 4) {
      const first = points[offset + column]! - query[column]!;
      const second = points[offset + column + 1]! - query[column + 1]!;
      const third = points[offset + column + 2]! - query[column + 2]!;
      const fourth = points[offset + column + 3]! - query[column + 3]!;
      square += first * first + second * second + (third * third + fourth * fourth);
      if (square > limit) return square;
    }
    for (; column < columns; column++) {
      const difference = points[offset + column]! - query[column]!;
      square += difference * difference;
    }
    return square;
  }

  /** The squared distance of the box of a node, or something of at least `limit` where it is as far as that. */
  #squareToBox(node: number, query: Float64Array, limit: number): number {
    const columns = this.#columns;
    const boxes = this.#boxes;
    const low = node * 2 * columns;
    const high = low + columns;
    let square = 0;
    for (let column = 0; column < columns; column++) {
      const value = query[column]!;
      const below = boxes[low + column]! - value;
      const above = value - boxes[high + column]!;
      if (below > 0) square += below * below;
      else if (above > 0) square += above * above;
      else continue;
      if (square > limit) return square;
    }
    return square;
  }

  #build(matrix: Matrix, start: number, end: number): number {
    const node = this.#count++;
    this.#starts[node] = start;
    this.#ends[node] = end;
    const { column, width } = this.#fillBox(matrix, node);
    if (end - start <= LEAF_POINTS || width === 0) return node;
    const middle = (start + end) >> 1;
    selectMiddle(this.#rows, { start, end, middle }, (row) => matrix.values[row * matrix.columns + column]!);
    this.#cutColumns[node] = column;
    this.#cuts[node] = matrix.values[this.#rows[middle]! * matrix.columns + column]!;
    this.#lefts[node] = this.#build(matrix, start, middle);
    this.#rights[node] = this.#build(matrix, middle, end);
    return node;
  }

  /** Puts a box around the rows of a node; its widest side. */
  #fillBox({ columns, values }: Matrix, node: number): { column: number; width: number } {
    const low = node * 2 * columns;
    const boxes = this.#boxes;
    boxes.fill(Number.POSITIVE_INFINITY, low, low + columns);
    boxes.fill(Number.NEGATIVE_INFINITY, low + columns, low + 2 * columns);
    for (let at = this.#starts[node]!; at < this.#ends[node]!; at++) {
      const offset = this.#rows[at]! * columns;
      for (let column = 0; column < columns; column++) {
        const value = values[offset + column]!;
        if (value < boxes[low + column]!) boxes[low + column] = value;
        if (value > boxes[low + columns + column]!) boxes[low + columns + column] = value;
      }
    }
    let widest = { column: 0, width: 0 };
    for (let column = 0; column < columns; column++) {
      const width = boxes[low + columns + column]! - boxes[low + column]!;
      if (width > widest.width) widest = { column, width };
    }
    return widest;
  }
}

/** How near a point must be to be among the `k` nearest. */
export function reach({ count, squaredDistances }: Neighbours, k: number): number {
  return count < k ? Number.POSITIVE_INFINITY : squaredDistances[k - 1]!;
}

/** Puts a row among those found, and the farthest out where there is no room; it must be nearer than `reach`. */
export function insert(found: Neighbours, k: number, row: number, square: number): void {
  const { rows, squaredDistances } = found;
  let at = found.count < k ? found.count++ : k - 1;
  for (; at > 0 && squaredDistances[at - 1]! > square; at--) {
    squaredDistances[at] = squaredDistances[at - 1]!;
    rows[at] = rows[at - 1]!;
  }
  squaredDistances[at] = square;
  rows[at] = row;
}

/** Hoare's selection (CACM 1961): afterwards no key before `middle` is above one from there on. */
function selectMiddle(
  rows: Uint32Array,
  { start, end, middle }: { start: number; end: number; middle: number },
  key: (row: number) => number,
): void {
  let low = start;
  let high = end - 1;
  while (low < high) {
    const pivot = key(rows[(low + high) >> 1]!);
    let left = low;
    let right = high;
    while (left <= right) {
      while (key(rows[left]!) < pivot) left++;
      while (key(rows[right]!) > pivot) right--;
      if (left > right) break;
      const kept = rows[left]!;
      rows[left++] = rows[right]!;
      rows[right--] = kept;
    }
    if (middle <= right) high = right;
    else if (middle >= left) low = left;
    else return;
  }
}
