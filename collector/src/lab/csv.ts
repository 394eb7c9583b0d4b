// CSV as people have it: RFC 4180, with commas, semicolons or tabs, a byte order mark or none, cells that are missing.
import { readFileSync } from 'node:fs';
import { type CsvError, parse } from 'csv-parse/sync';
import type { Matrix } from '../detect/models/matrix.ts';

/** A file that cannot be read as data; the message names file and line. */
export type DataErrorCode = 'unreadable' | 'malformed' | 'column_missing' | 'empty';

export class DataError extends Error {
  override readonly name = 'DataError';
  readonly code: DataErrorCode;

  constructor(code: DataErrorCode, message: string) {
    super(withoutControls(message));
    this.code = code;
  }
}

/** A row that was left out. */
interface BadRow {
  /** Of the file, from 1. */
  line: number;
  reason: string;
}

/** More are counted and not kept: whoever reads them has understood by then. */
const BAD_ROWS_KEPT_MAX = 20;

export interface BadRows {
  kept: BadRow[];
  count: number;
}

export interface NumericTable {
  columns: readonly string[];
  /** Missing cells are NaN. Bad rows have no row here. */
  matrix: Matrix;
  /** Of each row of the matrix: which row of the data it is, from 0, bad ones counted. */
  positions: Uint32Array;
  /** Rows of data, bad ones too. */
  rows: number;
  bad: BadRows;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const MISSING = new Set(['', 'na', 'nan', 'n/a', 'null', 'none', '?', '-']);
/** No number is taken to be larger: sums of squares, of as many as fit in memory, stay finite. */
const SIZE_MAX = 1e100;

/** What a file has may be meant for the terminal it is shown on: what is no text becomes a question mark. */
export function withoutControls(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '?');
}

/** The number in a cell; NaN where it says that there is none; undefined for anything else. */
export function readNumber(cell: string): number | undefined {
  const text = cell.trim();
  if (NUMBER.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? Math.max(-SIZE_MAX, Math.min(SIZE_MAX, value)) : undefined;
  }
  const word = text.toLowerCase();
  if (MISSING.has(word)) return Number.NaN;
  if (word === 'true') return 1;
  return word === 'false' ? 0 : undefined;
}

/**
 * Reads a file with a header line and gives each row after it, with its line, to `visit`, which says what is wrong with a row
 * it cannot take. Gives the header and the rows that were left out. Throws DataError.
 */
export function readRows(
  path: string,
  visit: (cells: readonly string[], row: number, header: readonly string[]) => string | undefined,
): { header: string[]; rows: number; bad: BadRows } {
  const text = readText(path);
  let header: string[] | undefined;
  let rows = 0;
  const bad: BadRows = { kept: [], count: 0 };
  const leaveOut = (line: number, reason: string) => {
    bad.count++;
    if (bad.kept.length < BAD_ROWS_KEPT_MAX) bad.kept.push({ line, reason });
  };
  const take = (cells: string[], line: number): null => {
    if (!header) {
      header = nameApart(cells.map((cell) => cell.trim()));
      return null;
    }
    const row = rows++;
    const reason =
      cells.length === header.length
        ? visit(cells, row, header)
        : `${cells.length} cells where the header has ${header.length}`;
    if (reason !== undefined) leaveOut(line, reason);
    return null;
  };
  try {
    parse(text, {
      bom: true,
      delimiter: delimiterOf(text),
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      // Rows go to `take` one by one, so that never more than one is kept as text.
      on_record: (cells: unknown, { lines }) => take(cells as string[], lines),
    });
  } catch (error) {
    if (error instanceof DataError) throw error;
    const { lines, message } = error as CsvError & { lines?: number };
    throw new DataError('malformed', `${path}${lines ? `:${lines}` : ''}: not CSV: ${message}`);
  }
  if (!header) throw new DataError('empty', `${path}: there is no header line`);
  return { header, rows, bad };
}

/**
 * Reads a table of numbers. With `wanted`, these columns in this order, whatever else the file has; without, all of them.
 * A row with a cell that is no number is left out and named by its line; a missing cell is NaN. Throws DataError.
 */
export function readNumericTable(path: string, wanted?: readonly string[]): NumericTable {
  let width = 0;
  let places: number[] | undefined;
  let values = new Float64Array(1024);
  let positions = new Uint32Array(64);
  let count = 0;
  const placesIn = (header: readonly string[]): number[] =>
    (wanted ?? header).map((name) => {
      const place = header.indexOf(name);
      if (place < 0) throw new DataError('column_missing', `${path}:1: there is no column "${name}"`);
      return place;
    });
  const { header, rows, bad } = readRows(path, (cells, row, names) => {
    places ??= placesIn(names);
    width = places.length;
    if ((count + 1) * width > values.length) values = grown(values, (count + 1) * width);
    if (count + 1 > positions.length) positions = grown(positions, count + 1);
    for (let column = 0; column < width; column++) {
      const value = readNumber(cells[places[column]!]!);
      if (value === undefined) {
        return `"${cells[places[column]!]!.slice(0, 40)}" in the column "${names[places[column]!]}" is not a number`;
      }
      values[count * width + column] = value;
    }
    positions[count++] = row;
    return undefined;
  });
  places ??= placesIn(header);
  const matrix = { rows: count, columns: places.length, values: values.slice(0, count * places.length) };
  return { columns: places.map((place) => header[place]!), matrix, positions: positions.slice(0, count), rows, bad };
}

/** A name that stands there again is "name.2", "name.3" and so on. */
function nameApart(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name}.${times}`;
  });
}

/** What came on standard input, which can be read once. */
let standardInput: string | undefined;

/** A file, or with "-" what comes on standard input, as text. Throws DataError `unreadable`. */
export function readText(path: string): string {
  try {
    if (path !== '-') return readFileSync(path, 'utf8');
    standardInput ??= readFileSync(0, 'utf8');
    return standardInput;
  } catch (error) {
    throw new DataError('unreadable', `${path} cannot be read: ${(error as Error).message}`);
  }
}

/** What the header line is cut by; a comma where it has none of them. */
function delimiterOf(text: string): string {
  const end = text.indexOf('\n');
  const first = text.slice(0, end < 0 ? undefined : end);
  return [',', ';', '\t'].find((delimiter) => first.includes(delimiter)) ?? ',';
}

function grown<T extends Float64Array | Uint32Array>(array: T, least: number): T {
  const larger = new (array.constructor as new (length: number) => T)(Math.max(least, array.length * 2));
  larger.set(array as never);
  return larger;
}
