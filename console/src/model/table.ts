import { fit, printable, width } from './printable.ts';

export interface Column<Row> {
  title: string;
  /** Host text may come raw: every cell is made printable here. */
  cell(row: Row): string;
  align?: 'right';
  /** May be cut where the terminal is too narrow; the widest ones are cut first. */
  shrink?: true;
  /** May be left out altogether where the others would be cut to nothing. */
  optional?: true | undefined;
  /** Written around a finished cell, such as a colour. */
  style?(cell: string, row: Row): string;
}

/** No column is cut below this: less says nothing. */
const COLUMN_WIDTH_MIN = 6;
/** Below this an optional column goes rather than be cut. */
const COLUMN_WIDTH_GOOD = 14;
/** Optional columns go before one that must stay is cut below this: a title is worth more than what stands beside it. */
const COLUMN_WIDTH_WANTED = 28;
const GAP = '  ';
/** Longer names stand out into the column of values rather than push all values aside. */
const NAME_COLUMNS_MAX = 20;

/** What of a table is shown, and how wide: columns, printable cells by row, and a cell or a title brought to its column. */
export interface TableLayout<Row, Of extends Column<Row>> {
  columns: readonly Of[];
  cells: readonly (readonly string[])[];
  fit(text: string, column: number): string;
}

/** Without a width (a pipe) nothing is cut. */
export function layoutTable<Row, Of extends Column<Row>>(
  all: readonly Of[],
  rows: readonly Row[],
  widthMax?: number,
): TableLayout<Row, Of> {
  const columns = widthMax === undefined ? all : columnsThatFit<Row, Of>(all, rows, widthMax);
  const cells = rows.map((row) => columns.map((column) => printable(column.cell(row))));
  const widths = columns.map((column, index) =>
    cells.reduce((max, line) => Math.max(max, width(line[index]!)), width(column.title)),
  );
  if (widthMax !== undefined) shrinkToFit(columns, widths, widthMax);
  return { columns, cells, fit: (text, index) => fit(text, widths[index]!, columns[index]!.align) };
}

/** Lines of a table that fits `columns`. */
export function renderTable<Row>(all: readonly Column<Row>[], rows: readonly Row[], widthMax?: number): string[] {
  const { columns, cells, fit } = layoutTable(all, rows, widthMax);
  const line = (texts: readonly string[], row?: Row) =>
    columns
      .map((column, index) => {
        const cell = fit(texts[index]!, index);
        return row !== undefined && column.style ? column.style(cell, row) : cell;
      })
      .join(GAP)
      .trimEnd();
  return [line(columns.map((column) => column.title)), ...rows.map((row, index) => line(cells[index]!, row))];
}

/** Leaves out optional columns, those that say nothing and then the last first, until those that may be cut have room to say something. */
function columnsThatFit<Row, Of extends Column<Row>>(
  all: readonly Of[],
  rows: readonly Row[],
  widthMax: number,
): readonly Of[] {
  const said = new Map(
    all.map((column) => [column, rows.reduce((max, row) => Math.max(max, width(printable(column.cell(row)))), 0)]),
  );
  const whole = (column: Of) => Math.max(said.get(column)!, width(column.title));
  const needs = (column: Of) =>
    column.shrink ? Math.min(whole(column), column.optional ? COLUMN_WIDTH_GOOD : COLUMN_WIDTH_WANTED) : whole(column);
  const totalOf = (of: readonly Of[], each: (column: Of) => number) =>
    of.reduce((sum, column) => sum + each(column) + GAP.length, -GAP.length);
  if (totalOf(all, whole) <= widthMax) return all;
  let columns = all.filter((column) => !column.optional || rows.length === 0 || said.get(column)! > 0);
  while (totalOf(columns, needs) > widthMax) {
    const drop = columns.findLast((column) => column.optional);
    if (!drop) break;
    columns = columns.filter((column) => column !== drop);
  }
  return columns;
}

// Brings the widest columns down to one common width, the widest that fits; what rounding leaves goes to the last one.
function shrinkToFit<Row>(columns: readonly Column<Row>[], widths: number[], widthMax: number): void {
  const room = widthMax - GAP.length * (columns.length - 1);
  const capped = (cap: number) => widths.map((each, index) => (columns[index]!.shrink ? Math.min(each, cap) : each));
  const total = (list: readonly number[]) => list.reduce((sum, each) => sum + each, 0);
  if (total(widths) <= room) return;
  let cap = widthMax;
  while (cap > COLUMN_WIDTH_MIN && total(capped(cap)) > room) cap -= 1;
  const fitting = capped(cap);
  const last = columns.findLastIndex((column, index) => column.shrink && widths[index]! > cap);
  if (last >= 0) fitting[last] = fitting[last]! + Math.max(0, room - total(fitting));
  widths.splice(0, widths.length, ...fitting);
}

/** Name and value pairs under each other, the values aligned. Names may come from a host as well. */
export function renderPairs(pairs: readonly (readonly [string, string])[]): string[] {
  const shown = pairs.map(([name, value]) => [printable(name), printable(value)] as const);
  const nameWidth = shown.reduce((max, [name]) => Math.max(max, Math.min(width(name), NAME_COLUMNS_MAX)), 0);
  return shown.map(([name, value]) => `${fit(name, Math.max(nameWidth, width(name)))}  ${value}`.trimEnd());
}
