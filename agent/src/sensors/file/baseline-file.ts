// When the baseline is written: soon after a change, never while its event is still on the way to the spool.
import { type Baseline, readBaseline, writeBaseline } from './baseline.ts';

/** After a change; a kill within it is answered by telling the change again. */
const SAVE_MS = 2000;
/** A write that takes long is followed by a rest of this many times as long. */
const REST_FACTOR = 50;

export interface BaselineParts {
  read: () => Baseline;
  keepsText: (path: string) => boolean;
  /** Whether every change so far is on disk as an event. */
  isSettled: () => boolean;
}

export class BaselineFile {
  readonly #path: string;
  readonly #parts: BaselineParts;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #restMs = 0;
  #closed = false;
  #problem = '';

  constructor(path: string, parts: BaselineParts) {
    this.#path = path;
    this.#parts = parts;
  }

  /** In words, or empty. */
  get problem(): string {
    return this.#problem;
  }

  load(): Baseline | undefined {
    return readBaseline(this.#path);
  }

  saveSoon(): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#parts.isSettled()) this.#save();
      else this.saveSoon();
    }, SAVE_MS + this.#restMs);
  }

  /** Writes once more; the events told by now are on their way to a spool that is closed after us. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#save();
    await this.#writing;
  }

  #save(): void {
    const startedMs = performance.now();
    this.#writing = this.#writing
      .then(() => writeBaseline(this.#path, this.#parts.read(), this.#parts.keepsText))
      .then(() => {
        this.#restMs = (performance.now() - startedMs) * REST_FACTOR;
        this.#problem = '';
      })
      .catch((error: unknown) => {
        this.#problem = `how files stand cannot be saved: ${(error as Error).message}`;
      });
  }
}
