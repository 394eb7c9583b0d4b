// A table whose columns are numbers or texts, with a label: what `lab classify` learns from.
import type { RawColumn } from '../detect/models/binned-table.ts';
import { type BadRows, DataError, readNumber, readRows } from './csv.ts';

export interface MixedTable {
  columns: RawColumn[];
  /** Of each row that could be read; empty where the label was not asked for. */
  labels: string[];
  /** Rows that could be read, and which row of the data each of them is. */
  rows: number;
  positions: Uint32Array;
  /** Rows of data, bad ones too. */
  total: number;
  bad: BadRows;
}

/** Of a column's cells that are there, the share that need not be numbers for the others to be. */
const STRAY_SHARE = 0.01;

/**
 * Reads what is learned from. A column is of numbers where every cell in it is one or is missing, else of texts; where hardly any
 * are none, the rows with these are left out. So is a row without a label.
 */
export function readLabelled(path: string, label: string): MixedTable {
  let labelAt = -1;
  const find = (names: readonly string[]) => {
    labelAt = names.indexOf(label);
    if (labelAt < 0) throw new DataError('column_missing', `${path}:1: there is no column "${label}"`);
  };
  const labelled = (cells: readonly string[]) =>
    cells[labelAt]!.trim() === '' ? `the column "${label}" is empty` : undefined;
  let read = readCells(path, find, labelled);
  const { header } = read;
  const strays = header.map((_, at) => (at === labelAt ? 0 : strayShare(read.rows, at)));
  const isNumber = (at: number) => strays[at]! <= STRAY_SHARE;
  if (strays.some((share) => share > 0 && share <= STRAY_SHARE)) {
    read = readCells(path, find, (cells) => {
      const stray = cells.findIndex((cell, at) => at !== labelAt && isNumber(at) && numberIn(cell) === undefined);
      return labelled(cells) ?? (stray < 0 ? undefined : notNumber(cells[stray]!, header[stray]!));
    });
  }
  const { rows, positions, total, bad } = read;
  const labels = rows.map((cells) => cells[labelAt]!.trim());
  const columns = header.flatMap((name, at): RawColumn[] => {
    if (at === labelAt) return [];
    const cells = rows.map((row) => row[at]!);
    return [isNumber(at) ? asNumbers(name, cells) : asTexts(name, cells)];
  });
  return { columns, labels, rows: rows.length, positions, total, bad };
}

/** The share of a column's cells, of those that are there, that are no numbers. */
function strayShare(rows: readonly (readonly string[])[], at: number): number {
  let present = 0;
  let strays = 0;
  for (const cells of rows) {
    const value = numberIn(cells[at]!);
    if (value === undefined) strays++;
    if (!Number.isNaN(value)) present++;
  }
  return strays / Math.max(1, present);
}

const INFINITE = /^([+-]?)inf(?:inity)?$/i;

/** As `readNumber`; to a tree, which only compares, what is infinite is a number as well. */
function numberIn(cell: string): number | undefined {
  const sign = INFINITE.exec(cell.trim())?.[1];
  return sign === undefined ? readNumber(cell) : sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

function notNumber(cell: string, column: string): string {
  return `"${cell.slice(0, 40)}" in the column "${column}" is not a number`;
}

/** Reads rows that are to be classified: the columns that were learned from, whatever else the file has. */
export function readLike(path: string, learned: readonly Pick<RawColumn, 'kind' | 'name'>[]): MixedTable {
  const places: number[] = [];
  const { rows, positions, total, bad } = readCells(
    path,
    (header) => {
      for (const { name } of learned) {
        const place = header.indexOf(name);
        if (place < 0) throw new DataError('column_missing', `${path}:1: there is no column "${name}"`);
        places.push(place);
      }
    },
    (cells) => {
      const wrong = learned.findIndex(
        ({ kind }, at) => kind === 'number' && numberIn(cells[places[at]!]!) === undefined,
      );
      return wrong < 0 ? undefined : notNumber(cells[places[wrong]!]!, learned[wrong]!.name);
    },
  );
  const columns = learned.map(({ kind, name }, at) => {
    const cells = rows.map((row) => row[places[at]!]!);
    return kind === 'number' ? asNumbers(name, cells) : asTexts(name, cells);
  });
  return { columns, labels: [], rows: rows.length, positions, total, bad };
}

function readCells(
  path: string,
  begin: (header: readonly string[]) => void,
  check: (cells: readonly string[]) => string | undefined = () => undefined,
) {
  const rows: (readonly string[])[] = [];
  const positions: number[] = [];
  let begun = false;
  const {
    header,
    rows: total,
    bad,
  } = readRows(path, (cells, row, names) => {
    if (!begun) begin(names);
    begun = true;
    const reason = check(cells);
    if (reason !== undefined) return reason;
    rows.push(cells);
    positions.push(row);
    return undefined;
  });
  if (!begun) begin(header);
  return { header, rows, positions: Uint32Array.from(positions), total, bad };
}

function asNumbers(name: string, cells: readonly string[]): RawColumn {
  return { kind: 'number', name, values: Float64Array.from(cells, (cell) => numberIn(cell)!) };
}

function asTexts(name: string, cells: readonly string[]): RawColumn {
  return { kind: 'category', name, values: cells.map((cell) => cell.trim() || undefined) };
}
