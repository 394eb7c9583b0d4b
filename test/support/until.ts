import { setTimeout } from 'node:timers/promises';

/** How much slower a machine may be that does much else: a limit ends what hangs, it does not measure. */
export const SLOWER_MAX = 4;

/**
 * Waits until a condition gives something, looking every 20 ms where nothing else is said; throws what it waited for once the
 * limit is over. `limitMs` is what a quiet machine would need at most.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  options: { limitMs: number; what: string | (() => string); everyMs?: number },
): Promise<NonNullable<Exclude<T, false>>> {
  const limitMs = options.limitMs * SLOWER_MAX;
  const deadline = performance.now() + limitMs;
  for (;;) {
    const found = await condition();
    if (found) return found as NonNullable<Exclude<T, false>>;
    if (performance.now() > deadline) {
      const what = typeof options.what === 'string' ? options.what : options.what();
      throw new Error(`waited ${limitMs} ms in vain for ${what}`);
    }
    await setTimeout(options.everyMs ?? 20);
  }
}
