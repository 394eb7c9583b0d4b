import { type ResourceLimits, Worker } from 'node:worker_threads';
import type { CommitGroup } from './commit-group.ts';
import type { CommitReply, CommitRequest } from './commit-messages.ts';
import type { CommitWays } from './database.ts';
import { StoreError } from './store-error.ts';
import { copyForThread } from './thread-copy.ts';

/** What it has of a group is short-lived and mostly outside the heap; without a bound Node lets this grow to 64 MiB. */
const LIMITS: ResourceLimits = { maxYoungGenerationSizeMb: 16 };

interface Waiting {
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Commits groups to a server in a thread of their own, several beside each other. When the thread ends by itself (it ran
 * out of memory) what it had is `unavailable`, since it may be stored or not, and the next commit starts it anew.
 */
export class Committer implements AsyncDisposable {
  readonly #url: string;
  readonly #limits: ResourceLimits;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #nextId = 1;

  /** `limits` bounds the memory of the thread. */
  constructor(url: string, limits = LIMITS) {
    this.#url = url;
    this.#limits = limits;
  }

  /** Rejects with StoreError; throws what a fault of ours throws. */
  async commit(group: CommitGroup, ways: CommitWays): Promise<void> {
    const { group: copied, transfer } = copyForThread(group);
    this.#worker ??= this.#start();
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.set(id, { resolve, reject });
    try {
      this.#worker.postMessage({ id, group: copied, ways } satisfies CommitRequest, transfer);
    } catch (error) {
      // A value that no thread can be given: nobody would ever answer, and the same value fails again.
      this.#waiting.delete(id);
      throw new StoreError('rejected', `a fault of the collector: ${error}`, { cause: error });
    }
    return promise;
  }

  #start(): Worker {
    const worker = new Worker(new URL('./commit-thread.ts', import.meta.url), {
      name: 'commits',
      workerData: { url: this.#url },
      resourceLimits: this.#limits,
    });
    let reason = 'it ended';
    worker.on('message', ({ id, error }: CommitReply) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) waiting?.reject(new StoreError(error.code, error.message));
      else waiting?.resolve();
    });
    worker.on('error', (error) => {
      reason = String(error);
    });
    worker.on('exit', () => {
      this.#worker = undefined;
      const error = new StoreError('unavailable', `the thread of commits failed: ${reason}`);
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    });
    return worker;
  }

  /** Ends the thread once its connections are closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    const worker = this.#worker;
    if (!worker) return;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage('close' satisfies CommitRequest);
    await ended;
  }
}
