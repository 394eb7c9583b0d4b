import type { Cache } from '../cache/cache.ts';
import { type Allowance, MemoryRateStore, type RateStore, type RateVerdict } from './rate-limits.ts';

/** For all collectors that share a Redis; while that does not answer, for this one. */
export class SharedRateStore implements RateStore {
  readonly #cache: Pick<Cache, 'link' | 'layers'>;
  readonly #own: MemoryRateStore;

  constructor(cache: Pick<Cache, 'link' | 'layers'>, nowMs: () => number) {
    this.#cache = cache;
    this.#own = new MemoryRateStore(nowMs);
  }

  async take(key: string, cost: number, allowance: Allowance): Promise<RateVerdict> {
    // Counted here as well, so that nobody has all of his allowance again when Redis goes.
    const own = await this.#own.take(key, cost, allowance);
    const { link, layers } = this.#cache;
    const name = layers.sessions.key(`rate ${key}`);
    const { burst, perSecond } = allowance;
    const reply = await link?.ask((client) => client.script('takeRate', name, cost, burst, perSecond));
    if (!Array.isArray(reply)) return own;
    return { allowed: reply[0] === 1, retryAfterMs: Number(reply[1]) };
  }
}
