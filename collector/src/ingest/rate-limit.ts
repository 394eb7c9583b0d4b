// Token buckets for peers that nobody knows yet. Invariant: at most KEYS_MAX buckets; a full one is forgotten.

const KEYS_MAX = 4096;

/** Allows `burst` at once and `perSecond` after that, for each key and for all together (`total` times as much). */
export class RateLimit {
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #totalFactor: number;
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();
  #total: { tokens: number; atMs: number } | undefined;

  constructor(parts: { burst: number; perSecond: number; totalFactor: number }) {
    this.#burst = parts.burst;
    this.#perSecond = parts.perSecond;
    this.#totalFactor = parts.totalFactor;
  }

  allows(key: string, nowMs: number): boolean {
    const own = this.#refill(this.#buckets.get(key), 1, nowMs);
    const total = this.#refill(this.#total, this.#totalFactor, nowMs);
    const allowed = own.tokens >= 1 && total.tokens >= 1;
    if (allowed) {
      own.tokens -= 1;
      total.tokens -= 1;
    }
    this.#total = total;
    // Newest last, so the one dropped is the one unused for longest.
    this.#buckets.delete(key);
    this.#buckets.set(key, own);
    if (this.#buckets.size > KEYS_MAX) this.#buckets.delete(this.#buckets.keys().next().value!);
    return allowed;
  }

  #refill(bucket: { tokens: number; atMs: number } | undefined, factor: number, nowMs: number) {
    if (!bucket) return { tokens: this.#burst * factor, atMs: nowMs };
    const gained = ((nowMs - bucket.atMs) / 1000) * this.#perSecond * factor;
    return { tokens: Math.min(this.#burst * factor, bucket.tokens + Math.max(0, gained)), atMs: nowMs };
  }
}
