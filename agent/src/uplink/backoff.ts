/**
 * A collector that restarts loses its whole fleet at one moment: the first wait is spread over this long, so that 1,000
 * agents make 250 attempts a second, and 400 in the worst while it stays away.
 */
const BACKOFF_MS_MIN = 4_000;
const BACKOFF_MS_MAX = 32_000;

/**
 * How long to wait before attempt `failures` + 1: exponential with full jitter, so that a fleet whose collector comes back
 * does not come back all at once. `random` gives [0, 1).
 */
export function backoffMs(failures: number, random: () => number): number {
  const ceiling = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(failures, 16));
  return Math.round(random() * ceiling);
}
