import { Flags } from '@oclif/core';
import { wholeNumber } from './console-command.ts';
import type { Output } from './output.ts';

/** More no list prints: a file of evidence or an export is for that. */
const ROWS_MAX = 100_000;

/** Of lists whose rows have a time. */
export const timeRangeFlags = {
  since: Flags.string({ summary: 'Since a time, or for a duration up to now: 15m, 24h, 7d.', helpValue: 'TIME' }),
  until: Flags.string({ summary: 'Until a time; a duration counts back from now.', helpValue: 'TIME' }),
};

/** Of lists that are short as a rule, and are given whole without. */
export const wholeListFlags = {
  limit: Flags.string({ summary: 'At most this many; all of them without.', helpValue: 'N' }),
};

/** The first rows, as many as were asked for; says so where there are more. */
export function firstRows<Row>(rows: readonly Row[], flags: { limit?: string | undefined }, output: Output): Row[] {
  const limit = flags.limit === undefined ? ROWS_MAX : wholeNumber('limit', flags.limit, { min: 1, max: ROWS_MAX });
  if (rows.length > limit) output.note(`${limit} of ${rows.length} shown; --limit shows more`);
  return rows.slice(0, limit);
}
