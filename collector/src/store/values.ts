// How values travel between JavaScript and SQL, the same on every engine.

/** A time that is exact as a number and fits every engine: what lies outside 1970 to 2255 is moved to the nearer end. */
export function clampTimeUs(timeUs: number): number {
  return timeUs > 0 ? Math.min(Math.trunc(timeUs), Number.MAX_SAFE_INTEGER) : 0;
}

/** Microseconds since the Unix epoch as a timestamptz literal. */
export function timestamp(timeUs: number): string {
  const whole = clampTimeUs(timeUs);
  const seconds = Math.floor(whole / 1e6);
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(whole % 1e6).padStart(6, '0')}Z`;
}

/** Reads `2026-11-21 11:02:03.123456+00`, as both engines print timestamptz under TimeZone UTC and DateStyle ISO. */
function parseTimestamp(text: string): number {
  const seconds = Date.parse(`${text.slice(0, 10)}T${text.slice(11, 19)}Z`) / 1000;
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? '';
  return seconds * 1e6 + Number(fraction.padEnd(6, '0'));
}

/** Text as PostgreSQL takes it: it has no NUL and no half of a surrogate pair. Both become U+FFFD. */
export function storableText(text: string): string {
  const whole = text.isWellFormed() ? text : text.toWellFormed();
  return whole.includes('\0') ? whole.replaceAll('\0', '\uFFFD') : whole;
}

/** Of a text in an index whose entries are limited (2,704 bytes); names longer than this are not names. */
const INDEXED_UNITS_MAX = 256;

/** Text as it stands in such an index, and as it is looked for there. */
export function indexableText(text: string): string {
  return storableText(text.slice(0, INDEXED_UNITS_MAX));
}

/**
 * A message whose texts protobuf can carry. protobufjs writes half of a surrogate pair (text cut in its middle) as bytes
 * that it then refuses to read, and what cannot be read again must not be stored or signed.
 */
export function encodable<T>(message: T): T {
  if (typeof message === 'string') return (message.isWellFormed() ? message : message.toWellFormed()) as T;
  if (typeof message !== 'object' || message === null || ArrayBuffer.isView(message)) return message;
  if (Array.isArray(message)) return message.map(encodable) as T;
  return Object.fromEntries(Object.entries(message).map(([key, value]) => [encodable(key), encodable(value)])) as T;
}

/** A count that fits bigint and a JavaScript number; hostile ones become the nearer end of the range. */
export function storableCount(count: number | null | undefined): number {
  return count && count > 0 ? Math.min(Math.trunc(count), Number.MAX_SAFE_INTEGER) : 0;
}

/** A small code for a smallint column, 0 for what does not fit. */
export function storableCode(code: number | null | undefined): number {
  return code && code > 0 && code < 32_768 ? code : 0;
}

/** Bytes as a bytea literal, for JSON parameters. */
export function bytea(bytes: Uint8Array): string {
  return `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`;
}

/** PostgreSQL type ids that both drivers hand to these parsers, so that a row is the same whichever read it. */
export const PARSERS: Record<number, (text: string) => unknown> = {
  16: (text) => text === 't',
  17: (text) => Uint8Array.fromHex(text.slice(2)), // bytea, under bytea_output hex
  20: Number, // int8
  21: Number, // int2
  23: Number, // int4
  701: Number, // float8
  1184: parseTimestamp,
};
