// The rows of a person's events: counted, taken out, or given another name. No index finds a name that stands in either of two
// columns, so events are looked through: in windows of time that are as wide as each is answered quickly, however many there are.
import { HostEvent } from '@threatguard/proto';
import type { Database, Row, Session } from './database.ts';
import { type EventSpan, timeSpan } from './event-pages.ts';
import { DAY_US } from './retention.ts';
import { cutWidth, isTimedOut, NARROWEST_US, nextWidth } from './search-windows.ts';
import { chunkSpan, isChunked } from './timescale.ts';
import { changeTogether, letChange } from './timescale-changes.ts';
import { bytea, storableText, timestamp } from './values.ts';

const PAGE_EVENTS = 500;

/** A person: a user name, letter for letter, on one agent or all. */
export interface Person {
  user: string;
  agentId: string | undefined;
}

/** As the parameters $1 and $2 of a statement. */
export function personValues({ user, agentId }: Person) {
  return [storableText(user), agentId ?? null];
}

const OF_PERSON = `(left(user_name, 64) = left($1, 64) and user_name = $1 or target_user_name = $1)
  and ($2::uuid is null or agent_id = $2::uuid)`;
const KEY = 'event_at, agent_id, stream_id, sequence, event_index';

/** Throws StoreError `timed_out` where even the shortest time takes longer than a read may. */
export async function countPersonEvents(database: Database, person: Person): Promise<number> {
  let events = 0;
  const count = async (fromUs: number, toUs: number) => {
    const [row] = await database.query(
      `select count(*) as rows from events where ${OF_PERSON} and event_at >= $3 and event_at < $4`,
      [...personValues(person), timestamp(fromUs), timestamp(toUs)],
    );
    return { value: Number(row?.rows ?? 0), nextUs: toUs };
  };
  for await (const rows of throughTime(database, count)) events += rows;
  return events;
}

/** The person's events, oldest first; no page is empty. A page may be changed before the next is asked for. Errors as above. */
export async function* personEvents(database: Database, person: Person): AsyncIterable<Row[]> {
  let after: Row | undefined;
  const page = async (fromUs: number, toUs: number) => {
    const place = after ? ` and (${KEY}) > ($5::timestamptz, $6::uuid, $7::bytea, $8::bigint, $9::integer)` : '';
    const rows = await database.query(
      `select agent_id::text as agent_id, stream_id, sequence, event_index, event_at, user_name, target_user_name, process_name,
         process_executable, process_command_line, process_parent_name, process_parent_executable, file_path, event
       from events where ${OF_PERSON} and event_at >= $3 and event_at < $4${place}
       order by ${KEY.replace('agent_id', 'events.agent_id')} limit ${PAGE_EVENTS}`,
      [...personValues(person), timestamp(fromUs), timestamp(toUs), ...(after ? placeOf(after) : [])],
    );
    const full = rows.length === PAGE_EVENTS;
    after = full ? rows.at(-1) : undefined;
    return { value: rows, nextUs: full ? rows.at(-1)!.event_at : toUs };
  };
  for await (const rows of throughTime(database, page)) if (rows.length > 0) yield rows;
}

function placeOf({ event_at, agent_id, stream_id, sequence, event_index }: Row) {
  return [timestamp(event_at), agent_id, stream_id, sequence, event_index];
}

/** What `read` says of one window after the other, from the oldest event to the newest; it says where the next begins. */
async function* throughTime<T>(
  database: Database,
  read: (fromUs: number, toUs: number) => Promise<{ value: T; nextUs: number }>,
): AsyncIterable<T> {
  const span = await wholeSpan(database);
  if (!span) return;
  let widthUs = DAY_US;
  for (let fromUs = span.oldestUs; fromUs <= span.newestUs; ) {
    const startedMs = performance.now();
    const toUs = Math.min(fromUs + widthUs, span.newestUs + 1);
    try {
      const { value, nextUs } = await read(fromUs, toUs);
      fromUs = nextUs;
      widthUs = nextWidth(widthUs, performance.now() - startedMs);
      yield value;
    } catch (error) {
      widthUs = cutWidth(widthUs);
      if (!isTimedOut(error) || widthUs < NARROWEST_US) throw error;
    }
  }
}

async function wholeSpan(database: Database): Promise<EventSpan | undefined> {
  if (!(await isChunked(database, 'events'))) return timeSpan(database, { filters: [] }, '');
  // The catalogue knows where chunks are; to look at each for its oldest and newest takes longer.
  const chunks = await chunkSpan(database, 'events');
  return chunks && { oldestUs: chunks.oldestUs, newestUs: chunks.endUs - 1 };
}

export interface EventChange {
  rename: (text: string) => string;
  event: (encoded: HostEvent) => HostEvent;
}

/** Takes a page of events out, or gives them other texts; numbers that name the user go. */
export async function changeEvents(
  session: Session,
  rows: readonly Row[],
  change: EventChange | undefined,
): Promise<void> {
  await letChange(session, 'events', { firstUs: rows[0]!.event_at, lastUs: rows.at(-1)!.event_at });
  for (const { agentId, firstUs, lastUs, rows: together } of changeTogether(rows)) {
    const within = [agentId, timestamp(firstUs), timestamp(lastUs)];
    if (change) await session.query(RENAME, [JSON.stringify(together.map((row) => renamed(row, change))), ...within]);
    else await session.query(DELETE, [JSON.stringify(together.map(keyOf)), ...within]);
  }
}

const TEXTS = [
  'user_name',
  'target_user_name',
  'process_name',
  'process_executable',
  'process_command_line',
  'process_parent_name',
  'process_parent_executable',
  'file_path',
] as const;

/** Agent and time as constants too: what of a columnstore may have the rows is told by those alone. */
const SAME_EVENT = `e.agent_id = $2::uuid and e.event_at between $3::timestamptz and $4::timestamptz
  and e.event_at = w.event_at and e.stream_id = w.stream_id and e.sequence = w.sequence and e.event_index = w.event_index`;
const KEY_COLUMNS = 'event_at timestamptz, stream_id bytea, sequence bigint, event_index integer';

const DELETE = `delete from events e using json_to_recordset($1::json) as w(${KEY_COLUMNS}) where ${SAME_EVENT}`;
const RENAME = `update events e set user_id = null, event = w.event, ${TEXTS.map((name) => `${name} = w.${name}`).join(', ')}
  from json_to_recordset($1::json) as w(${KEY_COLUMNS}, event bytea, ${TEXTS.map((name) => `${name} text`).join(', ')})
  where ${SAME_EVENT}`;

function keyOf({ event_at, stream_id, sequence, event_index }: Row) {
  return { event_at: timestamp(event_at), stream_id: bytea(stream_id), sequence, event_index };
}

function renamed(row: Row, { rename, event }: EventChange) {
  return {
    ...keyOf(row),
    ...Object.fromEntries(TEXTS.map((name) => [name, row[name] === null ? null : rename(row[name])])),
    event: bytea(HostEvent.encode(event(HostEvent.decode(row.event))).finish()),
  };
}
