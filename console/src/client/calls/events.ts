import { consoleService, type SearchEventsRequest, type StoredEvent, type Volumes } from '@threatguard/proto';
import type { Connection } from '../connection.ts';
import { PAGE_ROWS } from '../pages.ts';

/** A search that takes longer is not gone on with by itself: a person decides. */
const SEARCH_MS_MAX = 30_000;

export interface FoundEvents {
  rows: StoredEvent[];
  /** Set where older events were not looked at. */
  searchedBackToUs?: number;
}

export const eventsCalls = (connection: Connection) => ({
  /**
   * Newest first, at most `limit`, over as many answers as it takes; a collector that has much to look through answers in
   * parts. Where that takes too long `searchedBackToUs` says how far it came.
   */
  async searchEvents(
    query: Omit<SearchEventsRequest, 'limit' | 'after'>,
    limit: number,
    nowMs: () => number = () => performance.now(),
  ): Promise<FoundEvents> {
    const sinceMs = nowMs();
    const found: StoredEvent[] = [];
    for (let after = ''; ; ) {
      const rows = Math.min(PAGE_ROWS, limit - found.length);
      const page = await connection.call(consoleService.searchEvents, { ...query, limit: rows, after });
      found.push(...(page.events ?? []));
      const goesOn = page.next && page.next !== after && found.length < limit;
      if (!goesOn) return { rows: found.slice(0, limit) };
      if (page.searchedBackToUs && nowMs() - sinceMs >= SEARCH_MS_MAX) {
        return { rows: found, searchedBackToUs: page.searchedBackToUs };
      }
      after = page.next ?? '';
    }
  },

  /** By AGENT/STREAM/SEQUENCE/INDEX. */
  getEvent(event: string): Promise<StoredEvent> {
    return connection.call(consoleService.getEvent, { event });
  },

  /** By hour since a time. */
  getVolumes(sinceUs: number): Promise<Volumes> {
    return connection.call(consoleService.getVolumes, { sinceUs });
  },
});
