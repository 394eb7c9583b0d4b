// A list as lines: heading, the rows that fit with the selected one among them, marks. Pure.
import { layoutTable } from '../../model/table.ts';
import { type PlaceState, type Sort, scrolledTo, shownRows } from './place-state.ts';
import { fitLine, highlight, type Line, line, type Span, span } from './spans.ts';
import type { ListColumn, ListView, Look } from './view.ts';

const MARGIN = 2;

export interface ListShown {
  lines: Line[];
  /** Rows that pass the filter. */
  count: number;
  /** Number of the selected row among them, from 0. */
  at: number;
  top: number;
}

export function listLines(view: ListView<unknown>, state: PlaceState, look: Look): ListShown {
  const rows = shownRows(view, state, look);
  const found = state.selected === undefined ? 0 : rows.findIndex((row) => view.id(row) === state.selected);
  const at = Math.max(0, found);
  const room = Math.max(1, look.rows - 1);
  const top = scrolledTo(at, state.top, room, rows.length);
  const visible = rows.slice(top, top + room);
  if (visible.length === 0) return { lines: emptyLines(view, state, look), count: 0, at: 0, top: 0 };
  const columns = view.columns(look);
  const fitting = look.wide ? columns.map((column) => ({ ...column, optional: undefined })) : columns;
  const table = layoutTable(
    fitting.map((column) => titled(column, state.sort)),
    visible,
    look.columns - MARGIN,
  );
  const heading = table.columns.map(({ title }, index) => span(table.fit(title, index), 'title'));
  const drawn = visible.map((row, index) => {
    const marked = state.marks.has(view.id(row));
    const selected = top + index === at;
    const spans: Span[] = [span(`${selected ? '>' : ' '}${marked ? '*' : ' '}`)];
    for (const [column, cell] of table.cells[index]!.entries()) {
      if (column > 0) spans.push(span('  '));
      spans.push(span(table.fit(cell, column), table.columns[column]!.tone?.(row)));
    }
    return selected ? highlight(spans, look.columns) : fitLine(spans, look.columns);
  });
  return { lines: [fitLine([span('  '), ...between(heading)], look.columns), ...drawn], count: rows.length, at, top };
}

/** The column that a list is sorted by says so. */
function titled(column: ListColumn<unknown>, sort: Sort | undefined): ListColumn<unknown> {
  if (column.title !== sort?.column) return column;
  return { ...column, title: `${column.title}${sort.descending ? '-' : '+'}` };
}

function between(spans: readonly Span[]): Span[] {
  return spans.flatMap((each, index) => (index > 0 ? [span('  '), each] : [each]));
}

function emptyLines(view: ListView<unknown>, { data, trouble, filter }: PlaceState, look: Look): Line[] {
  const rows = (data as readonly unknown[] | undefined)?.length ?? 0;
  const why =
    data === undefined
      ? trouble || 'asking the collector'
      : rows > 0 && filter
        ? `none of ${rows} matches ${filter}; esc shows all`
        : view.empty;
  return [fitLine(line(''), look.columns), fitLine(line(`  ${why}`, trouble ? 'bad' : 'dim'), look.columns)];
}
