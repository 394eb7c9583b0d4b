const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 1000;

/** How many rows a page has: what was asked for within reason, 100 where nothing was. */
export function clampLimit(limit: number | null | undefined): number {
  return Math.min(limit || LIMIT_DEFAULT, LIMIT_MAX);
}
