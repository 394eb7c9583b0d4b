// One kind of what is remembered: in Redis while that answers, in memory otherwise. What one remembers the other does not know, so
// memory begins empty whenever Redis goes.
import { createHash } from 'node:crypto';
import { MemoryLayer } from './memory-layer.ts';
import type { RedisLink } from './redis-link.ts';

const MIB = 1024 * 1024;
/** Longer ones are made again each time: Redis answers one command after the other. */
const VALUE_CHARS_MAX = 512 * 1024;

export interface LayerLimits {
  /** What is set is gone after so long, at the latest. */
  ttlMs: number;
  /** In memory, where there is no Redis. */
  entriesMax: number;
  bytesMax: number;
}

const MINUTE_MS = 60_000;

/** Each kind with its time to live. */
export const LAYERS = {
  /** Alerts of the last minutes, for streams that were cut. */
  live: { ttlMs: 5 * MINUTE_MS, entriesMax: 2_000, bytesMax: 16 * MIB },
  /** What hosts and users did before the window they are judged in. */
  baselines: { ttlMs: 60 * MINUTE_MS, entriesMax: 500, bytesMax: 32 * MIB },
  /** Answers about indicators, by the indicators there are. */
  indicators: { ttlMs: 4 * 60 * MINUTE_MS, entriesMax: 5_000, bytesMax: 16 * MIB },
  /** Logins and tokens: which state of them is the newest, and what wrong passwords cost. */
  sessions: { ttlMs: 24 * 60 * MINUTE_MS, entriesMax: 20_000, bytesMax: 8 * MIB },
} as const satisfies Record<string, LayerLimits>;

export type LayerName = keyof typeof LAYERS;

export class CacheLayer {
  readonly ttlMs: number;
  readonly memory: MemoryLayer;
  hits = 0;
  misses = 0;
  readonly #prefix: string;
  readonly #link: RedisLink | undefined;

  constructor(parts: { prefix: string; limits: LayerLimits; link: RedisLink | undefined; nowMs: () => number }) {
    this.ttlMs = parts.limits.ttlMs;
    this.memory = new MemoryLayer(parts.limits, parts.nowMs);
    this.#prefix = parts.prefix;
    this.#link = parts.link;
  }

  /** What was set, within its time; undefined where nothing was, or it is forgotten. Never throws. */
  async get(key: string): Promise<string | undefined> {
    const name = this.key(key);
    const reply = await this.#link?.ask((client) => client.command('GET', name));
    const found = reply === undefined ? this.memory.get(name) : reply;
    const value = typeof found === 'string' ? found : undefined;
    if (value === undefined) this.misses++;
    else this.hits++;
    return value;
  }

  /** For at most the time of the layer. Resolves when it is remembered, or cannot be. */
  async set(key: string, value: string, ttlMs = this.ttlMs): Promise<void> {
    const forMs = Math.floor(Math.min(ttlMs, this.ttlMs));
    if (forMs < 1 || value.length > VALUE_CHARS_MAX) return;
    const name = this.key(key);
    const reply = await this.#link?.ask((client) => client.command('SET', name, value, 'PX', forMs));
    if (reply === undefined) this.memory.set(name, value, forMs);
  }

  /** Throws nothing; where Redis is away it forgets there when its time is over. */
  async delete(key: string): Promise<void> {
    const name = this.key(key);
    this.memory.delete(name);
    await this.#link?.ask((client) => client.command('DEL', name));
  }

  /** As it is named in Redis: names of people and hosts are not to be read there. */
  key(key: string): string {
    return this.#prefix + createHash('sha256').update(key).digest('base64url');
  }
}
