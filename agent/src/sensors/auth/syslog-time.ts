/** What the time in a log line is read against. */
export interface Clock {
  nowUs: number;
  /** The year of times that name none, by their month; without it the newest year in which they are not in the future. */
  yearOf?: (month: number) => number;
  /** IANA name or offset ("Europe/Berlin", "+02:00") of times that name none; without it the host's own. */
  timeZone?: string;
}

export interface WallTime {
  year?: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  microsecond: number;
  /** "Z" or an offset, where the line has one. */
  zone?: string;
}

/** A line may be this far ahead of our clock and still be of this year: clocks differ, zones are set wrong. */
const AHEAD_US_MAX = 26 * 3600 * 1_000_000;
/** 29 February comes every fourth year, or eighth around 1900 and 2100. */
const YEARS_BACK_MAX = 8;
/** Offsets remembered, one per zone and hour; more than two years of hours never come from one log. */
const OFFSETS_MAX = 20_000;

const offsets = new Map<string, number>();

/** Microseconds since the Unix epoch; null for a date that does not exist. */
export function toEpochUs(clock: Clock, time: WallTime): number | null {
  const year = time.year ?? clock.yearOf?.(time.month);
  if (year !== undefined) return inYear(clock, time, year);
  const thisYear = new Date(clock.nowUs / 1000).getUTCFullYear() + 1; // New Year may have come already in the line's zone
  for (let candidate = thisYear; candidate >= thisYear - YEARS_BACK_MAX - 1; candidate--) {
    const epochUs = inYear(clock, time, candidate);
    if (epochUs !== null && epochUs <= clock.nowUs + AHEAD_US_MAX) return epochUs;
  }
  return null;
}

/** The years of a log in order whose times name none: `first` at its first line, one more after each New Year. */
export function countYears(first: number): (month: number) => number {
  let year = first;
  let last = 0;
  return (month) => {
    if (month < last - 1) year++;
    // December after January is a line that came late, not eleven months of silence.
    else if (month === 12 && last === 1 && year > first) return year - 1;
    last = month;
    return year;
  };
}

function inYear(clock: Clock, time: WallTime, year: number): number | null {
  const wallMs = Date.UTC(year, time.month - 1, time.day, time.hour, time.minute, time.second);
  const wall = new Date(wallMs);
  if (wall.getUTCMonth() !== time.month - 1 || wall.getUTCDate() !== time.day || time.hour > 23) return null;
  if (time.minute > 59 || time.second > 60) return null;
  return (wallMs - offsetMs(time.zone ?? clock.timeZone, wallMs)) * 1000 + time.microsecond;
}

function offsetMs(zone: string | undefined, wallMs: number): number {
  if (zone === 'Z' || zone === 'UTC') return 0;
  const fixed = zone && /^([+-])(\d\d):?(\d\d)$/.exec(zone);
  if (fixed) return (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3])) * 60_000;
  const wall = new Date(wallMs);
  const key = `${zone ?? ''} ${Math.floor(wallMs / 3_600_000)}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  const plain = Temporal.PlainDateTime.from(wall.toISOString().slice(0, -1));
  const offset = plain.toZonedDateTime(zone ?? Temporal.Now.timeZoneId()).offsetNanoseconds / 1e6;
  if (offsets.size >= OFFSETS_MAX) offsets.clear();
  offsets.set(key, offset);
  return offset;
}
