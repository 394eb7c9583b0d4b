import type { AuditActor } from '../store/audit-entry.ts';
import type { ComplianceStore } from '../store/compliance-store.ts';
import type { Disclosure, DisclosureNote } from '../store/disclosures.ts';

/** How often windows that have passed are looked for. */
const EVERY_MS = 60_000;
/** Of one transaction: those who wait for it wait for all of them. */
const NOTED_AT_ONCE_MAX = 256;

interface Waiting extends DisclosureNote {
  resolve: () => void;
  reject: (error: unknown) => void;
}

export interface AccessLogParts {
  store: Pick<ComplianceStore, 'noteDisclosures' | 'closeWindows'>;
  nowUs: () => number;
  failed: (error: unknown) => void;
}

/**
 * Writes down who reads what of persons (store/disclosures.ts). What was counted before a crash is in the store and written
 * down by the next start.
 *
 * Form: #waiting are those not written yet, in their order; whoever asks while a transaction is under way shares the next one.
 */
export class AccessLog implements AsyncDisposable {
  readonly #parts: AccessLogParts;
  readonly #timer: NodeJS.Timeout;
  #closing: Promise<void> = Promise.resolve();
  #waiting: Waiting[] = [];
  #noting: Promise<void> | undefined;

  constructor(parts: AccessLogParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#close(), EVERY_MS);
    this.#timer.unref();
    this.#close();
  }

  /** To be awaited before anything is answered: what cannot be written down is not shown. */
  note(by: AuditActor, read: Disclosure): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ by, read, resolve, reject });
    this.#noting ??= this.#note();
    return promise;
  }

  async #note(): Promise<void> {
    const { store, nowUs } = this.#parts;
    while (this.#waiting.length > 0) {
      const notes = this.#waiting.splice(0, NOTED_AT_ONCE_MAX);
      try {
        await store.noteDisclosures(nowUs(), notes);
        for (const { resolve } of notes) resolve();
      } catch (error) {
        for (const { reject } of notes) reject(error);
      }
    }
    this.#noting = undefined;
  }

  #close(): void {
    const { store, nowUs, failed } = this.#parts;
    this.#closing = this.#closing.then(() => store.closeWindows(nowUs())).catch(failed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#closing;
    await this.#noting;
  }
}
