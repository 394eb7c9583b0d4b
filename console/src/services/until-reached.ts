import { setTimeout as wait } from 'node:timers/promises';
import { isUnreachable } from '../model/console-error.ts';

const RETRY_MS = 500;

/**
 * Does `work`, and does it again while it finds no collector, for at most `msMax` (for as long as it takes, where absent); each
 * reason is told once. Throws what else `work` throws, and the reason of `signal` once that fires.
 */
export async function untilReached<Result>(
  work: () => Promise<Result>,
  {
    signal,
    msMax = Number.POSITIVE_INFINITY,
    onNote,
  }: { signal: AbortSignal; msMax?: number; onNote?(note: string): void },
): Promise<Result> {
  const deadlineMs = Date.now() + msMax;
  let told = '';
  for (;;) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!isUnreachable(error) || Date.now() >= deadlineMs) throw error;
      if (error.message !== told) onNote?.(error.message);
      told = error.message;
    }
    await wait(RETRY_MS, undefined, { signal });
  }
}
