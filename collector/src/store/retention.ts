/** Days each kind is kept. What is older than the midnight (UTC) that many days ago goes. */
export interface Retention {
  events: number;
  /** With what was set aside and what was refused. */
  evidence: number;
  losses: number;
  /** Alerts with their history, detections, incidents, and entities since their last alert. */
  alerts: number;
  /** The series of risk. */
  risk: number;
  audit: number;
  seriesMinute: number;
}

/** Hours and days of the series are few and what baselines live on: a year, and seven to compare years by. */
export const SERIES_HOUR_DAYS = 366;
export const SERIES_DAY_DAYS = 7 * 366;
/** Join tokens after they expired; that they were made stands in the audit log. */
export const TOKEN_DAYS = 30;

export const DAY_US = 86_400_000_000;

/** Days since 1970-01-01 UTC. */
export function dayOf(timeUs: number): number {
  return Math.floor(timeUs / DAY_US);
}

/** Microseconds since the Unix epoch at which a day begins. */
export function dayStartUs(day: number): number {
  return day * DAY_US;
}

/** The first day that is kept. */
export function firstDayKept(nowUs: number, days: number): number {
  return dayOf(nowUs) - days;
}
