import type { AuditActor } from '../store/audit-entry.ts';
import type { ComplianceStore } from '../store/compliance-store.ts';
import type { Disclosure } from '../store/disclosures.ts';

/** How often windows that have passed are looked for. */
const EVERY_MS = 60_000;

export interface AccessLogParts {
  store: Pick<ComplianceStore, 'noteDisclosure' | 'closeWindows'>;
  nowUs: () => number;
  failed: (error: unknown) => void;
}

/**
 * Writes down who reads what of persons (store/disclosures.ts). What was counted before a crash is in the store and written
 * down by the next start.
 */
export class AccessLog implements AsyncDisposable {
  readonly #parts: AccessLogParts;
  readonly #timer: NodeJS.Timeout;
  #closing: Promise<void> = Promise.resolve();

  constructor(parts: AccessLogParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#close(), EVERY_MS);
    this.#timer.unref();
    this.#close();
  }

  /** To be awaited before anything is answered: what cannot be written down is not shown. */
  note(by: AuditActor, read: Disclosure): Promise<void> {
    return this.#parts.store.noteDisclosure(this.#parts.nowUs(), by, read);
  }

  #close(): void {
    const { store, nowUs, failed } = this.#parts;
    this.#closing = this.#closing.then(() => store.closeWindows(nowUs())).catch(failed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#closing;
  }
}
