// Stored events held against indicators that came later, in the background: few values are searched for one by one, by the terms of
// batches; of many, all events are gone through once. It works at most half of the time, so that commits and people's reads go on,
// and goes on where it was after a restart; of several collectors of the store one works, and another goes on where it died.
import { setTimeout as wait } from 'node:timers/promises';
import type { Detection, StoredEvent } from '@threatguard/proto';
import type { Duties } from '../../duties.ts';
import type { Store } from '../../store/store.ts';
import { DETECTION_EVENTS_MAX } from '../rules/rule.ts';
import { TLP_DEFAULT } from './indicator.ts';
import { type IndexBuffers, IntelIndex } from './intel-index.ts';
import type { IntelJobs } from './intel-jobs.ts';
import { IntelMatcher } from './intel-matcher.ts';
import { type IntelRecords, type RetroJob, retroOwner } from './intel-records.ts';
import { searchesFor } from './searches-for.ts';

/** Beyond it one pass over everything costs less than so many searches. */
const SEARCHED_MAX = 64;
/** Events of one search: an indicator that so many events have is no news to anybody. */
const FOUND_MAX = 5_000;
const PAGE_ROWS = 500;
/** Events by a clock that is ahead. */
const AHEAD_US = 600_000_000;
const RETRY_MS = 30_000;
/** How often it is looked for what another collector left behind. */
const LOOK_MS = 30_000;
const JOBS_SHOWN_MAX = 100;

export interface RetroMatchParts {
  records: IntelRecords;
  jobs: Pick<IntelJobs, 'build'>;
  store: Pick<Store, 'searchEvents' | 'eventsSince'>;
  /** What all sources say now. */
  index: () => IntelIndex;
  /** Resolves when `index` has what the store has: a job may be of another collector's import. */
  takeIn: () => Promise<void>;
  /** Resolves when they are stored. */
  report: (detections: readonly Detection[]) => Promise<void>;
  /** Of several collectors of the store one works. */
  duties: Pick<Duties, 'alone'>;
  nowUs: () => number;
  failed: (error: unknown) => void;
}

export class RetroMatch implements AsyncDisposable {
  readonly #parts: RetroMatchParts;
  readonly #stopped = new AbortController();
  readonly #timer = setInterval(() => this.wake(), LOOK_MS).unref();
  #running: Promise<void> | undefined;
  #again = false;
  /** The job under way, as far as it is. */
  current: RetroJob | undefined;

  constructor(parts: RetroMatchParts) {
    this.#parts = parts;
  }

  /** Looks for jobs; those that were interrupted go on. */
  wake(): void {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#stopped.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    const { duties } = this.#parts;
    while (this.#again && !signal.aborted) {
      this.#again = false;
      try {
        if (!(await this.#next())) continue;
        await duties.alone('stored events', (lost) => this.#workAll(AbortSignal.any([signal, lost])));
      } catch (error) {
        if (signal.aborted) return;
        this.#parts.failed(error);
        this.#again = true;
        await wait(RETRY_MS, undefined, { signal }).catch(() => undefined); // stopped: the loop ends
      } finally {
        this.current = undefined;
      }
    }
  }

  /** The oldest that is not done. */
  async #next(): Promise<RetroJob | undefined> {
    return (await this.#parts.records.retroJobs(JOBS_SHOWN_MAX)).findLast(({ state }) => state !== 'done');
  }

  async #workAll(signal: AbortSignal): Promise<void> {
    for (let job = await this.#next(); job && !signal.aborted; job = await this.#next()) {
      await this.#work({ ...job, state: 'running' }, signal);
    }
  }

  async #work(job: RetroJob, signal: AbortSignal): Promise<void> {
    const { records, jobs, takeIn } = this.#parts;
    this.current = job;
    await takeIn();
    const about = { name: job.source, confidence: 0, tlp: TLP_DEFAULT };
    const chunks = await records.chunks(retroOwner(job));
    const fresh = await jobs.build({ sources: [{ id: 1, about, chunks }], nowUs: 0, withdrawn: [] });
    const matching = new RetroMatching(fresh, this.#parts);
    if (matching.fresh.size <= SEARCHED_MAX) await this.#search(job, matching, signal);
    else await this.#scan(job, matching, signal);
    if (signal.aborted) return;
    await records.endRetro(job);
  }

  async #search(job: RetroJob, matching: RetroMatching, signal: AbortSignal): Promise<void> {
    const entries = [...matching.fresh.entriesFrom(0)];
    for (const entry of entries.slice(job.searched)) {
      for (const filters of searchesFor(matching.fresh.value(entry))) {
        const query = { filters, sinceUs: job.fromUs, untilUs: job.madeAtUs };
        let found = 0;
        for (let after = ''; !signal.aborted; ) {
          const startedMs = performance.now();
          const page = await this.#parts.store.searchEvents(query, PAGE_ROWS, after, signal);
          found += page.rows.length;
          await this.#take(job, page.rows, matching, { startedMs, signal });
          if (page.next === '' || page.next === after || found >= FOUND_MAX) break;
          after = page.next;
        }
      }
      if (signal.aborted) return;
      job.searched++;
      await this.#parts.records.saveRetro(job);
    }
    job.doneUntilUs = job.madeAtUs;
  }

  async #scan(job: RetroJob, matching: RetroMatching, signal: AbortSignal): Promise<void> {
    let startedMs = performance.now();
    for await (const events of this.#parts.store.eventsSince(job.doneUntilUs)) {
      if (signal.aborted) return;
      await this.#take(job, events, matching, { startedMs, signal });
      if (signal.aborted) return;
      const newestUs = events.at(-1)?.eventAtUs ?? 0;
      job.doneUntilUs = Math.min(newestUs, job.madeAtUs);
      await this.#parts.records.saveRetro(job);
      if (newestUs > job.madeAtUs + AHEAD_US) return;
      startedMs = performance.now();
    }
    job.doneUntilUs = job.madeAtUs;
  }

