// What one collector of a store does for all of them, and the others leave to it.
//
// A duty is held in the store (migrations/0032-duties.sql) for HELD_MS and renewed every KEEP_MS while it is done. Whoever cannot
// renew it in time is told to stop before another one may begin; so nothing is done by two, but for what a collector that stood
// still meanwhile had in its hands.
import { randomUUID } from 'node:crypto';
import type { DutyStore } from './store/shared-store.ts';
import type { Store } from './store/store.ts';
import { StoreError } from './store/store-error.ts';

/** What a collector that died was doing, another one takes up within this and its next look. */
const HELD_MS = 30_000;
const KEEP_MS = 5_000;

export interface Duties {
  /**
   * Does `work` where no other collector does what has this name; undefined where one does. The signal says that it is another's
   * now. Rejects as the work does, and with StoreError.
   */
  alone<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined>;
  /** Whether this collector is the first of all to say a thing by this name; the others may say it again after so many seconds. */
  first(name: string, seconds: number): Promise<boolean>;
}

/** Of a collector whose store is its own. */
export const OWN_DUTIES: Duties = {
  alone: (_, work) => work(new AbortController().signal),
  first: async () => true,
};

/** Of a collector of several. One object for each collector: what it does already it does not begin once more. */
export class SharedDuties implements Duties {
  readonly #store: DutyStore;
  readonly #failed: (error: unknown) => void;
  readonly #keepMs: number;
  readonly #holder = randomUUID();
  readonly #held = new Set<string>();

  /** `keepMs` for tests, which do not wait seconds. */
  constructor(parts: { store: DutyStore; failed: (error: unknown) => void; keepMs?: number }) {
    this.#store = parts.store;
    this.#failed = parts.failed;
    this.#keepMs = parts.keepMs ?? KEEP_MS;
  }

  async alone<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    if (this.#held.has(name)) return undefined;
    this.#held.add(name);
    const takenAtMs = performance.now();
    try {
      if (!(await this.#store.take(name, this.#holder, HELD_MS / 1000))) return undefined;
      const lost = new AbortController();
      const keeping = this.#keep(name, takenAtMs, lost);
      try {
        return await work(lost.signal);
      } finally {
        await keeping.stop();
        await this.#leave(name);
      }
    } finally {
      this.#held.delete(name);
    }
  }

  first(name: string, seconds: number): Promise<boolean> {
    return this.#store.take(name, this.#holder, seconds);
  }

  #keep(name: string, takenAtMs: number, lost: AbortController): { stop(): Promise<void> } {
    let keptAtMs = takenAtMs;
    const lose = () => lost.abort(new Error(`another collector has the duty ${name} now`));
    const keep = async () => {
      const atMs = performance.now();
      // It could lapse before the next look.
      if (atMs - keptAtMs + this.#keepMs >= HELD_MS) return lose();
      try {
        if (await this.#store.take(name, this.#holder, HELD_MS / 1000)) keptAtMs = atMs;
        else lose();
      } catch (error) {
        // The store is away: until it lapses there are looks left.
        if (!(error instanceof StoreError)) this.#failed(error);
      }
    };
    const looks = new Set<Promise<void>>();
    const timer = setInterval(() => {
      const look = keep().finally(() => looks.delete(look));
      looks.add(look);
    }, this.#keepMs).unref();
    return {
      // One that is under way would take it again after it was given back.
      async stop() {
        clearInterval(timer);
        await Promise.all(looks);
      },
    };
  }

  /** What cannot be given back lapses. */
  async #leave(name: string): Promise<void> {
    try {
      await this.#store.leave(name, this.#holder);
    } catch (error) {
      if (!(error instanceof StoreError)) this.#failed(error);
    }
  }
}

export function dutiesOf(store: Pick<Store, 'engine' | 'shared'>, failed: (error: unknown) => void): Duties {
  return store.engine === 'pglite' ? OWN_DUTIES : new SharedDuties({ store: store.shared.duties, failed });
}
