import { ProblemError } from './problem.ts';

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

/**
 * The times of a question, as far as it has them; `place` is where they stood. Throws ProblemError where it asks for a time
 * that ends before it begins: of that there is nothing, and whoever asks would take it for an answer.
 */
export function spanUs(
  { since, until }: { since?: string | undefined; until?: string | undefined },
  place: '/query' | '/body',
): { sinceUs?: number; untilUs?: number } {
  const span = {
    ...(since !== undefined && { sinceUs: timeUs(since) }),
    ...(until !== undefined && { untilUs: timeUs(until) }),
  };
  if ((span.sinceUs ?? 0) > (span.untilUs ?? Number.POSITIVE_INFINITY)) {
    const field = { path: `${place}/until`, message: 'this is before since' };
    throw new ProblemError('invalid', `${field.path}: ${field.message}`, { fields: [field] });
  }
  return span;
}

/** Microseconds of a time the schema has taken. */
export function timeUs(text: string): number {
  return Date.parse(text) * 1000;
}
