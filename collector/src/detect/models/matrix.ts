/** Rows of numbers, row after row in one array. */
export interface Matrix {
  rows: number;
  columns: number;
  /** `rows` times `columns` values; value (row, column) at `row * columns + column`. */
  values: Float64Array;
}

export function rowOf({ columns, values }: Matrix, row: number): Float64Array {
  return values.subarray(row * columns, (row + 1) * columns);
}

/** What puts new data on the scale of the data it was learned from. */
export interface Scale {
  /** Of each column: stands in for a value that is missing. */
  medians: Float64Array;
  means: Float64Array;
  /** 1 for a column that never varies, so that it neither adds to a distance nor divides by nothing. */
  deviations: Float64Array;
}

/** Learns medians, means and standard deviations; a missing value (NaN) counts for none of them. */
export function learnScale(matrix: Matrix): Scale {
  const { rows, columns, values } = matrix;
  const scale: Scale = {
    medians: new Float64Array(columns),
    means: new Float64Array(columns),
    deviations: new Float64Array(columns).fill(1),
  };
  const present = new Float64Array(rows);
  for (let column = 0; column < columns; column++) {
    let count = 0;
    for (let row = 0; row < rows; row++) {
      const value = values[row * columns + column]!;
      if (!Number.isNaN(value)) present[count++] = value;
    }
    if (count === 0) continue;
    const sorted = present.subarray(0, count).sort();
    const half = count >> 1;
    const median = count % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
    // Around the median: a sum of squares of large values would lose what varies in them.
    let sum = 0;
    let squares = 0;
    for (const value of sorted) {
      sum += value - median;
      squares += (value - median) ** 2;
    }
    const shift = sum / count;
    const variance = squares / count - shift ** 2;
    scale.medians[column] = median;
    scale.means[column] = median + shift;
    const least = 1e-12 * Math.max(Math.abs(median), Math.abs(sorted[0]!), Math.abs(sorted[count - 1]!));
    const deviation = Math.sqrt(Math.max(0, variance));
    if (sorted[0] !== sorted[count - 1] && deviation > least) scale.deviations[column] = deviation;
  }
  return scale;
}

/** A copy whose missing values are the medians. */
export function fillMissing({ rows, columns, values }: Matrix, { medians }: Scale): Matrix {
  const filled = values.slice();
  for (let at = 0; at < filled.length; at++) if (Number.isNaN(filled[at]!)) filled[at] = medians[at % columns]!;
  return { rows, columns, values: filled };
}

/** A copy with mean 0 and standard deviation 1 by what was learned; missing values become the medians first. */
export function standardise(matrix: Matrix, scale: Scale): Matrix {
  const scaled = fillMissing(matrix, scale);
  const { columns, values } = scaled;
  for (let start = 0; start < values.length; start += columns) {
    for (let column = 0; column < columns; column++) {
      values[start + column] = (values[start + column]! - scale.means[column]!) / scale.deviations[column]!;
    }
  }
  return scaled;
}
