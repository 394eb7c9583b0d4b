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

/** Reads what is learned from. A column is of numbers where every cell in it is one or is missing, else of texts. */
export function readLabelled(path: string, label: string): MixedTable {
  const { header, rows, positions, total, bad } = readCells(path, (names) => {
    if (!names.includes(label)) throw new DataError('column_missing', `${path}:1: there is no column "${label}"`);
  });
  const labelAt = header.indexOf(label);
  const labels = rows.map((cells) => cells[labelAt]!.trim());
  const columns = header.flatMap((name, at): RawColumn[] => {
    if (at === labelAt) return [];
    const cells = rows.map((row) => row[at]!);
    return [cells.every((cell) => readNumber(cell) !== undefined) ? asNumbers(name, cells) : asTexts(name, cells)];
  });
  return { columns, labels, rows: rows.length, positions, total, bad };
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
        ({ kind }, at) => kind === 'number' && readNumber(cells[places[at]!]!) === undefined,
      );
      if (wrong < 0) return undefined;
      return `"${cells[places[wrong]!]!.slice(0, 40)}" in the column "${learned[wrong]!.name}" is not a number`;
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
  return { kind: 'number', name, values: Float64Array.from(cells, (cell) => readNumber(cell)!) };
}

function asTexts(name: string, cells: readonly string[]): RawColumn {
  return { kind: 'category', name, values: cells.map((cell) => cell.trim() || undefined) };
}
