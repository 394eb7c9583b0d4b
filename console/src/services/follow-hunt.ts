// Events of a hunt as they come. The collector is asked every second for what it received since; an event is stored some time
// after it was received, so each question reaches back over the one before, and now and then further: what comes twice is known by
// its reference.
import { setTimeout as wait } from 'node:timers/promises';
import { HUNT_LIMIT_MAX, type HuntPart, type HuntRequest, type StoredEvent } from '@threatguard/proto';
import { isUnreachable } from '../model/console-error.ts';
import { eventId } from '../model/event.ts';

const ASK_MS = 1_000;
/** An event stored this long after it was received is shown within a second, */
const NARROW_US = 10_000_000;
/** and one stored this long after it within half a minute: a database that was away keeps the collector waiting. */
const WIDE_US = 300_000_000;
const WIDE_EVERY_MS = 30_000;
/** Events that are remembered. Where more come in WIDE_US, it is reached back no further than they do. */
const SEEN_MAX = 200_000;
/** Between attempts to reach a collector that is away. */
const RETRY_MS_MAX = 5_000;
/** No time is later than now: what was there before is not asked for. */
const NOW_US = Number.MAX_SAFE_INTEGER;

export interface FollowHuntOptions {
  client: { runHunt(request: HuntRequest, signal: AbortSignal): AsyncIterable<HuntPart> };
  /** Without counting and sorting. */
  query: string;
  /** Whether the query says how many itself. */
  limit?: number | undefined;
  /** Begin with what happened since then; undefined for what comes from now on. */
  sinceUs: number | undefined;
  signal: AbortSignal;
  /** False where no more is wanted. */
  onEvent(event: StoredEvent): boolean;
  onNote(note: string): void;
  nowMs?: () => number;
  pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const pauseFor = (ms: number, signal: AbortSignal) => wait(ms, undefined, { signal }).catch(() => undefined);

/** Runs until `signal`, or until no more is wanted. Throws ConsoleError where the collector is not there at the start, or refuses. */
export async function followHunt(options: FollowHuntOptions): Promise<void> {
  const { signal, onNote, pause = pauseFor } = options;
  const follower = new HuntFollower(options);
  let begun = false;
  let retryMs = ASK_MS;
  while (!signal.aborted && !follower.done) {
    try {
      await (begun ? follower.ask() : follower.begin());
      if (retryMs > ASK_MS) onNote('the collector is back');
      begun = true;
      retryMs = ASK_MS;
    } catch (error) {
      // Whoever was followed once is waited for; what the collector refuses it will refuse again.
      if (!begun || !isUnreachable(error)) throw error;
      if (retryMs === ASK_MS) onNote(`${error.message}; trying again`);
      retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
    }
    if (!follower.done) await pause(retryMs, signal);
  }
}

class HuntFollower {
  done = false;
  readonly #options: FollowHuntOptions;
  readonly #nowMs: () => number;
  /** When it was received, by reference; in the order they came. */
  readonly #seen = new Map<string, number>();
  /** By the collector's clock: what it received before was looked at. */
  #untilUs = 0;
  /** What was received before is not remembered, or was there before it was begun. */
  #floorUs = 0;
  #wideAtMs = 0;

  constructor(options: FollowHuntOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  async begin(): Promise<void> {
    const { client, query, limit, sinceUs, signal, onNote } = this.#options;
    const untilUs = await this.#take({ query, arrivedSinceUs: NOW_US });
    if (sinceUs === undefined) {
      this.#floorUs = untilUs;
    } else {
      const found: StoredEvent[] = [];
      let cut = '';
      const all = limit === undefined ? `${query} | limit ${HUNT_LIMIT_MAX}` : query;
      for await (const part of client.runHunt({ query: all, sinceUs }, signal)) {
        found.push(...(part.events ?? []));
        cut = part.cut ?? '';
      }
      if (found.length >= HUNT_LIMIT_MAX) cut = `of what was there before the newest ${HUNT_LIMIT_MAX} are shown`;
      if (cut) onNote(cut);
      for (const event of found.reverse()) this.#show(event);
    }
    this.#untilUs = untilUs;
    this.#wideAtMs = this.#nowMs();
  }

  async ask(): Promise<void> {
    const isWide = this.#nowMs() - this.#wideAtMs >= WIDE_EVERY_MS;
    const fromUs = Math.max(this.#floorUs, this.#untilUs - (isWide ? WIDE_US : NARROW_US), 1);
    this.#untilUs = await this.#take({ query: this.#options.query, arrivedSinceUs: fromUs });
    if (isWide) this.#wideAtMs = this.#nowMs();
    this.#forget();
  }

  /** Shows what is new, and returns up to when was looked. */
  async #take(request: HuntRequest): Promise<number> {
    const { client, signal } = this.#options;
    let untilUs = this.#untilUs;
    for await (const part of client.runHunt(request, signal)) {
      for (const event of part.events ?? []) this.#show(event);
      untilUs = part.arrivedUntilUs || untilUs;
      if (this.done) break;
    }
    return untilUs;
  }

  #show(event: StoredEvent): void {
    const { sinceUs, onEvent, signal } = this.#options;
    const id = eventId(event);
    if (this.done || signal.aborted || this.#seen.has(id) || (event.eventAtUs ?? 0) < (sinceUs ?? 0)) return;
    this.#seen.set(id, event.receivedAtUs ?? 0);
    this.done = !onEvent(event);
  }

  #forget(): void {
    const neverAskedUs = this.#untilUs - WIDE_US;
    for (const [id, receivedUs] of this.#seen) {
      if (receivedUs >= neverAskedUs && this.#seen.size <= SEEN_MAX) continue;
      this.#seen.delete(id);
      if (receivedUs >= neverAskedUs) this.#floorUs = Math.max(this.#floorUs, receivedUs + 1);
    }
  }
}
