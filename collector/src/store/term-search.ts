// A search for what is rare, by the terms of batches (batch-terms.ts): back through time window by window, in each the batches
// that may contain it, and of those the events. It ends where terms say no more, and the search goes on without them:
//
//   where an index has every day from there back (past-days.ts)
//   at batches that have no terms, because a collector of before stored them
//   where many batches may contain it: then it is not rare, and to look at all there is costs less
import { PART_US, termsCondition } from './batch-terms.ts';
import type { Database, Row } from './database.ts';
import { type AgentSpan, cursorBefore, cursorOf, type EventQuery, type EventSpan, readPage } from './event-pages.ts';
import { conditionFor, isAgentField, Parameters } from './field-sql.ts';
import { DAY_US, dayOf } from './retention.ts';
import { cutWidth, isTimedOut, NARROWEST_US, nextWidth } from './search-windows.ts';
import { timestamp } from './values.ts';

/** Parts of batches looked into by one statement, each a look into an index and some hundred rows. */
const CANDIDATES_MAX = 256;
/** Where more than one in so many may have it, all of them are looked at at once. */
const SHARE_MAX = 1 / 8;

/** Rows of one page; `floorUs` where a window ends with it, `last` where the search is to end though more is left. */
export interface Scanned {
  rows: Row[];
  floorUs?: number;
  last?: boolean;
}

export interface TermSearch {
  query: EventQuery;
  after: string;
  pageRows: number;
  /** Of batch-terms.ts, at least one. */
  hashes: readonly number[];
  /** The oldest and the newest event there may be. */
  span: EventSpan;
  /** Older events are found otherwise. */
  indexedUntilUs: number;
  /** A limit for one statement. */
  limit: () => AbortSignal | undefined;
  /** Whether to end although more is left. */
  last: () => boolean;
}

/** Returns the cursor to go on from without terms; undefined where everything was looked at. */
export async function* scanByTerms(
  database: Database,
  search: TermSearch,
): AsyncGenerator<Scanned, string | undefined, undefined> {
  const { span, limit } = search;
  let cursor = search.after;
  let widthUs = DAY_US;
  let topUs = span.newestUs + 1;
  try {
    const knownFromUs = Math.max(search.indexedUntilUs, await termsFrom(database, topUs, limit()));
    const oldestUs = Math.max(span.oldestUs, knownFromUs);
    while (topUs > oldestUs) {
      const startedMs = performance.now();
      const window = { floorUs: Math.max(topUs - widthUs, oldestUs), topUs };
      const candidates = await readCandidates(database, search, window).catch(unlessTimedOut);
      if (!candidates) {
        widthUs = cutWidth(topUs - window.floorUs);
        if (widthUs < NARROWEST_US || search.last()) return cursor;
        continue;
      }
      widthUs = nextWidth(widthUs, performance.now() - startedMs);
      if (candidates.length > CANDIDATES_MAX) {
        // What is newer than the one too many lies in those before it.
        window.floorUs = Math.max(window.floorUs, candidates.pop()!.lastUs + 1);
        if (window.floorUs >= topUs || (await areMany(database, search, window))) return cursor;
        widthUs = 2 * (topUs - window.floorUs);
      }
      for await (const rows of readSpans(database, { ...search, after: cursor }, { candidates, ...window })) {
        cursor = cursorOf(rows.at(-1)!);
        yield { rows, last: search.last() };
      }
      topUs = window.floorUs;
      cursor = cursorBefore(topUs);
      yield { rows: [], floorUs: topUs, last: search.last() };
    }
    return knownFromUs > span.oldestUs ? cursor : undefined;
  } catch (error) {
    unlessTimedOut(error);
    return cursor;
  }
}

function unlessTimedOut(error: unknown): undefined {
  if (!isTimedOut(error)) throw error;
}

interface TermWindow {
  floorUs: number;
  /** Not included. */
  topUs: number;
}

