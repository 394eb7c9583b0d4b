import { type FieldFilter, HostEvent, type StoredEvent } from '@threatguard/proto';
import { uuidBytes } from './copy-writer.ts';
import type { Database, Row, Session } from './database.ts';
import { columnstoreCondition, conditionFor, Parameters } from './field-sql.ts';
import { StoreError } from './store-error.ts';
import { chunkSpan } from './timescale.ts';
import { timestamp } from './values.ts';

export interface EventQuery {
  filters: readonly FieldFilter[];
  sinceUs?: number;
  untilUs?: number;
  /** Days that have passed are in a columnstore. */
  columnstore?: boolean;
  /** What must hold beside the filters; its parameters are added to the statement's. */
  condition?: ((parameters: Parameters) => string) | undefined;
}

interface PageOptions {
  order: 'asc' | 'desc';
  rows: number;
  /** Cursor of the last row before this page; empty for the first. */
  after: string;
  /** Only events in these; not overlapping, at least one. */
  spans?: readonly AgentSpan[];
}

/** A time in which an agent may have what is looked for; both ends belong to it. */
export interface AgentSpan {
  agentId: string;
  firstUs: number;
  lastUs: number;
}

/** What storedEvent reads, from `events e left join agents a`. */
export const COLUMNS = `e.event_at, e.received_at, e.agent_id::text as agent_id, e.stream_id, e.sequence, e.event_index,
  coalesce(a.name, '') as agent_name, a.labels, e.event`;
const KEY = ['event_at', 'agent_id', 'stream_id', 'sequence', 'event_index'] as const;

/** Rows that pass what of the filters has a column. */
export function readPage(session: Session, query: EventQuery, page: PageOptions, signal?: AbortSignal): Promise<Row[]> {
  const parameters = new Parameters();
  const conditions = [...eventConditions({ ...query, sinceUs: 0, untilUs: 0 }, parameters)];
  conditions.push(...placeConditions(query, page, parameters));
  return session.query(
    `select ${COLUMNS} from ${eventsFrom(page.spans, conditions, parameters)} order by ${KEY.map((name) => `e.${name} ${page.order}`)} limit ${parameters.add(page.rows)}`,
    parameters.values,
    signal,
  );
}

/** What of a query has a column, over `events e` joined with `agents a`. */
export function eventConditions(query: EventQuery, parameters: Parameters): string[] {
  const conditions = query.filters.flatMap((filter) => conditionFor(filter, parameters) ?? []);
  if (query.columnstore) {
    conditions.push(...query.filters.flatMap((each) => columnstoreCondition(each, parameters) ?? []));
  }
  if (query.condition) conditions.push(query.condition(parameters));
  return [...conditions, ...placeConditions(query, { order: 'desc', after: '' }, parameters)];
}

/** Of spans each is looked up by itself, in the index on agents and times, whatever the planner believes of them. */
function eventsFrom(
  spans: readonly AgentSpan[] | undefined,
  conditions: readonly string[],
  parameters: Parameters,
): string {
  const agents = 'left join agents a on a.id = e.agent_id';
  if (!spans) return `events e ${agents} ${where(conditions)}`;
  const list = spans.map(({ agentId, firstUs, lastUs }) => ({
    agent: agentId,
    first: timestamp(firstUs),
    last: timestamp(lastUs),
  }));
  const within = ['e.agent_id = s.agent', 'e.event_at between s.first and s.last', ...conditions];
  return `json_to_recordset(${parameters.add(JSON.stringify(list))}::json)
      as s(agent uuid, first timestamptz, last timestamptz)
    cross join lateral (select e.* from events e ${where(within)} offset 0) e ${agents}`;
}

export interface EventSpan {
  oldestUs: number;
  newestUs: number;
}

/** The oldest and the newest event of a query's time, from a cursor back, whatever the filters; undefined where none is. */
export async function timeSpan(
  session: Session,
  { sinceUs, untilUs, columnstore }: EventQuery,
  after: string,
  signal?: AbortSignal,
): Promise<EventSpan | undefined> {
  if (columnstore) {
    // A plan for every chunk there is takes longer than most searches: the catalogue knows where the newest are.
    const chunks = await chunkSpan(session, 'events', sinceUs, after ? timeOf(after) + 1 : untilUs);
    if (!chunks) return undefined;
    const newest = await timeSpan(session, { filters: [], sinceUs: chunks.newestUs, untilUs }, after, signal);
    if (newest) return { oldestUs: chunks.oldestUs, newestUs: newest.newestUs };
  }
  const parameters = new Parameters();
  const conditions = placeConditions({ filters: [], sinceUs, untilUs }, { order: 'desc', after: '' }, parameters);
  if (after) {
    const older = after === cursorBefore(timeOf(after)) ? '<' : '<=';
    conditions.push(`e.event_at ${older} ${parameters.add(timestamp(timeOf(after)))}`);
  }
  const [row] = await session.query(
    `select min(e.event_at) as oldest, max(e.event_at) as newest from events e ${where(conditions)}`,
    parameters.values,
    signal,
  );
  return typeof row?.oldest === 'number' ? { oldestUs: row.oldest, newestUs: row.newest } : undefined;
}

