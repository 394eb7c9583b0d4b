// Who read what of persons. The first read is an entry of the audit log at once; what comes again from the same caller of
// the same thing within WINDOW is counted in a row, in the store and before it is answered, and becomes one entry when the
// window has passed. So a console that polls costs two entries a window, and nothing is uncounted, whatever is killed.
//
// Order of locks: rows of disclosures by key, then audit_chain (audit.ts).
import { createHash } from 'node:crypto';
import { type AuditFact, appendAudit } from './audit.ts';
import type { AuditActor } from './audit-entry.ts';
import type { Row, Session } from './database.ts';
import { bytea, storableText, timestamp } from './values.ts';

const WINDOW_US = 15 * 60 * 1_000_000;
/** Windows closed in one transaction. */
const FLUSHED_MAX = 256;
const SUBJECT_LENGTH_MAX = 512;

/** What was read: the same `action` and `subject` are the same thing. */
export type Disclosure = Required<Pick<AuditFact, 'action' | 'subject'>> & Pick<AuditFact, 'after'>;

export interface DisclosureNote {
  by: AuditActor;
  read: Disclosure;
}

/** Reads of the same by the same caller, as one row. */
export type CountedReads = ReadonlyMap<string, { row: CountedRow; note: DisclosureNote }>;

/** By key. */
export function countReads(notes: readonly DisclosureNote[]): CountedReads {
  const counted = new Map<string, { row: CountedRow; note: DisclosureNote }>();
  for (const note of notes) {
    const row = countedRow(note);
    const known = counted.get(row.key);
    if (known) known.row.reads++;
    else counted.set(row.key, { row, note });
  }
  return counted;
}

/**
 * Counts those whose window is open, which most of all reads are, in one statement, and returns the others: whoever polls
 * waits for this each time, and a transaction is four.
 */
export async function countRepeats(session: Session, atUs: number, counted: CountedReads): Promise<CountedReads> {
  const rows = await session.query(
    `with open as (
       select key, reads from disclosures join json_to_recordset($1::json) as r(key bytea, reads bigint) using (key)
       where first_at > $2 and first_at <= $3 order by key for update of disclosures)
     update disclosures as d set repeats = d.repeats + open.reads, last_at = greatest(d.last_at, $3::timestamptz)
     from open where d.key = open.key returning d.key`,
    [rowsOf(counted), timestamp(atUs - WINDOW_US), timestamp(atUs)],
  );
  const left = new Map(counted);
  for (const { key } of rows) left.delete(bytea(key));
  return left;
}

/** Counts reads, in the transaction of the caller. */
export async function noteDisclosures(session: Session, atUs: number, counted: CountedReads): Promise<void> {
  const rows = rowsOf(counted);
  const ended = await session.query(
    `delete from disclosures where key in (
       select key from disclosures where key in (select key from json_to_recordset($1::json) as r(key bytea))
         and (first_at <= $2 or first_at > $3) order by key for update)
     returning ${COLUMNS}`,
    [rows, timestamp(atUs - WINDOW_US), timestamp(atUs)],
  );
  const rowsNow = await session.query(
    `insert into disclosures as d
       select key, actor_kind, actor_id, origin, action, subject, reads - 1, $2::timestamptz, $2::timestamptz
       from json_to_recordset($1::json) as r(
         key bytea, actor_kind text, actor_id text, origin text, action text, subject text, reads bigint)
       order by key
     on conflict (key) do update set repeats = d.repeats + excluded.repeats + 1,
       last_at = greatest(d.last_at, excluded.last_at)
     returning key, repeats`,
    [rows, timestamp(atUs)],
  );
  await appendRepeats(session, atUs, ended);
  const repeatsNow = new Map(rowsNow.map(({ key, repeats }) => [bytea(key), repeats as number]));
  for (const { row, note } of counted.values()) {
    // Of a row that was there before there are more.
    if (repeatsNow.get(row.key) !== row.reads - 1) continue;
    await appendAudit(session, atUs, note.by, { ...note.read, subject: row.subject });
  }
}

function rowsOf(counted: CountedReads): string {
  return JSON.stringify(Array.from(counted.values(), ({ row }) => row));
}

/** As a row of JSON. */
interface CountedRow {
  key: string;
  actor_kind: string;
  actor_id: string;
  origin: string;
  action: string;
  subject: string;
  reads: number;
}

function countedRow({ by, read }: DisclosureNote): CountedRow {
  const subject = storableText(read.subject.slice(0, SUBJECT_LENGTH_MAX));
  const origin = hostOf(by.from);
  const key = createHash('sha256')
    .update(JSON.stringify([by.kind, by.id, origin, read.action, subject]))
    .digest();
  const about = { actor_kind: by.kind, actor_id: storableText(by.id), origin, action: read.action, subject };
  return { key: bytea(key), ...about, reads: 1 };
}

/** Writes down what windows that have passed counted; again until it returns less than it may. */
export async function closeWindows(session: Session, atUs: number): Promise<boolean> {
  const rows = await session.query(
    `delete from disclosures where key in (
       select key from disclosures where first_at <= $1 order by first_at limit ${FLUSHED_MAX} for update skip locked)
     returning ${COLUMNS}`,
    [timestamp(atUs - WINDOW_US)],
  );
  await appendRepeats(session, atUs, rows);
  return rows.length === FLUSHED_MAX;
}

const COLUMNS = 'actor_kind, actor_id, origin, action, subject, repeats, first_at, last_at';

async function appendRepeats(session: Session, atUs: number, rows: readonly Row[]): Promise<void> {
  for (const row of rows) {
    if (row.repeats === 0) continue;
    const by: AuditActor = { kind: row.actor_kind, id: row.actor_id, from: row.origin };
    const after = { again: row.repeats, sinceUs: row.first_at, lastAtUs: row.last_at };
    await appendAudit(session, atUs, by, { action: `${row.action}.repeated`, subject: row.subject, after });
  }
}

/** A poll comes from another port each time. */
function hostOf(from: string): string {
  return from.replace(/:\d+$/, '');
}