  /** What was received later was held against the indicators as it came. */
  async #take(
    job: RetroJob,
    events: readonly StoredEvent[],
    matching: RetroMatching,
    { startedMs, signal }: { startedMs: number; signal: AbortSignal },
  ): Promise<void> {
    const earlier = events.filter(({ receivedAtUs = 0 }) => receivedAtUs <= job.madeAtUs);
    const detections = matching.match(earlier);
    if (detections.length > 0) await this.#parts.report(detections);
    job.scanned += events.length;
    job.hits += detections.length;
    // As long as it took: half of the time belongs to others.
    await wait(performance.now() - startedMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Finds what is new by itself, then asks what all sources together make of it. */
class RetroMatching {
  readonly fresh: IntelIndex;
  readonly #finder: IntelMatcher;
  readonly #parts: Pick<RetroMatchParts, 'index' | 'nowUs'>;

  constructor(fresh: IndexBuffers, parts: Pick<RetroMatchParts, 'index' | 'nowUs'>) {
    this.fresh = new IntelIndex(fresh);
    this.#finder = new IntelMatcher(this.fresh);
    this.#parts = parts;
  }

  /** One for each indicator, field and agent. */
  match(events: readonly StoredEvent[]): Detection[] {
    const weighing = new IntelMatcher(this.#parts.index(), { retro: true });
    const nowUs = this.#parts.nowUs();
    const found = new Map<string, Detection>();
    for (const stored of events) {
      const batch = batchOf(stored, nowUs);
      if (this.#finder.match(batch).length === 0) continue;
      for (const detection of weighing.match(batch)) {
        detection.events![0]!.index = stored.reference?.index ?? 0;
        const key = `${detection.agentId} ${detection.entity} ${detection.values?.['threatguard.indicator.field']}`;
        const known = found.get(key);
        if (known) merge(known, detection);
        else found.set(key, detection);
      }
    }
    return [...found.values()];
  }
}

/** As if it were received now: what sources say now is what counts. */
function batchOf({ event, reference, agentName = '', eventAtUs = 0 }: StoredEvent, nowUs: number) {
  const { agentId = '', streamId = new Uint8Array(), sequence = 0 } = reference ?? {};
  return {
    agentId,
    agentName,
    header: { streamId, sequence },
    receivedAtUs: nowUs,
    events: [event ?? {}],
    eventTimesUs: Float64Array.of(eventAtUs),
  };
}

function merge(known: Detection, more: Detection): void {
  const events = [...(known.events ?? []), ...(more.events ?? [])];
  known.events = events.slice(0, DETECTION_EVENTS_MAX);
  known.firstAtUs = Math.min(known.firstAtUs ?? 0, more.firstAtUs ?? 0);
  known.lastAtUs = Math.max(known.lastAtUs ?? 0, more.lastAtUs ?? 0);
  const values = known.values ?? {};
  values['threatguard.count'] = String(Number(values['threatguard.count'] ?? 1) + 1);
}
