/** Of fleet time, in a soak test; more in the long form. */
export const SOAK_HOURS = Number(process.env.THREATGUARD_SOAK_HOURS ?? 72);
/** Ten times what it takes where the machine is quiet. */
export const SOAK_MS_MAX = SOAK_HOURS * 10_000;

/**
 * By how much y grows with each x: the median of the slopes of all pairs (Theil and Sen), so that one step, such as code
 * that was compiled or a table that doubled, is not taken for a trend.
 */
export function trend(points: readonly { x: number; y: number }[]): number {
  const slopes = points.flatMap((from, index) =>
    points.slice(index + 1).map((to) => (to.y - from.y) / (to.x - from.x)),
  );
  const sorted = slopes.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle) - 1]!) / 2;
}
