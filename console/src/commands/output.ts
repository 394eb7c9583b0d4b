import type { ExportFormat } from '@threatguard/proto/export';
import { toCsvHeader, toCsvLine } from '../model/csv.ts';
import { type JsonRecord, nest, toJson } from '../model/json.ts';
import { printable } from '../model/printable.ts';
import { type Column, renderTable } from '../model/table.ts';
import type { Invocation } from './invocation.ts';

const ESC = '\u001b';

export const OUTPUT_FORMATS = ['table', 'json', 'csv'] as const;
/** Commands that print alerts or events have schemas of others too (export-output.ts). */
export type OutputFormat = (typeof OUTPUT_FORMATS)[number] | ExportFormat;

/** A listing in all its forms: the table shows some of what each record holds, JSON and CSV all of it. */
export interface Listing<Row> {
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  keys: readonly string[];
  record(row: Row): JsonRecord;
  /** Dotted names stay as they are in JSON: ECS has a field that is a value and a prefix at once. */
  flat?: true;
}

/** Where a command writes: data to stdout, notes to stderr. */
export class Output {
  readonly format: OutputFormat;
  readonly utc: boolean;
  readonly colour: boolean;
  /** Columns of the terminal; undefined in a pipe, where nothing is cut. */
  readonly columns: number | undefined;
  readonly #invocation: Invocation;
  /** Lines that `repaint` has to go back over. */
  #painted = 0;

  constructor(options: { format: OutputFormat; utc: boolean; invocation: Invocation }) {
    const { stdout, env } = options.invocation;
    this.format = options.format;
    this.utc = options.utc;
    // https://no-color.org: present and not empty.
    this.colour = Boolean(stdout.isTTY) && !env.NO_COLOR && env.TERM !== 'dumb';
    this.columns = stdout.isTTY ? stdout.columns || 80 : undefined;
    this.#invocation = options.invocation;
  }

  /** A finished line: whatever host text it holds is printable already. */
  line(text: string): void {
    this.#invocation.stdout.write(`${text}\n`);
  }

  lines(texts: readonly string[]): void {
    if (texts.length > 0) this.line(texts.join('\n'));
  }

  /** Finished lines in the place of those painted before; below them where this is no terminal. */
  repaint(texts: readonly string[]): void {
    const { stdout } = this.#invocation;
    // What is taller than the terminal cannot be painted over again.
    const fitting = this.columns === undefined ? texts : texts.slice(0, Math.max(1, (stdout.rows ?? 24) - 1));
    if (this.#painted > 0) stdout.write(`${ESC}[${this.#painted}A${ESC}[J`);
    this.lines(fitting);
    if (this.columns !== undefined) this.#painted = fitting.length;
  }

  note(text: string): void {
    this.#painted = 0;
    this.#invocation.stderr.write(`${printable(text)}\n`);
  }

  json(record: JsonRecord): void {
    this.line(toJson(nest(record)));
  }

  csv(keys: readonly string[], record: JsonRecord): void {
    this.line(toCsvLine(keys.map((key) => record[key])));
  }

  list<Row>(listing: Listing<Row>): void {
    if (this.format === 'json') {
      const lines = listing.rows.map((row) => toJson(listing.flat ? listing.record(row) : nest(listing.record(row))));
      this.line(lines.length > 0 ? `[\n${lines.join(',\n')}\n]` : '[]');
    } else if (this.format === 'csv') {
      this.line(toCsvHeader(listing.keys));
      for (const row of listing.rows) this.csv(listing.keys, listing.record(row));
    } else if (listing.rows.length > 0) {
      this.lines(renderTable(listing.columns, listing.rows, this.columns));
    }
  }

  /** One thing: pairs as a table, an object as JSON, a header and a line as CSV. */
  show(record: JsonRecord, table: () => readonly string[]): void {
    if (this.format === 'json') {
      this.json(record);
    } else if (this.format === 'csv') {
      this.line(toCsvHeader(Object.keys(record)));
      this.csv(Object.keys(record), record);
    } else {
      this.lines(table());
    }
  }
}
