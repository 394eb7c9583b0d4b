import { ConsoleError } from './console-error.ts';

const UNIT_MS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const DURATION = /^(\d{1,9})(s|m|h|d|w)$/;
const ISO = /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** A duration before now (`15m`, `24h`, `7d`) or an ISO time; local unless it names a zone or `utc` is set. Microseconds. */
export function parseTime(text: string, from: { flag: string; nowMs: number; utc: boolean }): number {
  const duration = DURATION.exec(text);
  if (duration) return (from.nowMs - Number(duration[1]) * UNIT_MS[duration[2]!]!) * 1000;
  if (ISO.test(text)) {
    const whole = text.length === 10 ? `${text}T00:00` : text.replace(' ', 'T');
    const zoned = /(Z|[+-]\d{2}:?\d{2})$/.test(whole.slice(10)) || !from.utc ? whole : `${whole}Z`;
    const ms = Date.parse(zoned);
    if (!Number.isNaN(ms)) return ms * 1000;
  }
  throw new ConsoleError(
    'usage',
    `${from.flag} "${text}" is not a time; write a duration such as 15m, 24h or 7d, or a time such as 2026-11-21T10:00`,
  );
}

/** ISO 8601 in UTC with microseconds; undefined for 0, which on the wire means "not set". */
export function isoTime(us: number | null | undefined): string | undefined {
  if (!us || !Number.isFinite(us) || Math.abs(us) > 8.64e18) return undefined;
  const micros = ((us % 1000) + 1000) % 1000;
  return new Date(Math.floor(us / 1000)).toISOString().replace('Z', `${String(Math.floor(micros)).padStart(3, '0')}Z`);
}

/** `2026-11-21 10:00:00`, local or UTC; `-` for a time that is not set. */
export function humanTime(us: number | null | undefined, utc: boolean): string {
  if (!us || !Number.isFinite(us) || Math.abs(us) > 8.64e18) return '-';
  const ms = Math.floor(us / 1000);
  const shifted = utc ? ms : ms - new Date(ms).getTimezoneOffset() * 60_000;
  return new Date(shifted).toISOString().slice(0, 19).replace('T', ' ');
}

/** The time of day of `humanTime`. */
export function clockTime(us: number | null | undefined, utc: boolean): string {
  const time = humanTime(us, utc);
  return time.length > 11 ? time.slice(11) : time;
}

/** The zone that `humanTime` writes in, for a heading: `UTC` or `UTC+01:00`. */
export function zoneName(nowMs: number, utc: boolean): string {
  const minutes = utc ? 0 : -new Date(nowMs).getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const two = (value: number) => String(Math.trunc(Math.abs(value))).padStart(2, '0');
  return `UTC${minutes < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`;
}

/** How long ago, in the largest unit that fits: `12s`, `5m`, `3h`, `2d`; `never` for a time that is not set. */
export function age(us: number | null | undefined, nowMs: number): string {
  if (!us) return 'never';
  const seconds = Math.max(0, Math.round(nowMs / 1000 - us / 1_000_000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}
