import type { JsonValue } from './json.ts';
import { toJson } from './json.ts';
import { printable } from './printable.ts';

/** One line of RFC 4180, without its line end. Text is made printable; lists and objects are JSON in a cell. */
export function toCsvLine(values: readonly JsonValue[]): string {
  return values.map(toCell).join(',');
}

/** The heading of the lines: our own names, which are never formulas. */
export function toCsvHeader(keys: readonly string[]): string {
  return keys.join(',');
}

function toCell(value: JsonValue): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? printable(value) : toJson(value);
  // A spreadsheet runs what begins like a formula; an apostrophe keeps it text.
  const inert = /^[=+\-@]/.test(text) ? `'${text}` : text;
  return /[",]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
