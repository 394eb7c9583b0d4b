// Times as logs write them.

/** The last instant a Date can hold, ECMA-262 21.4.1.1. */
const TIME_US_MAX = 8.64e18;
const CLOCK = String.raw`(?<hour>\d{2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:[.,](?<fraction>\d{1,9}))?)?`;
const ZONE = String.raw`\s*(?<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?`;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH = `(?<name>${MONTHS.join('|')})`;

const FORMS = [
  // ISO 8601, also with slashes
  String.raw`(?<year>\d{4})[-/](?<month>\d{2})[-/](?<day>\d{2})(?:[T ]${CLOCK})?${ZONE}`,
  // RFC 5322 and web servers: Sat, 21 Nov 2026 17:50:43 +0000; 21/Nov/2026:17:50:43 +0000
  String.raw`(?:[a-z]{3}, )?(?<day>\d{1,2})[ /-]${MONTH}[ /-](?<year>\d{4})[ :T]${CLOCK}${ZONE}`,
  // RFC 3164 and ctime: Nov 21 17:50:43; Sat Nov 21 17:50:43 2026
  String.raw`(?:[a-z]{3} )?${MONTH} {1,2}(?<day>\d{1,2}) ${CLOCK}(?: (?<year>\d{4}))?`,
].map((form) => new RegExp(String.raw`^\s*${form}\s*$`, 'i'));

/** Where none is written; a leap year, so that every day is one. */
const YEAR_WITHOUT = '1972';

/**
 * Microseconds since the Unix epoch of a time as text (ISO 8601, RFC 5322, RFC 3164 and their like; UTC where no zone is
 * written), or of a number of seconds, milli-, micro- or nanoseconds, told apart by its size. Undefined for anything else.
 */
export function parseTimeUs(value: unknown): number | undefined {
  if (typeof value === 'number') return numberUs(value);
  if (typeof value !== 'string') return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return numberUs(Number(value));
  for (const form of FORMS) {
    const parts = form.exec(value)?.groups;
    if (parts) return partsUs(parts);
  }
  return undefined;
}

function partsUs(parts: Record<string, string | undefined>): number | undefined {
  const { year = YEAR_WITHOUT, day = '', hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z' } = parts;
  const month = parts.name ? MONTHS.indexOf(parts.name.toLowerCase()) : Number(parts.month) - 1;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), month, Number(day));
  const real = date.getUTCDate() === Number(day) && date.getUTCMonth() === month;
  if (!real || Number(hour) > 24 || Number(minute) > 59 || Number(second) > 60) return undefined;
  const seconds =
    date.getTime() / 1000 + Number(hour) * 3600 + Number(minute) * 60 + Number(second) - zoneSeconds(zone);
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
