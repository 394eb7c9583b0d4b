// How many wrong passwords there were of a key, and when the last was.
import type { Cache } from '../cache/cache.ts';

/** After which wrong ones are forgotten. */
const FORGOTTEN_MS = 24 * 3_600_000;
const KEYS_MAX = 20_000;

export interface WrongCount {
  wrong: number;
  /** Since the last. */
  ageMs: number;
}

export interface WrongCounts {
  add(key: string): Promise<void>;
  read(key: string): Promise<WrongCount>;
  forget(key: string): Promise<void>;
}

/** In this process. Form: #counts by key, the one that changed last at the end; at most KEYS_MAX, the oldest go first. */
export class MemoryWrongCounts implements WrongCounts {
  readonly #counts = new Map<string, { wrong: number; lastAtMs: number }>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  async add(key: string): Promise<void> {
    const nowMs = this.#nowMs();
    const before = this.#counts.get(key);
    const wrong = before && nowMs - before.lastAtMs < FORGOTTEN_MS ? before.wrong + 1 : 1;
    this.#counts.delete(key);
    this.#counts.set(key, { wrong, lastAtMs: nowMs });
    if (this.#counts.size > KEYS_MAX) this.#counts.delete(this.#counts.keys().next().value!);
  }

  async read(key: string): Promise<WrongCount> {
    const count = this.#counts.get(key);
    return count ? { wrong: count.wrong, ageMs: this.#nowMs() - count.lastAtMs } : { wrong: 0, ageMs: 0 };
  }

  async forget(key: string): Promise<void> {
    this.#counts.delete(key);
  }
}

/** For all collectors that share a Redis; while that does not answer, for this one, which has counted what came to it. */
export class SharedWrongCounts implements WrongCounts {
  readonly #cache: Pick<Cache, 'link' | 'layers'>;
  readonly #own: MemoryWrongCounts;

  constructor(cache: Pick<Cache, 'link' | 'layers'>, nowMs: () => number) {
    this.#cache = cache;
    this.#own = new MemoryWrongCounts(nowMs);
  }

  async add(key: string): Promise<void> {
    await this.#own.add(key);
    await this.#ask('addWrong', key, FORGOTTEN_MS);
  }

  async read(key: string): Promise<WrongCount> {
    const reply = await this.#ask('readWrong', key);
    if (!Array.isArray(reply)) return this.#own.read(key);
    return { wrong: Number(reply[0]), ageMs: Number(reply[1]) };
  }

  async forget(key: string): Promise<void> {
    await this.#own.forget(key);
    const name = this.#name(key);
    await this.#cache.link?.ask((client) => client.command('DEL', name));
  }

  #ask(script: 'addWrong' | 'readWrong', key: string, ...args: number[]): Promise<unknown> {
    const name = this.#name(key);
    return this.#cache.link?.ask((client) => client.script(script, name, ...args)) ?? Promise.resolve(undefined);
  }

  #name(key: string): string {
    return this.#cache.layers.sessions.key(`wrong ${key}`);
  }
}