/**
 * The time of the event that stands `rows` after a cursor, newest first, whatever the filters: a search down to it looks
 * at no more rows than that. Undefined where there are fewer.
 */
export async function timeAfter(
  database: Database,
  query: EventQuery,
  { after, rows }: { after: string; rows: number },
): Promise<number | undefined> {
  const parameters = new Parameters();
  const conditions = placeConditions(query, { order: 'desc', after }, parameters);
  return database.transaction(async (session) => {
    // Where so many are a good part of all, sorting all looks cheaper than walking the index; but that has no bound.
    await session.script('set local enable_seqscan = off; set local enable_sort = off');
    const [row] = await session.query(
      `select e.event_at from events e ${where(conditions)}
       order by e.event_at desc offset ${parameters.add(rows)} limit 1`,
      parameters.values,
    );
    return row?.event_at;
  });
}

function where(conditions: readonly string[]): string {
  return conditions.length > 0 ? `where ${conditions.join(' and ')}` : '';
}

function placeConditions(query: EventQuery, page: Omit<PageOptions, 'rows'>, parameters: Parameters): string[] {
  const conditions: string[] = [];
  const beyond = page.order === 'asc' ? '>' : '<';
  if (query.sinceUs) conditions.push(`e.event_at >= ${parameters.add(timestamp(query.sinceUs))}`);
  if (query.untilUs) conditions.push(`e.event_at < ${parameters.add(timestamp(query.untilUs))}`);
  if (page.after) {
    const [eventAtUs, agentId, streamId, sequence, index] = readCursor(page.after);
    // A columnstore compares times alone by many at once.
    if (page.after === cursorBefore(eventAtUs) && page.order === 'desc') {
      return [...conditions, `e.event_at < ${parameters.add(timestamp(eventAtUs))}`];
    }
    const at = parameters.add(timestamp(eventAtUs));
    const rest = [
      `${parameters.add(agentId)}::uuid`,
      `decode(${parameters.add(streamId)}, 'hex')`,
      `${parameters.add(sequence)}::bigint`,
      `${parameters.add(index)}::integer`,
    ];
    conditions.push(`e.event_at ${beyond}= ${at}`, `(${KEY.map((name) => `e.${name}`)}) ${beyond} (${[at, ...rest]})`);
  }
  return conditions;
}

export function storedEvent(row: Row): StoredEvent {
  return {
    reference: { agentId: row.agent_id, streamId: row.stream_id, sequence: row.sequence, index: row.event_index },
    event: HostEvent.decode(row.event),
    agentName: row.agent_name,
    receivedAtUs: row.received_at,
    eventAtUs: row.event_at,
    // Most agents have none, and an agent that is not known has none either.
    ...(row.labels && row.labels !== '{}' && { labels: JSON.parse(row.labels) }),
  };
}

export function cursorOf(row: Row): string {
  const streamId = Buffer.from(row.stream_id).toString('hex');
  return [row.event_at, row.agent_id, streamId, row.sequence, row.event_index].join('.');
}

/** The cursor between what is older than a time and all else, newest first. */
export function cursorBefore(eventAtUs: number): string {
  return `${eventAtUs}.00000000-0000-0000-0000-000000000000..0.0`;
}

/** The time a cursor stands at. */
export function timeOf(cursor: string): number {
  return readCursor(cursor)[0];
}

/** Cursors come back from consoles: only one of our own form reaches a statement. */
function readCursor(cursor: string): [number, string, string, number, number] {
  const match = /^(\d{1,18})\.([0-9a-f-]{36})\.((?:[0-9a-f]{2}){0,32})\.(\d{1,16})\.(\d{1,9})$/.exec(cursor);
  if (!match || !uuidBytes(match[2]!)) throw new StoreError('rejected', 'not a cursor of an event search');
  return [Number(match[1]), match[2]!, match[3]!, Number(match[4]), Number(match[5])];
}
