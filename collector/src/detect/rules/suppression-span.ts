const UNIT_US: Record<string, number> = { s: 1e6, m: 60e6, h: 3_600e6, d: 86_400e6 };
/** What is silent for longer is better switched off. */
const SUPPRESSION_DAYS_MAX = 30;

export const SUPPRESSION_FORM = `a span of suppression is a number and s, m, h or d, such as 6h, of at most ${SUPPRESSION_DAYS_MAX}d`;

/** Microseconds of a span such as `6h`; undefined for anything else, and beyond 30 days. */
export function readSuppression(text: string): number | undefined {
  const match = /^([1-9]\d{0,6})([smhd])$/.exec(text);
  const us = match ? Number(match[1]) * UNIT_US[match[2]!]! : undefined;
  return us !== undefined && us <= SUPPRESSION_DAYS_MAX * UNIT_US.d! ? us : undefined;
}
