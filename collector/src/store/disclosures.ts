// Who read what of persons. The first read is an entry of the audit log at once; what comes again from the same caller of
// the same thing within WINDOW is counted in a row, in the store and before it is answered, and becomes one entry when the
// window has passed. So a console that polls costs two entries a window, and nothing is uncounted, whatever is killed.
//
// Order of locks: the row of a disclosure, then audit_chain (audit.ts).
import { createHash } from 'node:crypto';
import { type AuditFact, appendAudit } from './audit.ts';
import type { AuditActor } from './audit-entry.ts';
import type { Row, Session } from './database.ts';
import { storableText, timestamp } from './values.ts';

const WINDOW_US = 15 * 60 * 1_000_000;
/** Windows closed in one transaction. */
const FLUSHED_MAX = 256;
const SUBJECT_LENGTH_MAX = 512;

/** What was read: the same `action` and `subject` are the same thing. */
export type Disclosure = Required<Pick<AuditFact, 'action' | 'subject'>> & Pick<AuditFact, 'after'>;

/** Counts one read, in the transaction of the caller. */
export async function noteDisclosure(session: Session, atUs: number, by: AuditActor, read: Disclosure): Promise<void> {
  const subject = storableText(read.subject.slice(0, SUBJECT_LENGTH_MAX));
  const origin = hostOf(by.from);
  const key = createHash('sha256')
    .update(JSON.stringify([by.kind, by.id, origin, read.action, subject]))
    .digest();
  const ended = await session.query(
    `delete from disclosures where key = $1 and (first_at <= $2 or first_at > $3) returning ${COLUMNS}`,
    [key, timestamp(atUs - WINDOW_US), timestamp(atUs)],
  );
  const [row] = await session.query(
    `insert into disclosures as d values ($1, $2, $3, $4, $5, $6, 0, $7, $7)
     on conflict (key) do update set repeats = d.repeats + 1, last_at = greatest(d.last_at, excluded.last_at) returning repeats`,
    [key, by.kind, storableText(by.id), origin, read.action, subject, timestamp(atUs)],
  );
  await appendRepeats(session, atUs, ended);
  if (row?.repeats === 0) await appendAudit(session, atUs, by, { ...read, subject });
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
