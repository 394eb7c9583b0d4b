// Which segments the disk has not been asked to keep yet.
import type { Segment } from './segment.ts';

export class SegmentSync {
  readonly #onError: (error: Error) => void;
  readonly #dirty = new Set<Segment>();
  readonly #removed = new WeakSet<Segment>();
  #syncing: Promise<void> = Promise.resolve();

  constructor(onError: (error: Error) => void) {
    this.#onError = onError;
  }

  /** It was written to. */
  add(segment: Segment): void {
    this.#dirty.add(segment);
  }

  /** It is gone, and needs no keeping. */
  remove(segment: Segment): void {
    this.#dirty.delete(segment);
    this.#removed.add(segment);
  }

  /** Resolves when everything written so far is kept, or was refused and said; also what an earlier call still waits for. */
  sync(): Promise<void> {
    this.#syncing = this.#syncing.then(() => this.#syncDirty());
    return this.#syncing;
  }

  async #syncDirty(): Promise<void> {
    const segments = [...this.#dirty];
    this.#dirty.clear();
    for (const segment of segments) {
      try {
        await segment.sync();
      } catch (error) {
        if (!this.#removed.has(segment)) this.#onError(error as Error);
      }
    }
  }
}
