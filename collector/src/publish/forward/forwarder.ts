// One stream to one target: reads on from its cursor, delivers, and moves the cursor only then. So everything is delivered at
// least once, a dead target delays what is for it and nothing else, and what comes again has the same key. Of several collectors of
// the store one delivers at a time, whichever has something first; where another was meanwhile is read from the store.
import type { Alert } from '@threatguard/proto';
import { alertKeyOf, auditKeyOf, type Exporter, exportAlert, exportAudit } from '@threatguard/proto/export';
import type { Duties } from '../../duties.ts';
import { pause } from '../../pause.ts';
import type { AuditEntry } from '../../store/audit-entry.ts';
import type { ForwardCursor, ForwardItem, ForwardingStore } from '../../store/forwarding-store.ts';
import { StoreError } from '../../store/store-error.ts';
import { type ForwardSettings, severityFloor } from './settings.ts';
import { DeliveryError, type ForwardRecord, type ForwardTarget } from './target.ts';

/** After the first failure; doubled by each further one, and half of it is chance, so that targets do not come at once. */
const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 300_000;
/** Looked at without being woken: entries of the audit log do not wake, and what another collector stored neither. */
const LOOK_MS = 5_000;
const ERROR_CHARACTERS_MAX = 300;
/** Informational: of entries of the audit log, and of what says nothing. */
const SEVERITY_LEAST = 1;

export interface ForwarderParts {
  settings: ForwardSettings;
  target: ForwardTarget;
  cursor: ForwardCursor;
  store: Pick<ForwardingStore, 'next' | 'advance' | 'cursor'>;
  duties: Pick<Duties, 'alone'>;
  exporter: Exporter;
  nowUs: () => number;
  /** Told once when deliveries begin to fail, and with undefined when they go again. */
  changed: (problem: string | undefined) => void;
  /** A fault of ours. */
  failed: (error: unknown) => void;
  random?: () => number;
  retryMsMin?: number;
}

export class Forwarder implements AsyncDisposable {
  readonly #parts: ForwarderParts;
  readonly #stopped = new AbortController();
  readonly #ended: Promise<void>;
  #cursor: number;
  #problem: string | undefined;
  #failures = 0;
  #woken = false;
  #signal = Promise.withResolvers<void>();

  private constructor(parts: ForwarderParts) {
    this.#parts = parts;
    this.#cursor = parts.cursor.cursor;
    this.#ended = this.#run();
  }

  static start(parts: ForwarderParts): Forwarder {
    return new Forwarder(parts);
  }

  get name(): string {
    return this.#parts.cursor.name;
  }

  get stream(): ForwardCursor['stream'] {
    return this.#parts.cursor.stream;
  }

  /** Why nothing is delivered at present; undefined while all goes well. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** There may be something new. Never waits, and shortens no wait after a failure. */
  wake(): void {
    this.#woken = true;
    this.#signal.resolve();
  }

