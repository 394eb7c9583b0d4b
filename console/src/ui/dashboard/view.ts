// What a view of the dashboard is. A view is one row of views/index.ts; everything else follows from it: its `:` command,
// its aliases, its help, its keys, the command line that shows the same.
import type { Alert } from '@threatguard/proto';
import type { Column } from '../../model/table.ts';
import type { DashboardSource } from '../../services/dashboard-source.ts';
import type { Line, Tone } from './spans.ts';

/** Where the dashboard is: a view, and what of it (an id, a name, a query); empty for all. */
export interface Place {
  view: string;
  arg: string;
}

/** How things are drawn. */
export interface Look {
  columns: number;
  rows: number;
  utc: boolean;
  ascii: boolean;
  /** All columns, however narrow. */
  wide: boolean;
  nowMs: number;
}

/** A value of a row from which one may go on to everything about it. */
export interface Pivot {
  /** `user root` */
  label: string;
  value: string;
  place: Place;
}

export interface ListColumn<Row> extends Column<Row> {
  /** What the column sorts by, where it is not its text. */
  order?(row: Row): number;
  tone?(row: Row): Tone | undefined;
}

/** What an act needs of a person before it is done. */
export type Asked =
  | { kind: 'nothing' }
  /** y or n. */
  | { kind: 'confirm'; question: string }
  /** A line of text; with `required`, not an empty one. */
  | { kind: 'text'; question: string; required: boolean }
  /** The words themselves, typed: for what cannot be taken back. */
  | { kind: 'words'; question: string; words: string }
  | {
      kind: 'choice';
      question: string;
      choices: readonly { key: string; label: string; value: string }[];
      reason: string;
    };

/** What became of an act: a sentence, with where it goes on from here. */
type Became = string | { said: string; leadsTo: Place | 'back' };

/** Something a key does to the selected rows, or the marked ones. */
export interface Act<Row> {
  key: string;
  label: string;
  /** The scope it needs; `alerts:write` where nothing stands here. */
  needs?: string;
  /** Undefined where it does not apply to these. */
  asks(rows: readonly Row[]): Asked | undefined;
  /** `answer` is the text or the value that was asked for, `reason` a second one. */
  run(source: DashboardSource, rows: readonly Row[], given: { answer: string; reason: string }): Promise<Became>;
}

interface AnyView {
  name: string;
  aliases: readonly string[];
  /** For help and completion. */
  summary: string;
  /** What its argument is called; absent where it takes none. */
  takes?: string;
  /** Without its argument it shows all. */
  mayTakeNone?: true;
  /** Asked again so often while it is shown; 0 where alerts themselves bring the news. */
  refreshMs: number;
  /** The command line that shows the same. */
  command(arg: string): string;
  /** Of a view that shows what several commands do: the others. */
  commandsBeside?(arg: string): readonly string[];
  /** Whether an alert that just came changes what is shown. */
  concerns?(arg: string, alert: Alert): boolean;
}

export interface ListView<Row> extends AnyView {
  kind: 'list';
  /** Newest or worst first. */
  rows(source: DashboardSource, arg: string): Promise<readonly Row[]>;
  id(row: Row): string;
  columns(look: Look): readonly ListColumn<Row>[];
  /** Where `enter` leads. */
  open?(row: Row): Place | undefined;
  pivots?(row: Row): readonly Pivot[];
  acts?: readonly Act<Row>[];
  /** Said where there are none. */
  empty: string;
}

/** A line of a page; one with a place can be selected and entered. */
export interface PageLine {
  spans: Line;
  place?: Place | undefined;
  /** What is copied of it. */
  value?: string | undefined;
}

export interface PageView<Data> extends AnyView {
  kind: 'page';
  load(source: DashboardSource, arg: string): Promise<Data>;
  lines(data: Data, look: Look): readonly PageLine[];
  pivots?(data: Data): readonly Pivot[];
  acts?: readonly Act<Data>[];
  /** What is filled in is its argument: to go from it to itself is no step that one would go back. */
  form?: true;
}

export type View = ListView<unknown> | PageView<unknown>;

/** A view as the table of views holds it, whatever its rows are: only itself is ever given them back. */
export function list<Row>(view: Omit<ListView<Row>, 'kind'>): View {
  return { kind: 'list', ...view } as unknown as View;
}

export function page<Data>(view: Omit<PageView<Data>, 'kind'>): View {
  return { kind: 'page', ...view } as unknown as View;
}
