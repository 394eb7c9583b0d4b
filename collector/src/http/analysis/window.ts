import { ProblemError } from '../problem.ts';
import { timeUs } from '../times.ts';
import { HOUR_US } from './behaviour.ts';

const WINDOW_US_MAX = 7 * 24 * HOUR_US;

/**
 * The window that was asked for, or the last `defaultUs`: whole hours. Throws ProblemError where it is no window, or a longer
 * one than is answered.
 */
export function windowOf(
  window: { from: string; to: string } | undefined,
  { defaultUs, nowMs }: { defaultUs: number; nowMs: number },
): { fromUs: number; toUs: number } {
  const nowUs = nowMs * 1000;
  const toUs = window ? timeUs(window.to) : nowUs;
  const fromUs = window ? timeUs(window.from) : nowUs - defaultUs;
  const wrong = (message: string) =>
    new ProblemError('invalid', `/body/window: ${message}`, { fields: [{ path: '/body/window', message }] });
  if (fromUs >= toUs) throw wrong('it ends before it begins');
  if (toUs - fromUs > WINDOW_US_MAX) throw wrong('it is longer than 7 days');
  if (fromUs < 0) throw wrong('it begins before 1970');
  return { fromUs: Math.floor(fromUs / HOUR_US) * HOUR_US, toUs: Math.ceil(toUs / HOUR_US) * HOUR_US };
}
