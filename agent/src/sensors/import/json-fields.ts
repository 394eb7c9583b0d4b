// Reading foreign JSON without trusting its shape: whatever a field is not, it is absent.
import { ORIGINAL_BYTES_MAX } from '@threatguard/proto';

export type JsonObject = Record<string, unknown>;

/** The object a line holds; undefined for anything else. */
export function parseObject(line: string): JsonObject | undefined {
  try {
    return objectOf(JSON.parse(line));
  } catch {
    return undefined; // counted by the caller, with its reason
  }
}

export function objectOf(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** What stands at the end of `path`; own fields only, so that "constructor" is no field. */
export function at(value: unknown, ...path: string[]): unknown {
  let node = value;
  for (const key of path) {
    const object = objectOf(node);
    node = object && Object.hasOwn(object, key) ? object[key] : undefined;
  }
  return node;
}

/** Text, or a number as text; empty for anything else. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? `${value}` : '';
}

/** A uint32, as a number or in digits (protojson writes wide integers as text). */
export function idOf(value: unknown): number | undefined {
  const number = integerOf(value);
  return number !== undefined && number <= 0xffff_ffff ? number : undefined;
}

/** An integer from 0 to 2^53 - 1, as a number or in digits. */
export function integerOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

export function portOf(value: unknown): number {
  const port = idOf(value) ?? 0;
  return port <= 65535 ? port : 0;
}

const RFC3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/i;

/** Microseconds since the epoch of an RFC 3339 time with up to nine digits of a second; undefined for any other text. */
export function timeOf(value: unknown): number | undefined {
  const match = typeof value === 'string' && value.length <= 64 ? RFC3339.exec(value) : null;
  if (!match) return undefined;
  const ms = Date.parse(`${match[1]}${match[3]}`);
  return Number.isNaN(ms) ? undefined : ms * 1000 + Number((match[2] ?? '').slice(0, 6).padEnd(6, '0'));
}

/** The line as evidence, within what an event may carry. */
export function originalOf(line: string): string {
  if (line.length * 3 <= ORIGINAL_BYTES_MAX) return line;
  const bytes = Buffer.from(line);
  let end = Math.min(bytes.length, ORIGINAL_BYTES_MAX);
  while (end < bytes.length && end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}
