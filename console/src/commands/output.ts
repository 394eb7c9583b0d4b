import type { ExportFormat } from '@threatguard/proto/export';
import { toCsvHeader, toCsvLine } from '../model/csv.ts';
import { cellText, knownFields, type Listing, onlyFields, pick } from '../model/fields.ts';
import { type JsonRecord, nest, toJson } from '../model/json.ts';
import { printable } from '../model/printable.ts';
import { renderPairs, renderTable } from '../model/table.ts';
import type { Invocation } from './invocation.ts';

const ESC = '\u001b';

export const OUTPUT_FORMATS = ['table', 'json', 'csv'] as const;
/** Commands that print alerts or events have schemas of others too (export-output.ts). */
export type OutputFormat = (typeof OUTPUT_FORMATS)[number] | ExportFormat;

/** https://no-color.org: present and not empty. */
export function showsColour({ stdout, env }: Pick<Invocation, 'stdout' | 'env'>): boolean {
  return Boolean(stdout.isTTY) && !env.NO_COLOR && env.TERM !== 'dumb';
}

/** Where a command writes: data to stdout, notes to stderr. */
export class Output {
  readonly format: OutputFormat;
  readonly utc: boolean;
  readonly colour: boolean;
  /** Columns of the terminal; undefined in a pipe, where nothing is cut. */
  readonly columns: number | undefined;
  /** The keys that were asked for; undefined for all. */
  readonly #fields: readonly string[] | undefined;
  readonly #invocation: Invocation;
  /** Lines that `repaint` has to go back over. */
  #painted = 0;

  constructor(options: {
    format: OutputFormat;
    utc: boolean;
    fields?: readonly string[] | undefined;
    invocation: Invocation;
  }) {
    const { stdout } = options.invocation;
    this.format = options.format;
    this.utc = options.utc;
    this.colour = showsColour(options.invocation);
    this.columns = stdout.isTTY ? stdout.columns || 80 : undefined;
    this.#fields = options.fields;
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
    this.line(toJson(nest(this.#fields ? pick(record, knownFields(this.#fields, Object.keys(record))) : record)));
  }

  /** Throws `usage` where a field was asked for that is none of these. */
  checkFields(keys: readonly string[]): void {
    if (this.#fields) knownFields(this.#fields, keys);
  }

  /** One line, dotted names as they are. */
  flatJson(keys: readonly string[], record: JsonRecord): void {
    this.line(toJson(this.#fields ? pick(record, knownFields(this.#fields, keys)) : record));
  }

  /** The fields that were asked for as a line of text; undefined where none were. */
  cells(record: JsonRecord): string | undefined {
    return this.#fields?.map((field) => printable(cellText(record[field]))).join('  ');
  }

  csvHeader(keys: readonly string[]): void {
    this.line(toCsvHeader(this.#fields ? knownFields(this.#fields, keys) : keys));
  }

  csv(keys: readonly string[], record: JsonRecord): void {
    this.line(toCsvLine((this.#fields ?? keys).map((key) => record[key])));
  }

  list<Row>(whole: Listing<Row>): void {
    const listing = this.#fields ? onlyFields(whole, this.#fields) : whole;
    if (this.format === 'json') {
      const lines = listing.rows.map((row) => toJson(listing.flat ? listing.record(row) : nest(listing.record(row))));
      this.line(lines.length > 0 ? `[\n${lines.join(',\n')}\n]` : '[]');
    } else if (this.format === 'csv') {
      this.csvHeader(listing.keys);
      for (const row of listing.rows) this.csv(listing.keys, listing.record(row));
    } else if (listing.rows.length > 0) {
      this.lines(renderTable(listing.columns, listing.rows, this.columns));
    }
  }

  /** One thing: pairs as a table, an object as JSON, a header and a line as CSV. */
  show(whole: JsonRecord, table: () => readonly string[]): void {
    const record = this.#fields ? pick(whole, knownFields(this.#fields, Object.keys(whole))) : whole;
    if (this.#fields && this.format === 'table') {
      this.lines(renderPairs(Object.entries(record).map(([name, value]) => [name, cellText(value)] as const)));
    } else if (this.format === 'json') {
      this.json(record);
    } else if (this.format === 'csv') {
      this.csvHeader(Object.keys(record));
      this.csv(Object.keys(record), record);
    } else {
      this.lines(table());
    }
  }
}
