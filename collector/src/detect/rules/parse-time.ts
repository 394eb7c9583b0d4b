// Times as logs write them.

/** The last instant a Date can hold, ECMA-262 21.4.1.1. */
const TIME_US_MAX = 8.64e18;
const ISO =
  /^\s*(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?\s*$/i;

/**
 * Microseconds since the Unix epoch of ISO 8601 text (UTC where no zone is written; `T` or a space between), or of a number
 * of seconds, milli-, micro- or nanoseconds, told apart by its size. Undefined for anything else.
 */
export function parseTimeUs(value: unknown): number | undefined {
  if (typeof value === 'number') return numberUs(value);
  if (typeof value !== 'string') return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return numberUs(Number(value));
  const found = ISO.exec(value);
  if (!found) return undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = found;
  const dayMs = Date.UTC(Number(year), Number(month) - 1, Number(day));
  if (new Date(dayMs).getUTCDate() !== Number(day) || Number(hour) > 24 || Number(minute) > 59 || Number(second) > 60) {
    return undefined;
  }
  const seconds = dayMs / 1000 + Number(hour) * 3600 + Number(minute) * 60 + Number(second) - zoneSeconds(zone);
  return seconds * 1e6 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

function zoneSeconds(zone: string): number {
  const found = /^([+-])(\d{2}):?(\d{2})$/.exec(zone);
  if (!found) return 0;
  const seconds = Number(found[2]) * 3600 + Number(found[3]) * 60;
  return found[1] === '-' ? -seconds : seconds;
}

/** Of the years 1973 to 5138 in seconds; other units are a thousand times as large each. */
function numberUs(value: number): number | undefined {
  if (!Number.isFinite(value) || value < 0) return undefined;
  const us = value < 1e11 ? value * 1e6 : value < 1e14 ? value * 1e3 : value < 1e17 ? value : value / 1e3;
  return us <= TIME_US_MAX ? Math.round(us) : undefined;
}
