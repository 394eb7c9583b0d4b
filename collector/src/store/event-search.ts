import type { FieldFilter, StoredEvent } from '@threatguard/proto';
import type { Database, Row } from './database.ts';
import { cursorBefore, cursorOf, type EventQuery, readPage, storedEvent, timeOf } from './event-pages.ts';
import { fieldReader, matcher } from './field-match.ts';
import { AGENT_NAME_FIELDS, conditionFor, Parameters } from './field-sql.ts';
import { isTimedOut, RowWindows, TimeWindows, type Windows } from './search-windows.ts';
import { type EventPage, StoreError } from './store.ts';
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

/** Those with an index that every event is added to. */
const INDEXED_FIELDS: ReadonlySet<string> = new Set(['user.name', 'source.ip', 'agent.id']);
/** No id of an agent: nothing needs to be looked at. */
const NO_AGENT = 'none';

interface SearchLimits {
  /** One statement; then its window is narrowed. */
  statementMsMax: number;
  /** No window is begun after this; what was found is the answer. A console waits for 10 s. */
  searchMsMax: number;
}

const LIMITS: SearchLimits = { statementMsMax: 2_000, searchMsMax: 5_000 };

export interface EventSearch {
  query: EventQuery;
  limit: number;
  after: string;
  /** Rows one statement may look at; 0 where the engine itself ends a statement that takes too long. */
  windowRows: number;
  signal?: AbortSignal | undefined;
  limits?: Partial<SearchLimits> | undefined;
}

/**
 * Newest first, window by window (search-windows.ts). What the database can say is asked there; the other filters are
 * applied here, page by page.
 */
export async function searchEvents(database: Database, search: EventSearch): Promise<EventPage> {
  const asked = search.query.filters;
  if (asked.length > FILTERS_MAX) throw new StoreError('rejected', `${asked.length} filters, at most ${FILTERS_MAX}`);
  for (const filter of asked) fieldReader(filter.field ?? '');
  const filters = await Promise.all(asked.map((filter) => withAgentId(database, filter)));
  const wanted = Math.max(1, Math.min(Math.trunc(search.limit) || 1, LIMIT_MAX));
  const here = filters.filter((filter) => conditionFor(filter, new Parameters()) === undefined).map(matcher);
  const pageRows = here.length > 0 ? SCAN_PAGE_ROWS : wanted + 1;

  const found: StoredEvent[] = [];
  let cursor = search.after;
  let scanned = 0;
  for await (const { rows, floorUs, last } of scan(
    database,
    { ...search, query: { ...search.query, filters } },
    pageRows,
  )) {
    for (const row of rows) {
      if (found.length === wanted) return { rows: found, next: cursor };
      const stored = storedEvent(row);
      if (here.every((matches) => matches(stored))) found.push(stored);
      cursor = cursorOf(row);
    }
    if (floorUs !== undefined) cursor = cursorBefore(floorUs);
    scanned += rows.length;
    if (last || scanned >= SCAN_ROWS_MAX) return { rows: found, next: cursor, searchedBackToUs: timeOf(cursor) };
  }
  return { rows: found, next: '' };
}

/**
 * The name of one agent as its id: then its events come from the index in order of time, and one that was silent for
 * weeks is found as quickly as any. A name that several agents had is left to the database.
 */
async function withAgentId(database: Database, filter: FieldFilter): Promise<FieldFilter> {
  const { field = '', value = '', negated } = filter;
  if (!AGENT_NAME_FIELDS.has(field) || value.includes('*') || negated) return filter;
  const rows = await database.query('select id::text as id from agents where name = $1 limit 2', [storableText(value)]);
  if (rows.length > 1) return filter;
  return { field: 'agent.id', value: rows[0]?.id ?? NO_AGENT };
}

/** Rows of one page; `floorUs` where a window ends with it, `last` where the search is to end though more is left. */
interface Scanned {
  rows: Row[];
  floorUs?: number;
  last?: boolean;
}

async function* scan(database: Database, search: EventSearch, pageRows: number): AsyncIterable<Scanned> {
  const { query, after, signal } = search;
  const limits = { ...LIMITS, ...search.limits };
  const sinceMs = performance.now();
  const windows = await windowsOf(database, search);
  if (windows === 'none') return;
  let cursor = after;
  for (let turn = 1; ; turn++) {
    const startedMs = performance.now();
    const floorUs = await windows?.floorBelow(cursor);
    const within = floorUs === undefined ? query : { ...query, sinceUs: floorUs };
    const last = () => turn >= WINDOWS_MAX || performance.now() - sinceMs >= limits.searchMsMax;
    try {
      for (let more = true; more; ) {
        const page = { order: 'desc', rows: pageRows, after: cursor } as const;
        // Where a statement cannot be ended a limit would only end the wait for its turn.
        const end = search.windowRows > 0 ? signal : until(signal, limits.statementMsMax);
        const rows = await readPage(database, within, page, end);
        more = rows.length === pageRows;
        if (rows.length > 0) cursor = cursorOf(rows.at(-1)!);
        if (more) yield { rows, last: last() };
        else if (floorUs === undefined) return yield { rows };
        else yield { rows, floorUs, last: last() };
      }
      cursor = cursorBefore(floorUs!);
      windows?.answered(performance.now() - startedMs);
    } catch (error) {
      if (!isTimedOut(error)) throw error;
      const goesOn = windows?.cut() === true && !last();
      if (goesOn) continue;
      if (cursor === after) throw error;
      yield { rows: [], last: true };
    }
  }
}

/** Without a filter every row is an answer, and where an index has them in order the first page is all there is to look at. */
async function windowsOf(
  database: Database,
  { query, after, signal, windowRows }: EventSearch,
): Promise<Windows | 'none' | undefined> {
  const { filters, columnstore: narrow = false } = query;
  if (filters.length === 0 && !narrow) return undefined;
  if (windowRows > 0 && !filters.some(isIndexed)) return new RowWindows(database, query, windowRows);
  return (await TimeWindows.over(database, query, { after, narrow, signal })) ?? 'none';
}

/** Found by an index of every day, so that few other rows are looked at, however long the time. */
function isIndexed({ field = '', value = '', negated }: FieldFilter): boolean {
  return INDEXED_FIELDS.has(field) && !value.includes('*') && !negated;
}

function until(signal: AbortSignal | undefined, limitMs: number): AbortSignal {
  const limit = AbortSignal.timeout(limitMs);
  return signal ? AbortSignal.any([signal, limit]) : limit;
}
