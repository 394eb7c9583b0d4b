/** Numbers from here on are milliseconds: as seconds they would be after the year 5000. */
const MILLISECONDS_FROM = 1e11;

/**
 * The time in a cell, in seconds since 1970 (UTC where it names no zone): ISO 8601, with a blank instead of the T as well, or
 * seconds or milliseconds since the epoch. Undefined for anything else.
 */
export function readTime(cell: string): number | undefined {
  const text = cell.trim();
  if (/^[+-]?\d+(?:\.\d+)?$/.test(text)) {
    const number = Number(text);
    return Math.abs(number) >= MILLISECONDS_FROM ? number / 1000 : number;
  }
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?) ?(Z|[+-]\d{2}:?\d{2})?)?$/i.exec(text);
  if (!match) return undefined;
  const [, date, time = '00:00', zone = 'Z'] = match;
  const atMs = Date.parse(`${date}T${time.replace(',', '.')}${zone.replace(/^(.\d\d)(\d\d)$/, '$1:$2').toUpperCase()}`);
  return Number.isNaN(atMs) ? undefined : atMs / 1000;
}
