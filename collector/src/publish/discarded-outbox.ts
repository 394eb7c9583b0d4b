import type { Store } from '../store/store.ts';
import { StoreError } from '../store/store-error.ts';

const ROWS_MAX = 1_000;

/**
 * Stands in for the publisher where no NATS is configured: rows nobody will ever publish are removed, so that the outbox
 * does not grow for ever. The alerts themselves stay in the store.
 */
export class DiscardedOutbox {
  readonly #store: Pick<Store, 'outbox' | 'removeFromOutbox'>;
  readonly #failed: (error: unknown) => void;
  #removing = false;

  constructor(parts: { store: Pick<Store, 'outbox' | 'removeFromOutbox'>; failed: (error: unknown) => void }) {
    this.#store = parts.store;
    this.#failed = parts.failed;
  }

  /** There may be rows. What is not removed now is removed next time. */
  wake(): void {
    if (this.#removing) return;
    this.#removing = true;
    this.#remove()
      .catch((error) => {
        if (!(error instanceof StoreError)) this.#failed(error);
      })
      .finally(() => {
        this.#removing = false;
      });
  }

  state(): string {
    return 'off';
  }

  async #remove(): Promise<void> {
    for (;;) {
      const rows = await this.#store.outbox(ROWS_MAX);
      if (rows.length === 0) return;
      await this.#store.removeFromOutbox(rows.map(({ id }) => id));
    }
  }
}
