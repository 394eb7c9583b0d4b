// A series as people have it: one column of values, or a time and a value, or more columns of which one is meant.
import type { Matrix } from '../detect/models/matrix.ts';
import { DataError, type NumericTable, readNumber, readNumericTable, readRows } from './csv.ts';

const VALUE_NAMES = ['value', 'values', 'y'];

/**
 * The values of one column, in the order of the file: the one that is named, or the only one, or the one called "value", or
 * the last. Throws DataError.
 */
export function readSeries(path: string, column?: string): NumericTable {
  const { header } = readRows(path, () => undefined);
  if (column !== undefined && !header.includes(column)) {
    throw new DataError('column_missing', `${path}:1: there is no column "${column}"; there are ${header.join(', ')}`);
  }
  const named = header.find((name) => VALUE_NAMES.includes(name.toLowerCase()));
  return readNumericTable(path, [column ?? named ?? header.at(-1)!]);
}

/**
 * All columns of a file that have a number in them: a column of times or names beside them is not of the series. Throws
 * DataError.
 */
export function readSeveralSeries(path: string): NumericTable {
  const numeric = new Set<number>();
  const { header } = readRows(path, (cells) => {
    cells.forEach((cell, at) => {
      if (!numeric.has(at) && !Number.isNaN(readNumber(cell) ?? Number.NaN)) numeric.add(at);
    });
    return undefined;
  });
  const names = header.filter((_, at) => numeric.has(at));
  return readNumericTable(path, names.length > 0 ? names : undefined);
}

/** Every row of the data in its place, and what is missing on the line between its neighbours; before the first and after the last, as these. */
export function joinGaps({ matrix, positions, rows }: Pick<NumericTable, 'matrix' | 'positions' | 'rows'>): Matrix {
  const { columns } = matrix;
  const values = new Float64Array(rows * columns).fill(Number.NaN);
  positions.forEach((row, at) => {
    values.set(matrix.values.subarray(at * columns, (at + 1) * columns), row * columns);
  });
  for (let column = 0; column < columns; column++) {
    const at = (row: number) => row * columns + column;
    const known = Array.from({ length: rows }, (_, row) => row).filter((row) => !Number.isNaN(values[at(row)]!));
    let next = 0;
    for (let row = 0; row < rows && known.length > 0; row++) {
      while (next < known.length && known[next]! < row) next++;
      const right = known[Math.min(next, known.length - 1)]!;
      const left = known[Math.max(0, next - 1)]!;
      const share = right === left ? 0 : (row - left) / (right - left);
      if (right !== row) values[at(row)] = values[at(left)]! + share * (values[at(right)]! - values[at(left)]!);
    }
  }
  return { rows, columns, values };
}
