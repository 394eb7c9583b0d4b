// Trains every model now and then, one after the other, while the collector goes on.
import { MODEL_NAMES } from './kinds.ts';
import { ModelError } from './model-error.ts';
import type { ModelRegistry } from './registry.ts';

/** How often it is asked whether a training is due: not so late that it matters, not so often that it costs. */
const LOOK_MS = 10 * 60_000;
const HOUR_US = 3_600_000_000;

export interface ScheduleParts {
  registry: ModelRegistry;
  everyHours: number;
  /** Whether there are enough hours to train from: learning is over. */
  ready: () => boolean;
  nowUs: () => number;
  trained: (name: string, version: number, state: string) => void;
  failed: (error: unknown) => void;
}

export class TrainingSchedule implements AsyncDisposable {
  readonly #parts: ScheduleParts;
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: ScheduleParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => {
      this.#running = this.#running.then(() => this.#look());
    }, LOOK_MS);
    this.#timer.unref();
  }

  /** Ends a training that is under way. Safe twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await this.#running;
  }

  async #look(): Promise<void> {
    const { registry, trained, failed } = this.#parts;
    try {
      for (const name of await this.#due()) {
        if (this.#stop.signal.aborted) return;
        // Another collector of the store may have trained it since.
        const wanted = async () => (await this.#due()).includes(name);
        const record = await registry.train(name, { progress: () => undefined, signal: this.#stop.signal, wanted });
        trained(name, record.version, record.state);
      }
    } catch (error) {
      // Too little, somebody else's training, or our own end: the next look comes.
      if (!(error instanceof ModelError)) failed(error);
    }
  }

  async #due(): Promise<string[]> {
    const { registry, everyHours, ready, nowUs } = this.#parts;
    const versions = await registry.list();
    const old = (name: string) => {
      const newest = versions.find((record) => record.name === name);
      return !newest || nowUs() - newest.createdAtUs >= everyHours * HOUR_US;
    };
    return [...(ready() ? MODEL_NAMES.filter(old) : []), ...(await registry.othersDue())];
  }
}
