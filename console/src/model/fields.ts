import { labelName, suggest } from '@threatguard/proto';
import { ConsoleError } from './console-error.ts';
import { type JsonRecord, type JsonValue, toJson } from './json.ts';
import type { Column } from './table.ts';

/** A listing in all its forms: the table shows some of what each record holds, JSON and CSV all of it. */
export interface Listing<Row> {
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  keys: readonly string[];
  record(row: Row): JsonRecord;
  /** Dotted names stay as they are in JSON: ECS has a field that is a value and a prefix at once. */
  flat?: true;
}

/** The listing with these keys alone, in their order: of the table a column each. Throws `usage` for a key it has not. */
export function onlyFields<Row>(listing: Listing<Row>, fields: readonly string[]): Listing<Row> {
  const keys = knownFields(fields, listing.keys);
  // Each row once, however many columns look at it.
  const records = new Map(listing.rows.map((row) => [row, pick(listing.record(row), keys)]));
  const columns = keys.map(
    (key): Column<Row> => ({ title: key, cell: (row) => cellText(records.get(row)?.[key]), shrink: true }),
  );
  return { ...listing, keys, columns, record: (row) => records.get(row) ?? {} };
}

export function knownFields(fields: readonly string[], keys: readonly string[]): string[] {
  return fields.map((field) => {
    // An event has the labels of its agent, whatever their names.
    const isLabel = keys.includes('event.id') && labelName(field) !== undefined;
    if (keys.includes(field) || isLabel) return field;
    throw new ConsoleError(
      'usage',
      `--fields: there is no "${field}" here${suggest(field, keys)}; it has ${keys.join(', ')}`,
    );
  });
}

export function pick(record: JsonRecord, keys: readonly string[]): JsonRecord {
  return Object.fromEntries(keys.map((key) => [key, record[key]]));
}

/** A value in a table: text as it is, lists by their members, anything else as JSON. */
export function cellText(value: JsonValue): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value.join(' ');
  return typeof value === 'object' ? toJson(value) : String(value);
}
