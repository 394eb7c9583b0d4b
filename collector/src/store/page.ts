// What reads of the store are asked for and answer with.
import type { Alert, StoredEvent } from '@threatguard/proto';

export interface OutboxRow {
  /** Ascending in commit order. */
  id: number;
  alert: Alert;
}

/** Where a risk stood after a change; until the next point it decays from there (riskAt). */
export interface RiskPoint {
  atUs: number;
  level: number;
}

/** Until is not included; absent, there is no end. */
export interface TimeRange {
  sinceUs?: number;
  untilUs?: number;
}

export interface Page<T> {
  rows: T[];
  /** Cursor for the next page; empty on the last. */
  next: string;
}

export interface EventPage extends Page<StoredEvent> {
  /**
   * Set where the answer ended before its limit and before the end of the events: all from this time on have been looked
   * at, and `next` goes on from there.
   */
  searchedBackToUs?: number;
}
