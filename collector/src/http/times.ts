/** Milliseconds since the Unix epoch as ISO 8601 in UTC. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** Microseconds likewise, to the millisecond; undefined for no time. */
export function isoTimeUs(us: number | null | undefined): string | undefined {
  return us ? isoTime(Math.min(us / 1000, DATE_MS_MAX)) : undefined;
}

/** The last instant a Date can hold, ECMA-262 21.4.1.1. */
const DATE_MS_MAX = 8.64e15;

/** Microseconds of a time the schema has taken. */
export function timeUs(text: string): number {
  return Date.parse(text) * 1000;
}
