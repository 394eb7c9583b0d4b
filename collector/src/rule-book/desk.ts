// Where rules of others are looked at: in a thread of its own, with an end to its time and memory, so that nothing somebody wrote
// holds up what agents send.
import { Worker } from 'node:worker_threads';
import type { StoredEvent } from '@threatguard/proto';
import type { RuleFile } from '../detect/rules/load.ts';
import type { CheckedChange, ProposedChange } from './check-change.ts';
import type { EventExplanation } from './explain-event.ts';
import { RuleBookError } from './rule-book-error.ts';

/** Ten thousand rules take some seconds on a busy machine. */
const TASK_MS_MAX = 30_000;
/** Of the thread's heap: ten thousand rules take some 200. */
const HEAP_MIB_MAX = 512;
/** At once: each may take a core and that memory. */
const TASKS_MAX = 2;

export type DeskTask =
  | { kind: 'check'; change: ProposedChange }
  | { kind: 'explain'; files: readonly RuleFile[]; event: StoredEvent };

export class Desk {
  readonly #msMax: number;
  readonly #heapMiBMax: number;
  #running = 0;

  constructor(limits: { msMax?: number; heapMiBMax?: number } = {}) {
    this.#msMax = limits.msMax ?? TASK_MS_MAX;
    this.#heapMiBMax = limits.heapMiBMax ?? HEAP_MIB_MAX;
  }

  /** Throws RuleBookError `too_large` where it takes more time or memory than it may, `busy` where others are at it. */
  check(change: ProposedChange): Promise<CheckedChange> {
    return this.#run({ kind: 'check', change });
  }

  explain(files: readonly RuleFile[], event: StoredEvent): Promise<EventExplanation> {
    return this.#run({ kind: 'explain', files, event });
  }

  async #run<Answer>(task: DeskTask): Promise<Answer> {
    if (this.#running >= TASKS_MAX) {
      throw new RuleBookError('busy', 'others have rules looked at already; try again in a moment');
    }
    this.#running++;
    try {
      return await this.#inThread<Answer>(task);
    } finally {
      this.#running--;
    }
  }

  #inThread<Answer>(task: DeskTask): Promise<Answer> {
    const worker = new Worker(new URL('./desk-thread.ts', import.meta.url), {
      name: 'rules',
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: this.#heapMiBMax },
    });
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const timer = setTimeout(() => {
      const seconds = this.#msMax / 1000;
      reject(
        new RuleBookError('too_large', `the rules could not be looked at within ${seconds} s: import fewer at once`),
      );
    }, this.#msMax);
    worker.once('message', resolve);
    worker.once('error', (error: NodeJS.ErrnoException) => {
      const outOfMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      const reason = 'the rules take more memory than a collector gives them: import fewer at once';
      reject(outOfMemory ? new RuleBookError('too_large', reason) : error);
    });
    worker.once('exit', () => reject(new Error('the thread that looks at rules ended without an answer')));
    return promise.finally(async () => {
      clearTimeout(timer);
      await worker.terminate();
    });
  }
}
