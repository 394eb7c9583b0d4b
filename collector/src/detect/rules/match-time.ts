// Parts of a date, as it is written: no time zone is converted (Sigma's modifiers appendix, Time Modifiers).
import type { FieldValue } from './fields.ts';
import type { TimePart } from './modifiers.ts';
import { parseTimeUs } from './parse-time.ts';

/** What a part may be; a rule that asks for anything else is refused. ISO 8601 has a week 53 in long years. */
export const PART_RANGES: Record<TimePart, readonly [min: number, max: number]> = {
  minute: [0, 59],
  hour: [0, 23],
  day: [1, 31],
  week: [1, 53],
  month: [1, 12],
  year: [0, 9999],
};

const WRITTEN = /^\s*(\d{4})[-/](\d{2})[-/](\d{2})(?:[T ](\d{2}):(\d{2}))?/;
const DAY_MS = 86_400_000;

/** The part of a date and time as text, or as a number of seconds (or smaller units) since 1970, then in UTC. */
export function readPart(value: FieldValue, part: TimePart): number | undefined {
  const text = typeof value === 'number' ? isoOf(value) : value;
  const found = typeof text === 'string' ? WRITTEN.exec(/^\d+(\.\d+)?$/.test(text) ? isoOf(text) : text) : null;
  if (!found) return undefined;
  const [, year, month, day, hour, minute] = found.map((digits) => (digits === undefined ? undefined : Number(digits)));
  if (part === 'week') return weekOf(Date.UTC(year!, month! - 1, day));
  return { year, month, day, hour, minute }[part];
}

function isoOf(value: number | string): string {
  const atUs = parseTimeUs(value);
  return atUs === undefined ? '' : new Date(atUs / 1000).toISOString();
}

/** ISO 8601: weeks begin on Monday, and belong to the year of their Thursday. */
function weekOf(dayMs: number): number | undefined {
  if (Number.isNaN(dayMs)) return undefined;
  const weekday = (new Date(dayMs).getUTCDay() + 6) % 7;
  const thursdayMs = dayMs + (3 - weekday) * DAY_MS;
  const yearMs = Date.UTC(new Date(thursdayMs).getUTCFullYear(), 0, 1);
  return 1 + Math.floor((thursdayMs - yearMs) / (7 * DAY_MS));
}
