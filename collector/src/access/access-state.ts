// Whether what this process knows of users, logins and tokens is what the store has: other collectors change that too.
//
// The store counts its changes. Each collector says the number of its own in Redis before it answers, and every request asks
// there first; where Redis does not answer, came back, or has forgotten, the store is asked. A change that could not be said in
// Redis is found by looking into the store every POLL_MS. Where neither answers nobody is let in.
//
// Invariant: #loaded is the number of a state all of which is in memory.
import type { Cache } from '../cache/cache.ts';
import type { AccessStore } from '../store/access-store.ts';
import { StoreError } from '../store/store-error.ts';
import { SharedQuestion } from './shared-question.ts';

const POLL_MS = 1_000;
/** Changes made here while all is read are read again; after so many times the next request does. */
const LOADS_MAX = 5;

export interface AccessStateParts {
  store: AccessStore;
  cache: Pick<Cache, 'link' | 'layers'>;
  /** Takes all of it from the store. */
  load: () => Promise<void>;
  failed: (error: unknown) => void;
}

export class AccessState implements Disposable {
  readonly #parts: AccessStateParts;
  readonly #key: string;
  readonly #stop = new AbortController();
  #loaded: number;
  #changes = 0;
  /** Of the link, in which the number of the store was said. */
  #saidInEra = -1;
  readonly #inStore: SharedQuestion<number>;
  readonly #inRedis: SharedQuestion<number | undefined>;
  #loading: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  /** `loaded` is what the store counted before it was read. */
  constructor(parts: AccessStateParts, loaded: number) {
    this.#parts = parts;
    this.#loaded = loaded;
    this.#inStore = new SharedQuestion(() => parts.store.version());
    this.#inRedis = new SharedQuestion(() => this.#askRedis());
    this.#key = parts.cache.layers.sessions.key('access version');
    parts.store.onChange((version) => this.#changed(version));
    this.#pollLater();
  }

  /** Resolves when memory has every change that was answered before; throws StoreError where nobody can say. */
  async refresh(): Promise<void> {
    // Without Redis this is the only collector, or others' changes are here with the next poll.
    if (!this.#parts.cache.link) return;
    await this.#loadUpTo(await this.#newest());
  }

  async #newest(): Promise<number> {
    const known = await this.#inRedis.ask();
    if (known !== undefined) return known;
    const era = this.#parts.cache.link?.era ?? -1;
    const version = await this.#inStore.ask();
    if (await this.#say(version)) this.#saidInEra = era;
    return version;
  }

  /** Undefined where Redis may not know it. */
  async #askRedis(): Promise<number | undefined> {
    const { link } = this.#parts.cache;
    if (link?.era !== this.#saidInEra) return undefined;
    const reply = await link.ask((client) => client.command('GET', this.#key));
    return typeof reply === 'string' && /^\d{1,15}$/.test(reply) ? Number(reply) : undefined;
  }

  async #say(version: number): Promise<boolean> {
    const { link, layers } = this.#parts.cache;
    const reply = await link?.ask((client) => client.script('raise', this.#key, version, layers.sessions.ttlMs));
    return reply !== undefined;
  }

  async #changed(version: number): Promise<void> {
    this.#changes++;
    // Nobody else changed anything between: what whoever made it keeps in memory is all there is.
    if (version === this.#loaded + 1) this.#loaded = version;
    await this.#say(version);
  }

  #loadUpTo(newest: number): Promise<void> {
    if (newest <= this.#loaded) return Promise.resolve();
    const mine = this.#loading.then(async () => {
      if (newest <= this.#loaded) return;
      for (let load = 1; ; load++) {
        const before = this.#changes;
        const version = await this.#inStore.ask();
        await this.#parts.load();
        // Redis may be ahead of a store that was set back: it is not read again for that at every request.
        this.#loaded = Math.max(version, newest);
        if (this.#changes === before) return;
        // What was read may lack what was changed here meanwhile.
        this.#loaded = version - 1;
        if (load === LOADS_MAX) return;
      }
    });
    this.#loading = mine.catch(() => undefined);
    return mine;
  }

  #pollLater(): void {
    this.#timer = setTimeout(() => void this.#poll(), POLL_MS).unref();
  }

  async #poll(): Promise<void> {
    try {
      const version = await this.#inStore.ask();
      await this.#loadUpTo(version);
      await this.#say(version);
    } catch (error) {
      // Health says that the store is away; requests ask it themselves.
      if (!(error instanceof StoreError)) this.#parts.failed(error);
    }
    if (!this.#stop.signal.aborted) this.#pollLater();
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
  }
}