/** Pages of the events in candidates, newest first; none is empty. */
async function* readSpans(
  database: Database,
  { query, pageRows, after, limit }: TermSearch,
  { candidates, floorUs }: TermWindow & { candidates: readonly AgentSpan[] },
): AsyncIterable<Row[]> {
  let cursor = after;
  for (const spans of byDay(candidates)) {
    // A day of its own in the plan leaves all others alone.
    const dayUs = dayOf(spans[0]!.firstUs) * DAY_US;
    const within = {
      ...query,
      sinceUs: Math.max(floorUs, dayUs),
      untilUs: Math.min(query.untilUs || Number.POSITIVE_INFINITY, dayUs + DAY_US),
    };
    for (let more = true; more; ) {
      const page = { order: 'desc', rows: pageRows, after: cursor, spans } as const;
      const rows = await readPage(database, within, page, limit());
      more = rows.length === pageRows;
      if (rows.length === 0) break;
      cursor = cursorOf(rows.at(-1)!);
      yield rows;
    }
  }
}

/** From when on every batch has terms: after the newest that an older collector stored without. */
async function termsFrom(database: Database, topUs: number, signal: AbortSignal | undefined): Promise<number> {
  const [row] = await database.query(
    `select last_event_at as last from envelopes where not has_terms and not quarantined and first_event_at < $1
     order by last_event_at desc limit 1`,
    [timestamp(topUs)],
    signal,
  );
  return row ? row.last + 1 : 0;
}

/** Whether what is looked for is so frequent in a window, which has as many candidates as there may be, that terms are no help. */
async function areMany(
  database: Database,
  { query, limit }: TermSearch,
  { floorUs, topUs }: TermWindow,
): Promise<boolean> {
  const parameters = new Parameters();
  const rows = await database.query(
    `select 1 from batch_terms e where ${partsIn({ floorUs, topUs }, query, parameters).join(' and ')}
     limit ${parameters.add(CANDIDATES_MAX / SHARE_MAX)}`,
    parameters.values,
    limit(),
  );
  return rows.length < CANDIDATES_MAX / SHARE_MAX;
}

/** Parts of batches that may have an answer, those that reach furthest first; one too many says that there are more. */
async function readCandidates(
  database: Database,
  { query, hashes, limit }: TermSearch,
  window: TermWindow,
): Promise<AgentSpan[]> {
  const parameters = new Parameters();
  const conditions = [...partsIn(window, query, parameters), termsCondition(hashes)];
  const found = await database.query(
    `select e.agent_id::text as "agentId", e.first_event_at as "firstUs", e.last_event_at as "lastUs" from batch_terms e
     where ${conditions.join(' and ')} order by e.last_event_at desc limit ${parameters.add(CANDIDATES_MAX + 1)}`,
    parameters.values,
    limit(),
  );
  return found as AgentSpan[];
}

function partsIn({ floorUs, topUs }: TermWindow, { filters }: EventQuery, parameters: Parameters): string[] {
  return [
    `e.first_event_at >= ${parameters.add(timestamp(floorUs - PART_US))}`,
    `e.first_event_at < ${parameters.add(timestamp(topUs))}`,
    `e.last_event_at >= ${parameters.add(timestamp(floorUs))}`,
    ...filters.flatMap((filter) => (isAgentField(filter.field ?? '') ? (conditionFor(filter, parameters) ?? []) : [])),
  ];
}

/** The newest day first. Spans of one agent that overlap become one, so that no event comes twice. */
function* byDay(candidates: readonly AgentSpan[]): Iterable<AgentSpan[]> {
  const sorted = candidates.toSorted((a, b) =>
    a.agentId < b.agentId ? -1 : a.agentId > b.agentId ? 1 : a.firstUs - b.firstUs,
  );
  const days = new Map<number, AgentSpan[]>();
  for (const span of sorted) {
    const day = dayOf(span.firstUs);
    const spans = days.get(day) ?? [];
    days.set(day, spans);
    const before = spans.at(-1);
    if (before?.agentId === span.agentId && span.firstUs <= before.lastUs) {
      spans[spans.length - 1] = { ...before, lastUs: Math.max(before.lastUs, span.lastUs) };
    } else spans.push(span);
  }
  for (const day of [...days.keys()].sort((a, b) => b - a)) yield days.get(day)!;
}
