// One place of the stack as the person left it, and what of its rows is shown. Pure.
import { printable } from '../../model/printable.ts';
import { rowFilter } from '../../model/row-filter.ts';
import type { ListColumn, ListView, Look, PageLine, Place, View } from './view.ts';

export interface Sort {
  /** By the title of a column. */
  column: string;
  descending: boolean;
}

export interface PlaceState {
  place: Place;
  /** What the view loaded last; undefined before it ever did. */
  data: unknown;
  /** Why there is nothing newer; empty while there is. */
  trouble: string;
  filter: string;
  sort: Sort | undefined;
  /** Id of the selected row, or the number of the selected line; undefined for the first. */
  selected: string | undefined;
  /** Rows above the first that is shown. */
  top: number;
  marks: ReadonlySet<string>;
}

export function placeState(place: Place, change: Partial<PlaceState> = {}): PlaceState {
  const fresh = { data: undefined, trouble: '', filter: '', sort: undefined, selected: undefined, top: 0 };
  return { place, ...fresh, marks: new Set<string>(), ...change };
}

/** The rows that pass the filter, sorted. */
export function shownRows(view: ListView<unknown>, state: PlaceState, look: Look): readonly unknown[] {
  const rows = (state.data as readonly unknown[] | undefined) ?? [];
  const columns = view.columns(look);
  const passing = state.filter ? filtered(rows, state.filter, (row) => rowText(row, columns)) : rows;
  const column = columns.find(({ title }) => title === state.sort?.column);
  if (!column) return passing;
  const sign = state.sort!.descending ? -1 : 1;
  // Each key once: a comparison of texts beside 500 rows would format thousands of times.
  const keyed = passing.map((row) => ({ row, key: column.order ? column.order(row) : column.cell(row).toLowerCase() }));
  return keyed.sort((a, b) => sign * compare(a.key, b.key)).map(({ row }) => row);
}

/** Lines of a page that pass the filter. */
export function shownLines(lines: readonly PageLine[], filter: string): readonly PageLine[] {
  if (!filter) return lines;
  return filtered(lines, filter, ({ spans }) => spans.map(({ text }) => printable(text)).join(''));
}

function filtered<Row>(rows: readonly Row[], filter: string, textOf: (row: Row) => string): Row[] {
  const passing = rowFilter(filter).passing(rows.map(textOf));
  return rows.filter((_, index) => passing[index]);
}

function rowText(row: unknown, columns: readonly ListColumn<unknown>[]): string {
  return columns.map((column) => column.cell(row)).join(' ');
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), 'en', { numeric: true });
}

/** How far a list must be scrolled so that the selected row is among `rows`. */
export function scrolledTo(at: number, top: number, rows: number, all: number): number {
  const most = Math.max(0, all - rows);
  if (at < top) return Math.max(0, Math.min(at, most));
  if (at >= top + rows) return Math.max(0, Math.min(at - rows + 1, most));
  return Math.min(top, most);
}

/** The next column to sort by: each first in the order that brings what matters up, then turned round, then none. */
export function nextSort(columns: readonly ListColumn<unknown>[], sort: Sort | undefined): Sort | undefined {
  const first = (column: ListColumn<unknown>) => ({ column: column.title, descending: column.order !== undefined });
  if (!sort) return columns[0] && first(columns[0]);
  const at = columns.findIndex(({ title }) => title === sort.column);
  const column = columns[at];
  if (column && sort.descending === (column.order !== undefined)) return { ...sort, descending: !sort.descending };
  const next = columns[at + 1];
  return at >= 0 && next ? first(next) : undefined;
}

/** A ULID tells itself apart by its beginning. */
const ULID = /^[0-9a-hjkmnp-tv-z]{26}$/;

/** `alert 01kah2` */
export function crumb({ place }: PlaceState): string {
  return place.arg ? `${place.view} ${ULID.test(place.arg) ? place.arg.slice(0, 10) : place.arg}` : place.view;
}

export const isList = (view: View): view is ListView<unknown> => view.kind === 'list';
