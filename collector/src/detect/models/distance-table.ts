// All distances between some hundred rows, each reckoned once: where everybody is asked for those around it again and again, and rows
// have too many columns for a tree to leave any out.
import type { Matrix } from './matrix.ts';

/** Rows a table may have: 4 MiB of distances. */
const ROWS_MAX = 1_024;

export class DistanceTable {
  readonly #rows: number;
  /** Squared, of each row to those before it: row r begins at r (r - 1) / 2. */
  readonly #squares: Float64Array;

  /** Of a matrix without NaN; throws RangeError for one of more than ROWS_MAX rows. */
  constructor({ rows, columns, values }: Matrix) {
    if (rows > ROWS_MAX) throw new RangeError(`a table of distances is of at most ${ROWS_MAX} rows`);
    this.#rows = rows;
    this.#squares = new Float64Array((rows * (rows - 1)) / 2);
    for (let row = 1, to = 0; row < rows; row++) {
      for (let other = 0; other < row; other++) {
        this.#squares[to++] = squareBetween(values, row * columns, other * columns, columns);
      }
    }
  }

  /** The squared distance from a row to its `k`-th nearest other one; to the farthest where there are fewer, 0 where there is none. */
  squareOfNearest(row: number, k: number): number {
    const nearest = new Float64Array(Math.max(1, Math.min(k, this.#rows - 1)));
    let count = 0;
    for (let other = 0; other < this.#rows; other++) {
      if (other === row) continue;
      const square = this.#square(row, other);
      if (count === nearest.length && square >= nearest[count - 1]!) continue;
      let at = count < nearest.length ? count++ : count - 1;
      for (; at > 0 && nearest[at - 1]! > square; at--) nearest[at] = nearest[at - 1]!;
      nearest[at] = square;
    }
    return nearest[Math.max(0, count - 1)]!;
  }

  /** The rows whose squared distance from a row is at most this, itself among them. */
  within(row: number, square: number): number[] {
    const near: number[] = [];
    for (let other = 0; other < this.#rows; other++) if (this.#square(row, other) <= square) near.push(other);
    return near;
  }

  #square(row: number, other: number): number {
    if (row === other) return 0;
    return row > other
      ? this.#squares[(row * (row - 1)) / 2 + other]!
      : this.#squares[(other * (other - 1)) / 2 + row]!;
  }
}

function squareBetween(values: Float64Array, at: number, bt: number, columns: number): number {
  let square = 0;
  let column = 0;
  // Four sums at once: one alone would wait for each addition before the next.
  for (; column + 3 < columns; column += 4) {
    const first = values[at + column]! - values[bt + column]!;
    const second = values[at + column + 1]! - values[bt + column + 1]!;
    const third = values[at + column + 2]! - values[bt + column + 2]!;
    const fourth = values[at + column + 3]! - values[bt + column + 3]!;
    square += first * first + second * second + (third * third + fourth * fourth);
  }
  for (; column < columns; column++) {
    const difference = values[at + column]! - values[bt + column]!;
    square += difference * difference;
  }
  return square;
}
