import type { FieldFilter, StoredEvent } from '@threatguard/proto';
import { wantedTerms } from './batch-terms.ts';
import type { Database } from './database.ts';
import {
  cursorBefore,
  cursorOf,
  type EventQuery,
  type EventSpan,
  readPage,
  storedEvent,
  timeOf,
  timeSpan,
} from './event-pages.ts';
import { fieldReader, matcher } from './field-match.ts';
import { agentsWith, conditionFor, Parameters } from './field-sql.ts';
import type { EventPage } from './page.ts';
import { pastDaysEnd } from './past-days.ts';
import { isTimedOut, RowWindows, TimeWindows, type Windows } from './search-windows.ts';
import { StoreError } from './store-error.ts';
import { type Scanned, scanByTerms, type TermSearch } from './term-search.ts';
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
  /** What must hold beside the query, and the database cannot say. */
  matches?: ((stored: StoredEvent) => boolean) | undefined;
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
  if (search.matches) here.push(search.matches);
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
 * The name or the label of one agent as its id: then its events come from the index in order of time, and one that was
 * silent for weeks is found as quickly as any. What several agents have is left to the database.
 */
async function withAgentId(database: Database, filter: FieldFilter): Promise<FieldFilter> {
  const { field = '', value = '', negated } = filter;
  if (value.includes('*') || negated) return filter;
  const parameters = new Parameters();
  const agents = agentsWith(field, storableText(value), parameters);
  if (!agents) return filter;
  const rows = await database.query(`select id::text as id from (${agents} limit 2) a`, parameters.values);
  if (rows.length > 1) return filter;
  return { field: 'agent.id', value: rows[0]?.id ?? NO_AGENT };
}

async function* scan(database: Database, search: EventSearch, pageRows: number): AsyncIterable<Scanned> {
  const { query, after, signal } = search;
  const limits = { ...LIMITS, ...search.limits };
  const sinceMs = performance.now();
  const timeIsUp = () => performance.now() - sinceMs >= limits.searchMsMax;
  // Where a statement cannot be ended a limit would only end the wait for its turn.
  const limit = () => (search.windowRows > 0 ? signal : until(signal, limits.statementMsMax));
  let cursor = after;
  // Without a filter every row is an answer, and where an index has them in order the first page is all there is to look at.
  const inOrder = query.filters.length === 0 && !query.condition && !search.matches && !query.columnstore;
  const span = inOrder ? undefined : await timeSpan(database, query, after, signal);
  if (!inOrder && !span) return;
  const terms = span && (await termsOf(database, query, after));
  if (terms) {
    const left = yield* scanByTerms(database, { ...terms, query, span, after, pageRows, limit, last: timeIsUp });
    if (left === undefined) return;
    cursor = left;
  }
  const windows = span && windowsOf(database, search, span);
  for (let turn = 1; ; turn++) {
    const startedMs = performance.now();
    const floorUs = await windows?.floorBelow(cursor);
    const within = floorUs === undefined ? query : { ...query, sinceUs: floorUs };
    const last = () => turn >= WINDOWS_MAX || timeIsUp();
    try {
      for (let more = true; more; ) {
        const page = { order: 'desc', rows: pageRows, after: cursor } as const;
        const rows = await readPage(database, within, page, limit());
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

/** What a search by terms begins with; undefined where an index finds more quickly what is asked for. */
async function termsOf(
  database: Database,
  query: EventQuery,
  after: string,
): Promise<Pick<TermSearch, 'hashes' | 'indexedUntilUs'> | undefined> {
  if (query.filters.some((filter) => isIndexed(filter, query))) return undefined;
  const hashes = wantedTerms(query.filters);
  if (hashes.length === 0) return undefined;
  const indexedUntilUs = query.columnstore ? 0 : await pastDaysEnd(database);
  const untilUs = after ? timeOf(after) : query.untilUs || Number.POSITIVE_INFINITY;
  return untilUs > indexedUntilUs ? { hashes, indexedUntilUs } : undefined;
}

function windowsOf(database: Database, { query, windowRows }: EventSearch, span: EventSpan): Windows {
  if (windowRows > 0 && !query.filters.some((filter) => isIndexed(filter, query)))
    return new RowWindows(database, query, windowRows);
  return new TimeWindows(span, query.columnstore === true);
}

/** Found by an index of every day, so that few other rows are looked at, however long the time. */
function isIndexed({ field = '', value = '', negated }: FieldFilter, { columnstore }: EventQuery): boolean {
  return !columnstore && INDEXED_FIELDS.has(field) && !value.includes('*') && !negated;
}

function until(signal: AbortSignal | undefined, limitMs: number): AbortSignal {
  const limit = AbortSignal.timeout(limitMs);
  return signal ? AbortSignal.any([signal, limit]) : limit;
}
