import type { Retention } from './retention.ts';
import type { Store } from './store.ts';
import { StoreError } from './store-error.ts';
import type { UpkeepReport } from './upkeep-run.ts';

const EVERY_MS = 3_600_000;
/** After a failure: the store was away, or somebody held a lock. */
const RETRY_MS = 60_000;

export interface MaintenanceParts {
  store: Pick<Store, 'keepUp' | 'indexPastDays'>;
  retention: Retention;
  nowUs: () => number;
  /** A run in which anything changed. */
  done: (report: UpkeepReport) => void;
  /** Indexes that were made of days that have passed. */
  indexed: (names: readonly string[]) => void;
  /** The next try comes within a minute. */
  failed: (error: unknown) => void;
}

/** Keeps the store in shape: once at start, then hourly. One run at a time; commits go in between its steps. */
export class Maintenance implements AsyncDisposable {
  readonly #parts: MaintenanceParts;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  readonly #stop = new AbortController();

  private constructor(parts: MaintenanceParts) {
    this.#parts = parts;
  }

  /** Resolves when days have been made for the first events to come, or that has failed. */
  static async start(parts: MaintenanceParts): Promise<Maintenance> {
    const maintenance = new Maintenance(parts);
    await maintenance.#begin();
    return maintenance;
  }

  #begin(): Promise<void> {
    const kept = this.#run();
    this.#running = kept.then(async (waitMs) => {
      await this.#index();
      if (this.#stop.signal.aborted) return;
      this.#timer = setTimeout(() => void this.#begin(), waitMs);
      this.#timer.unref();
    });
    return kept.then(() => undefined);
  }

  /** After what events need, which nobody shall wait for: it may take minutes. */
  async #index(): Promise<void> {
    const { store, nowUs, indexed, failed } = this.#parts;
    try {
      const names = this.#stop.signal.aborted ? [] : await store.indexPastDays(nowUs(), this.#stop.signal);
      if (names.length > 0) indexed(names);
    } catch (error) {
      if (!this.#stop.signal.aborted) failed(error);
    }
  }

  async #run(): Promise<number> {
    const { store, retention, nowUs, done, failed } = this.#parts;
    try {
      const report = await store.keepUp(retention, nowUs());
      if (report.made.length + report.dropped.length + report.deleted > 0) done(report);
      return EVERY_MS;
    } catch (error) {
      failed(error);
      return error instanceof StoreError && error.code === 'rejected' ? EVERY_MS : RETRY_MS;
    }
  }

  /** Waits for the run that is under way, whose steps are bounded or end now. Safe twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }
}
