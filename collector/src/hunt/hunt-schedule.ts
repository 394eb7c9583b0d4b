// Saved hunts that run by themselves, one after another; what one finds becomes a detection for each host.
import {
  type Detection,
  type EventReference,
  HuntError,
  parseHunt,
  type Severity,
  type StoredEvent,
} from '@threatguard/proto';
import type { Duties } from '../duties.ts';
import type { SavedHuntRecord } from '../store/hunt-store.ts';
import type { Store } from '../store/store.ts';
import { StoreError } from '../store/store-error.ts';
import { runHunt } from './run-hunt.ts';

const LOOK_MS = 10_000;
/** Events that happened so shortly before may not be stored yet. */
const SETTLE_US = 5_000_000;
/** A run looks back at most so far, after a collector that was off. */
const BACK_US_MAX = 24 * 3_600_000_000;
/** Events of one run: what finds more is no hunt but a search. */
const FOUND_MAX = 1_000;
/** Of one host and run. */
const REFERENCES_MAX = 50;

export interface HuntScheduleParts {
  store: Pick<Store, 'searchEvents' | 'countEvents' | 'hunts'>;
  report: (detections: readonly Detection[]) => Promise<void>;
  /** Of several collectors of the store one runs them. */
  duties: Pick<Duties, 'alone'>;
  nowUs: () => number;
  failed: (error: unknown) => void;
}

export class HuntSchedule implements AsyncDisposable {
  readonly #parts: HuntScheduleParts;
  readonly #stopped = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> = Promise.resolve();
  #busy = false;

  constructor(parts: HuntScheduleParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.look(), LOOK_MS);
    this.#timer.unref();
  }

  /** Runs what is due. Resolves when it is done; at once where a look is still under way. */
  look(): Promise<void> {
    if (this.#busy || this.#stopped.signal.aborted) return this.#running;
    this.#busy = true;
    this.#running = this.#lookOnce()
      .catch(this.#parts.failed)
      .finally(() => {
        this.#busy = false;
      });
    return this.#running;
  }

  async #lookOnce(): Promise<void> {
    const { store, duties } = this.#parts;
    const isDue = async () => (await store.hunts.list()).some((hunt) => this.#dueSpan(hunt));
    // What another collector ran meanwhile is seen by whoever reads them again.
    if (await isDue()) await duties.alone('hunts', (signal) => this.#runDue(signal));
  }

  async #runDue(lost: AbortSignal): Promise<void> {
    const { store } = this.#parts;
    const signal = AbortSignal.any([this.#stopped.signal, lost]);
    for (const hunt of await store.hunts.list()) {
      const span = this.#dueSpan(hunt);
      if (!span || signal.aborted) continue;
      const problem = await this.#run(hunt, span, signal);
      if (problem !== undefined) await store.hunts.ran(hunt.name, span.untilUs, problem);
    }
  }

  /** What a hunt that is due looks through. */
  #dueSpan({ everySeconds, ranUntilUs, savedAtUs }: SavedHuntRecord): { sinceUs: number; untilUs: number } | undefined {
    const untilUs = this.#parts.nowUs() - SETTLE_US;
    const everyUs = everySeconds * 1_000_000;
    const sinceUs = Math.max(ranUntilUs ?? savedAtUs, untilUs - BACK_US_MAX);
    return everyUs > 0 && untilUs - sinceUs >= everyUs ? { sinceUs, untilUs } : undefined;
  }

  /** Why it failed; empty where it did not, undefined where it was interrupted: then whoever comes next runs it. */
  async #run(
    hunt: SavedHuntRecord,
    span: { sinceUs: number; untilUs: number },
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { store, report } = this.#parts;
    try {
      const { where } = parseHunt(hunt.query);
      const found: StoredEvent[] = [];
      // Counting and sorting are for people; what a hunt finds is what it alerts about.
      const parsed = { where, countBy: undefined, sort: undefined, limit: FOUND_MAX };
      for await (const part of runHunt({ store, hunt: parsed, span, signal })) {
        found.push(...(part.events ?? []));
      }
      if (signal.aborted) return undefined;
      if (found.length > 0) await report(detectionsOf(hunt, found));
      return '';
    } catch (error) {
      if (signal.aborted) return undefined;
      if (error instanceof StoreError || error instanceof HuntError) return error.message;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#stopped.abort();
    await this.#running;
  }
}

function detectionsOf({ name, query, severity }: SavedHuntRecord, found: readonly StoredEvent[]): Detection[] {
  const byAgent = Map.groupBy(found, ({ reference }) => reference?.agentId ?? '');
  return Array.from(byAgent, ([agentId, events]): Detection => {
    const times = events.map(({ eventAtUs }) => eventAtUs ?? 0);
    return {
      ruleId: `hunt/${name}`,
      ruleTitle: `Saved hunt ${name}`,
      severity: severity as Severity,
      techniques: [],
      tactics: [],
      reason: `${events.length}${found.length >= FOUND_MAX ? ' or more' : ''} events match the saved hunt ${name}: ${query}`,
      values: { 'threatguard.hunt.name': name, 'threatguard.hunt.query': query },
      events: events.slice(0, REFERENCES_MAX).map(({ reference }) => reference as EventReference),
      firstAtUs: Math.min(...times),
      lastAtUs: Math.max(...times),
      agentId,
      entity: `hunt=${name}`,
    };
  });
}
