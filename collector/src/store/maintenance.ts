import type { Retention } from './retention.ts';
import { type Store, StoreError } from './store.ts';
import type { UpkeepReport } from './upkeep-run.ts';

const EVERY_MS = 3_600_000;
/** After a failure: the store was away, or somebody held a lock. */
const RETRY_MS = 60_000;

export interface MaintenanceParts {
  store: Pick<Store, 'keepUp'>;
  retention: Retention;
  nowUs: () => number;
  /** A run in which anything changed. */
  done: (report: UpkeepReport) => void;
  /** The next try comes within a minute. */
  failed: (error: unknown) => void;
}

/** Keeps the store in shape: once at start, then hourly. One run at a time; commits go in between its steps. */
export class Maintenance implements AsyncDisposable {
  readonly #parts: MaintenanceParts;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(parts: MaintenanceParts) {
    this.#parts = parts;
  }

  /** Resolves after the first run, whether it succeeded or not: days are made before the first event comes. */
  static async start(parts: MaintenanceParts): Promise<Maintenance> {
    const maintenance = new Maintenance(parts);
    await maintenance.#begin();
    return maintenance;
  }

  #begin(): Promise<void> {
    this.#running = this.#run().then((waitMs) => {
      if (this.#closed) return;
      this.#timer = setTimeout(() => void this.#begin(), waitMs);
      this.#timer.unref();
    });
    return this.#running;
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

  /** Waits for the run that is under way, whose steps are bounded. Safe twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }
}