  /** What is on the way is given up: it was not confirmed, so it comes again at the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort(new Error('stopped'));
    this.wake();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        this.#woken = false;
        const moved = await this.#turn(signal);
        this.#went();
        if (!moved) await this.#idle();
      } catch (error) {
        if (signal.aborted) break;
        await pause(this.#waitAfter(error), signal);
      }
    }
  }

  /** Delivers until nothing waits. False where nothing did, or another collector delivers. */
  async #turn(stopped: AbortSignal): Promise<boolean> {
    const { store, duties } = this.#parts;
    if ((await store.next(this.stream, this.#cursor, 1)).length === 0) return false;
    const delivered = await duties.alone(`forwarding of ${this.stream} to ${this.name}`, async (lost) => {
      const signal = AbortSignal.any([stopped, lost]);
      this.#cursor = Math.max(this.#cursor, (await store.cursor(this.#parts.cursor)) ?? 0);
      while (!signal.aborted && (await this.#deliver(signal)));
      return true;
    });
    return delivered ?? false;
  }

  /** One delivery. False where nothing waits. */
  async #deliver(signal: AbortSignal): Promise<boolean> {
    const { store, target, nowUs } = this.#parts;
    const items = await store.next(this.stream, this.#cursor, target.recordsMax);
    if (items.length === 0) return false;
    const { records, through, missed, unwritable } = this.#take(items);
    const { refused } = records.length > 0 ? await target.deliver(records, signal) : { refused: 0 };
    await store.advance(this.#parts.cursor, {
      cursor: through,
      delivered: records.length - refused,
      refused: refused + unwritable,
      missed,
      atUs: nowUs(),
    });
    this.#cursor = through;
    this.#went();
    return true;
  }

  #went(): void {
    this.#failures = 0;
    this.#tell(undefined);
  }

  /** As many as one delivery holds, and how far the cursor then is. */
  #take(items: readonly ForwardItem[]) {
    const records: ForwardRecord[] = [];
    let through = this.#cursor;
    let missed = 0;
    let unwritable = 0;
    let bytes = 0;
    for (const item of items) {
      const record = this.#write(item);
      if (typeof record === 'object') {
        bytes += Buffer.byteLength(record.text);
        if (bytes > this.#parts.target.bytesMax && records.length > 0) break;
        records.push(record);
      } else if (record === 'missing') missed++;
      else if (record === 'unwritable') unwritable++;
      // Entries of the audit log are numbered without a gap: what is not there any more went by age.
      if (this.stream === 'audit') missed += item.position - through - 1;
      through = item.position;
    }
    return { records, through, missed, unwritable };
  }

  #write({ content }: ForwardItem): ForwardRecord | 'missing' | 'below' | 'unwritable' {
    if (!content) return 'missing';
    try {
      return content.kind === 'alert' ? this.#writeAlert(content.alert) : this.#writeAudit(content.entry);
    } catch (error) {
      // The same alert would hold up all behind it for ever.
      this.#parts.failed(error);
      return 'unwritable';
    }
  }

  #writeAlert(alert: Alert): ForwardRecord | 'below' {
    const { settings, exporter } = this.#parts;
    const severity = alert.severity || SEVERITY_LEAST;
    if (severity < severityFloor(settings)) return 'below';
    const text = exportAlert(alert, settings.format, exporter);
    return { key: alertKeyOf(alert), kind: 'alert', severity, atUs: alert.updatedAtUs ?? 0, text };
  }

  #writeAudit({ by, ...rest }: AuditEntry): ForwardRecord {
    const { settings, exporter } = this.#parts;
    const entry = { ...rest, actorKind: by.kind, actorId: by.id, from: by.from };
    const text = exportAudit(entry, settings.format, exporter);
    return { key: auditKeyOf(entry), kind: 'audit', severity: SEVERITY_LEAST, atUs: entry.atUs, text };
  }

  #waitAfter(error: unknown): number {
    const { random = Math.random, retryMsMin = RETRY_MS_MIN, failed } = this.#parts;
    if (!(error instanceof DeliveryError || error instanceof StoreError)) failed(error);
    const text = error instanceof Error ? error.message : String(error);
    this.#tell(text.slice(0, ERROR_CHARACTERS_MAX));
    const fullMs = Math.min(retryMsMin * 2 ** Math.min(this.#failures++, 30), RETRY_MS_MAX);
    const backoffMs = fullMs / 2 + (random() * fullMs) / 2;
    return error instanceof DeliveryError ? Math.max(error.retryAfterMs ?? 0, backoffMs) : backoffMs;
  }

  #tell(problem: string | undefined): void {
    const before = this.#problem;
    this.#problem = problem;
    if ((before === undefined) !== (problem === undefined)) this.#parts.changed(problem);
  }

  async #idle(): Promise<void> {
    if (this.#woken) return;
    this.#signal = Promise.withResolvers();
    const timer = setTimeout(() => this.#signal.resolve(), LOOK_MS);
    await this.#signal.promise;
    clearTimeout(timer);
  }
}
