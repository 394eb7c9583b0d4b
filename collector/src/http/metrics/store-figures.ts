import type { Store } from '../../store/store.ts';
import { StoreError } from '../../store/store-error.ts';

const TOTALS_AGE_MS = 10_000;
/** A reading of metrics waits so long for fresh figures; then the last ones are given. */
const WAIT_MS = 500;

export interface StoredFigures {
  totals: Awaited<ReturnType<Store['totals']>>;
  space: Awaited<ReturnType<Store['space']>>;
}

/** Totals and sizes of the store, asked for when somebody reads them and not more often than each TOTALS_AGE_MS. */
export class StoreFigures {
  readonly #store: Pick<Store, 'totals' | 'space'>;
  readonly #nowMs: () => number;
  #last: StoredFigures | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(store: Pick<Store, 'totals' | 'space'>, nowMs: () => number) {
    this.#store = store;
    this.#nowMs = nowMs;
  }

  /** Undefined where the store could never be read. */
  async read(): Promise<StoredFigures | undefined> {
    if (this.#nowMs() - this.#readAtMs >= TOTALS_AGE_MS) this.#reading ??= this.#refresh();
    if (this.#reading) {
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, WAIT_MS);
      await Promise.race([this.#reading, late]);
      clearTimeout(timer);
    }
    return this.#last;
  }

  async #refresh(): Promise<void> {
    try {
      const nowMs = this.#nowMs();
      this.#last = { totals: await this.#store.totals(), space: await this.#store.space(nowMs * 1000) };
      this.#readAtMs = nowMs;
    } catch (error) {
      // Health says that the store is away; what was read last stands until it is back.
      if (!(error instanceof StoreError)) throw error;
    } finally {
      this.#reading = undefined;
    }
  }
}
