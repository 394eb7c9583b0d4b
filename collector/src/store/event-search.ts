import type { FieldFilter, StoredEvent } from '@threatguard/proto';
import type { Row, Session } from './database.ts';
import { cursorBefore, cursorOf, type EventQuery, readPage, storedEvent, timeAfter } from './event-pages.ts';
import { fieldReader, matcher } from './field-match.ts';
import { AGENT_NAME_FIELDS, conditionFor, Parameters } from './field-sql.ts';
import { type Page, StoreError } from './store.ts';
import { storableText } from './values.ts';

/** Events in one answer. */
const LIMIT_MAX = 5_000;
/** Conditions in one search. */
const FILTERS_MAX = 32;
/** Rows read from the database at a time where events are filtered here. */
const SCAN_PAGE_ROWS = 1_000;
/** Rows read for one answer where events are filtered here; the answer then ends early, with a cursor to go on from. */
const SCAN_ROWS_MAX = 50_000;
/** Windows looked through for one answer; likewise. */
const WINDOWS_MAX = 100;

export interface EventSearch {
  query: EventQuery;
  limit: number;
  after: string;
  /** Rows one statement may look at; 0 where the engine itself ends a statement that takes too long. */
  windowRows: number;
}

/** Newest first. What the database can say is asked there; the other filters are applied here, page by page. */
export async function searchEvents(session: Session, search: EventSearch): Promise<Page<StoredEvent>> {
  const asked = search.query.filters;
  if (asked.length > FILTERS_MAX) throw new StoreError('rejected', `${asked.length} filters, at most ${FILTERS_MAX}`);
  for (const filter of asked) fieldReader(filter.field ?? '');
  const filters = await Promise.all(asked.map((filter) => withAgentId(session, filter)));
  const wanted = Math.max(1, Math.min(Math.trunc(search.limit) || 1, LIMIT_MAX));
  const here = filters.filter((filter) => conditionFor(filter, new Parameters()) === undefined).map(matcher);
  const pageRows = here.length > 0 ? SCAN_PAGE_ROWS : wanted + 1;

  const found: StoredEvent[] = [];
  let cursor = search.after;
  let scanned = 0;
  let windows = 0;
  for await (const { rows, end } of scan(session, { ...search, query: { ...search.query, filters } }, pageRows)) {
    for (const row of rows) {
      if (found.length === wanted) return { rows: found, next: cursor };
      const stored = storedEvent(row);
      if (here.every((matches) => matches(stored))) found.push(stored);
      cursor = cursorOf(row);
    }
    if (end) cursor = end;
    scanned += rows.length;
    windows += end ? 1 : 0;
    if (scanned >= SCAN_ROWS_MAX || windows >= WINDOWS_MAX) return { rows: found, next: cursor };
  }
  return { rows: found, next: '' };
}

/**
 * The name of one agent as its id: then its events come from the index in order of time, and one that was silent for
 * weeks is found as quickly as any. A name that several agents had, or none, is left to the database.
 */
async function withAgentId(session: Session, filter: FieldFilter): Promise<FieldFilter> {
  const { field = '', value = '', negated } = filter;
  if (!AGENT_NAME_FIELDS.has(field) || value.includes('*') || negated) return filter;
  const rows = await session.query('select id::text as id from agents where name = $1 limit 2', [storableText(value)]);
  return rows.length === 1 ? { field: 'agent.id', value: rows[0]!.id } : filter;
}

/** Pages from a cursor on; `end` is set where a window ends, and is the cursor of the next one. */
async function* scan(
  session: Session,
  { query, after, windowRows }: EventSearch,
  pageRows: number,
): AsyncIterable<{ rows: Row[]; end?: string }> {
  const windowed = windowRows > 0 && query.filters.length > 0;
  for (let cursor = after; ; ) {
    const place = { order: 'desc', after: cursor } as const;
    const floorUs = windowed ? await timeAfter(session, query, { ...place, rows: windowRows }) : undefined;
    const within = floorUs === undefined ? query : { ...query, sinceUs: floorUs };
    let rows: Row[];
    do {
      rows = await readPage(session, within, { order: 'desc', rows: pageRows, after: cursor });
      yield { rows };
      if (rows.length > 0) cursor = cursorOf(rows.at(-1)!);
    } while (rows.length === pageRows);
    if (floorUs === undefined) return;
    cursor = cursorBefore(floorUs);
    yield { rows: [], end: cursor };
  }
}
