// A search goes back through time window by window, each a statement of its own: so the newest answers come without a look
// at all that is older, one statement can be ended without losing what those before it found, and what is left to look
// at is always a time. How far a window reaches:
//
//   over a socket   a span of time, wider where the one before was answered quickly, narrower where it had to be ended.
//                   A columnstore begins with a minute, also where nothing is filtered: it is in the order of each host,
//                   not of the answer, and what it reads in vain is bounded by the time of the window alone
//   embedded        a number of rows, because that engine cannot end a statement; a span of time where an index finds
//                   what is asked for, and few rows are looked at
import type { Database } from './database.ts';
import { type EventQuery, type EventSpan, timeAfter, timeOf } from './event-pages.ts';
import { StoreError } from './store-error.ts';

const MINUTE_US = 60_000_000;
/** What most searches ask for, and a partition. */
const DAY_US = 1_440 * MINUTE_US;
export const NARROWEST_US = MINUTE_US;
/** A window answered in less than this is followed by one that is wider by as much, */
const QUICK_MS = 100;
/** of a count in less than this: nothing of it is shown before all is counted, and few wide windows cost less than many. */
export const QUICK_COUNT_MS = 400;
/** but not by more: how much there is may change. */
const WIDENED_BY_MAX = 8;
/** One that took longer than this, by one half as wide. */
const SLOW_MS = 1_000;
/** One that had to be ended is tried again at this part of it. */
const CUT_BY = 8;

export interface Windows {
  /** The time the next window begins at, from a cursor back; undefined where it holds all that is left. */
  floorBelow(cursor: string): Promise<number | undefined>;
  /** A window was answered in this time. */
  answered(tookMs: number): void;
  /** A window had to be ended. False where none narrower makes sense. */
  cut(): boolean;
}

export class TimeWindows implements Windows {
  readonly #oldestUs: number;
  readonly #newestUs: number;
  readonly #quickMs: number;
  #widthUs: number;

  /** `narrow` where a part of a day costs less than the day, because no index on it is in the order of the answer. */
  constructor({ oldestUs, newestUs }: EventSpan, narrow: boolean, quickMs = QUICK_MS) {
    this.#oldestUs = oldestUs;
    this.#newestUs = newestUs;
    this.#quickMs = quickMs;
    this.#widthUs = narrow ? NARROWEST_US : DAY_US;
  }

  async floorBelow(cursor: string): Promise<number | undefined> {
    const topUs = cursor ? Math.min(timeOf(cursor), this.#newestUs) : this.#newestUs;
    const floorUs = topUs - this.#widthUs;
    return floorUs > this.#oldestUs ? floorUs : undefined;
  }

  answered(tookMs: number): void {
    this.#widthUs = nextWidth(this.#widthUs, tookMs, this.#quickMs);
  }

  cut(): boolean {
    this.#widthUs = cutWidth(Math.min(this.#widthUs, this.#newestUs - this.#oldestUs + 1));
    return this.#widthUs >= NARROWEST_US;
  }
}

export class RowWindows implements Windows {
  readonly #database: Database;
  readonly #query: EventQuery;
  readonly #rows: number;

  constructor(database: Database, query: EventQuery, rows: number) {
    this.#database = database;
    this.#query = query;
    this.#rows = rows;
  }

  floorBelow(cursor: string): Promise<number | undefined> {
    return timeAfter(this.#database, this.#query, { after: cursor, rows: this.#rows });
  }

  answered(): void {
    // Rows cost what they cost: the next window has as many.
  }

  cut(): boolean {
    return false;
  }
}

/** After a window of this width was answered in this time. */
export function nextWidth(widthUs: number, tookMs: number, quickMs = QUICK_MS): number {
  if (tookMs < quickMs) return Math.trunc(widthUs * Math.min(WIDENED_BY_MAX, quickMs / tookMs));
  return tookMs > SLOW_MS ? Math.max(NARROWEST_US, Math.trunc(widthUs / 2)) : widthUs;
}

/** After a window of this width had to be ended. */
export function cutWidth(widthUs: number): number {
  return Math.trunc(widthUs / CUT_BY);
}

export function isTimedOut(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'timed_out';
}
