// Sources that the configuration names by URL, fetched again and again. What fails is tried again after a growing pause, is said by
// `status` and `intel sources`, and leaves what the source said before.
import { createHash } from 'node:crypto';
import type { Duties } from '../../duties.ts';
import type { AuditActor } from '../../store/audit-entry.ts';
import { FeedError } from './feed-report.ts';
import { FetchError, type FetchedFeed, type FetchRequest } from './fetch-feed.ts';
import type { Tlp } from './indicator.ts';
import { IntelError } from './intel-error.ts';
import type { IntelLibrary } from './intel-library.ts';
import type { IntelSource } from './intel-records.ts';
import type { FeedOptions } from './read-feed.ts';

export interface ScheduledSource extends FeedOptions {
  name: string;
  url: string;
  everySeconds: number;
  confidence?: number | undefined;
  tlp?: Tlp | undefined;
  expiresSeconds?: number | undefined;
  insecure: boolean;
}

/** A failed source is tried again after this, then after twice as long, and never later than it would be anyway. */
const RETRY_SECONDS = 60;
/** How often it looks whether something is due. */
const LOOK_MS = 1_000;
const FORGET_MS = 600_000;
const REASON_CHARS_MAX = 300;

export interface FeedScheduleParts {
  library: IntelLibrary;
  sources: readonly ScheduledSource[];
  fetch: (request: FetchRequest, signal: AbortSignal) => Promise<FetchedFeed | undefined>;
  /** Of several collectors of the store one fetches. */
  duties: Pick<Duties, 'alone'>;
  nowUs: () => number;
  /** Whom the audit log names. */
  by: AuditActor;
  imported: (source: string, counts: object) => void;
  failing: (source: string, reason: string) => void;
  failed: (error: unknown) => void;
}

export class FeedSchedule implements AsyncDisposable {
  readonly #parts: FeedScheduleParts;
  readonly #stopped = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];
  /** Of what was imported last, by source: a server without ETag sends the same again. */
  readonly #digests = new Map<string, string>();
  #running: Promise<void> | undefined;

  private constructor(parts: FeedScheduleParts) {
    this.#parts = parts;
  }

  /** Sources that are configured no more stay as people imported them. */
  static async start(parts: FeedScheduleParts): Promise<FeedSchedule> {
    const schedule = new FeedSchedule(parts);
    const { library, sources } = parts;
    for (const { name, url } of library.sources) {
      if (url && !sources.some((source) => source.name === name)) {
        await library.note(name, { url: '', everySeconds: 0, failure: '', failures: 0 });
      }
    }
    for (const { name, url, everySeconds, confidence, tlp } of sources) {
      const known = library.source(name);
      const moved = known !== undefined && known.url !== url;
      await library.note(name, {
        url,
        everySeconds,
        ...(confidence !== undefined && { confidence }),
        ...(tlp !== undefined && { tlp }),
        ...(moved && { etag: '', lastModified: '', checkedAtUs: undefined, failure: '', failures: 0 }),
      });
    }
    schedule.#timers.push(
      setInterval(() => schedule.#look(), LOOK_MS).unref(),
      setInterval(() => library.forgetEnded().catch(parts.failed), FORGET_MS).unref(),
    );
    schedule.#look();
    return schedule;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#stopped.abort();
    await this.#running;
  }

  #look(): void {
    const { sources, duties, failed } = this.#parts;
    if (this.#running) return;
    const due = sources.find((source) => this.#isDue(source));
    if (!due) return;
    this.#running = duties
      .alone(`feed ${due.name}`, (lost) => this.#fetch(due, AbortSignal.any([this.#stopped.signal, lost])))
      .catch((error) => {
        if (!this.#stopped.signal.aborted) failed(error);
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  #isDue({ name }: ScheduledSource): boolean {
    const known = this.#parts.library.source(name);
    return known !== undefined && nextAtUs(known) <= this.#parts.nowUs();
  }

  async #fetch(source: ScheduledSource, signal: AbortSignal): Promise<void> {
    const { library, fetch, nowUs, by, imported, failing } = this.#parts;
    const { name, url } = source;
    // Another collector may have fetched it since this one looked.
    await library.takeIn();
    if (!this.#isDue(source)) return;
    const { etag, lastModified, failures, failure } = library.source(name)!;
    try {
      const found = await fetch({ url, etag, lastModified, insecure: source.insecure }, signal);
      const digest = found && createHash('sha256').update(found.bytes).digest('hex');
      if (!found || digest === this.#digests.get(name)) {
        await library.note(name, { checkedAtUs: nowUs(), failure: '', failures: 0 });
        return;
      }
      const origin = { url, everySeconds: source.everySeconds, etag: found.etag, lastModified: found.lastModified };
      const { confidence, tlp, expiresSeconds } = source;
      const request = { source: name, bytes: found.bytes, options: source, replace: true, dryRun: false, origin };
      const report = await library.import({ ...request, confidence, tlp, expiresSeconds }, by, signal);
      this.#digests.set(name, digest!);
      imported(name, report.counts);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof FetchError || error instanceof FeedError || error instanceof IntelError)) throw error;
      const reason = error.message.slice(0, REASON_CHARS_MAX);
      if (reason !== failure) failing(name, reason);
      await library.note(name, { checkedAtUs: nowUs(), failure: reason, failures: failures + 1 });
    }
  }
}

/** When a source that is fetched is to be fetched next. */
export function nextAtUs({ checkedAtUs, everySeconds, failures }: IntelSource): number {
  if (checkedAtUs === undefined) return 0;
  const pause = failures === 0 ? everySeconds : Math.min(everySeconds, RETRY_SECONDS * 2 ** Math.min(failures - 1, 20));
  return checkedAtUs + pause * 1e6;
}
