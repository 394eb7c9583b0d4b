import { setTimeout } from 'node:timers/promises';

/** Waits until a condition gives something, looking every 20 ms; throws what it waited for once the limit is over. */
export async function until<T>(
  condition: () => T | Promise<T>,
  options: { limitMs: number; what: string | (() => string) },
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = performance.now() + options.limitMs;
  for (;;) {
    const found = await condition();
    if (found) return found as NonNullable<Exclude<T, false>>;
    if (performance.now() > deadline) {
      const what = typeof options.what === 'string' ? options.what : options.what();
      throw new Error(`waited ${options.limitMs} ms in vain for ${what}`);
    }
    await setTimeout(20);
  }
}
