// What makes errors of several columns that come together independent: the inverse of the Cholesky factor of their correlations, so
// that the squares of what it gives add up to Mahalanobis' distance. The correlations are drawn towards none as Schäfer and Strimmer
// have it ("A Shrinkage Approach to Large-Scale Covariance Matrix Estimation", 2005): few rows show many that are chance.
import { dot } from './dot.ts';
import { type Matrix, rowOf } from './matrix.ts';

/** Never drawn less: between columns given back through the same narrow layer there are combinations whose error is next to 0. */
const SHRINKAGE_LEAST = 0.1;
/** Products of two columns looked at: about a second of one core. */
const WORK_MAX = 4e8;
const ROWS_MIN = 50;
/** Of more columns each is left by itself: the square of their number is kept, and multiplied for each row. */
const COLUMNS_MAX = 512;

/**
 * Learns from rows of errors, each column by its usual size. A lower triangle, row after row, in a square as wide as there are
 * columns; undefined where there are too many columns or too few rows.
 */
export function learnWhitening({ rows, columns, values }: Matrix): Float64Array | undefined {
  if (columns > COLUMNS_MAX || rows < 2) return undefined;
  const count = Math.min(rows, Math.max(ROWS_MIN, Math.floor(WORK_MAX / columns ** 2)));
  const products = new Float64Array(columns * columns);
  const squares = new Float64Array(columns * columns);
  for (let row = 0; row < count; row++) {
    const own = rowOf({ rows, columns, values }, row);
    for (let a = 0; a < columns; a++) {
      for (let b = 0; b <= a; b++) {
        const product = own[a]! * own[b]!;
        products[a * columns + b]! += product / count;
        squares[a * columns + b]! += (product * product) / count;
      }
    }
  }
  const kept = 1 - shrinkageOf(products, squares, { columns, count });
  for (let a = 0; a < columns; a++) {
    for (let b = 0; b < a; b++) products[a * columns + b]! *= kept;
    products[a * columns + a] = Math.max(1, kept * products[a * columns + a]! + 1 - kept);
  }
  return invertLower(factorise(products, columns), columns);
}

/** The rows without what their columns have in common, in place of `into`. */
export function whiten(whitening: Float64Array, errors: Float64Array, into: Float64Array): void {
  const columns = errors.length;
  for (let row = 0; row < columns; row++) into[row] = dot(whitening, row * columns, errors, 0, row + 1);
}

/** How far the correlations are chance: the sum of their variances over that of their squares. */
function shrinkageOf(
  products: Float64Array,
  squares: Float64Array,
  { columns, count }: { columns: number; count: number },
): number {
  let chance = 0;
  let all = 0;
  for (let a = 0; a < columns; a++) {
    for (let at = a * columns; at < a * columns + a; at++) {
      all += products[at]! ** 2;
      chance += (squares[at]! - products[at]! ** 2) / (count - 1);
    }
  }
  return all > 0 ? Math.min(1, Math.max(SHRINKAGE_LEAST, chance / all)) : 1;
}

/** Cholesky's factor of a matrix of which the lower triangle is there, in its place. */
function factorise(matrix: Float64Array, columns: number): Float64Array {
  for (let a = 0; a < columns; a++) {
    for (let b = 0; b <= a; b++) {
      const rest = matrix[a * columns + b]! - dot(matrix, a * columns, matrix, b * columns, b);
      matrix[a * columns + b] = a === b ? Math.sqrt(rest) : rest / matrix[b * columns + b]!;
    }
  }
  return matrix;
}

function invertLower(lower: Float64Array, columns: number): Float64Array {
  const inverse = new Float64Array(columns * columns);
  for (let column = 0; column < columns; column++) {
    inverse[column * columns + column] = 1 / lower[column * columns + column]!;
    for (let row = column + 1; row < columns; row++) {
      let sum = 0;
      for (let at = column; at < row; at++) sum += lower[row * columns + at]! * inverse[at * columns + column]!;
      inverse[row * columns + column] = -sum / lower[row * columns + row]!;
    }
  }
  return inverse;
}
