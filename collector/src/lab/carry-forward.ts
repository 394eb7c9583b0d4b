import type { Matrix } from '../detect/models/matrix.ts';
import type { NumericTable } from './csv.ts';

/** Every row of the data in its place; what is missing is as it was in the row before, at the start as in the first that has it. */
export function carryForward({ matrix, positions, rows }: Pick<NumericTable, 'matrix' | 'positions' | 'rows'>): Matrix {
  const { columns } = matrix;
  const values = new Float64Array(rows * columns).fill(Number.NaN);
  positions.forEach((row, at) => {
    values.set(matrix.values.subarray(at * columns, (at + 1) * columns), row * columns);
  });
  for (let column = 0; column < columns; column++) {
    let last = 0;
    for (let row = 0; row < rows; row++) {
      const value = values[row * columns + column]!;
      if (Number.isNaN(value)) continue;
      last = value;
      break;
    }
    for (let row = 0; row < rows; row++) {
      const at = row * columns + column;
      if (Number.isNaN(values[at]!)) values[at] = last;
      else last = values[at]!;
    }
  }
  return { rows, columns, values };
}
