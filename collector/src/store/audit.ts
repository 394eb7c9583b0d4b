// The audit log: entries numbered without a gap, each holding the digest of the one before it.
//
// Invariants: an entry is written in the transaction of what it tells; writers queue for the row of audit_chain, which they
// lock last of all, so nobody waits for them in a circle; head_* is the newest entry, anchor_* the last one removed.
import { auditDigest } from '@threatguard/proto';
import type { AuditActor, AuditEntry } from './audit-entry.ts';
import type { Row, Session } from './database.ts';
import { Parameters } from './field-sql.ts';
import { ACTIVE_HOLDS } from './holds.ts';
import type { Page, TimeRange } from './page.ts';
import { StoreError } from './store-error.ts';
import { bytea, clampTimeUs, storableText, timestamp } from './values.ts';

/** Nobody else asked for it. */
export const COLLECTOR_ACTOR: AuditActor = { kind: 'collector', id: '', from: '' };
const TEXT_LENGTH_MAX = 512;
/** Of `before` or `after`: settings and records, never content. */
const STATE_LENGTH_MAX = 16_384;
const PAGE_MAX = 1_000;

/** What happened to what; `before` and `after` are values of JSON, undefined for nothing. */
export interface AuditFact {
  action: string;
  subject: string;
  before?: unknown;
  after?: unknown;
}

/** Adds one entry in the transaction of the caller, which changes nothing more after it. */
export async function appendAudit(session: Session, atUs: number, by: AuditActor, fact: AuditFact): Promise<void> {
  const [head] = await session.query(
    'update audit_chain set head_sequence = head_sequence + 1 returning head_sequence as sequence, head_digest as digest',
  );
  const text = (value: string) => storableText(value.slice(0, TEXT_LENGTH_MAX));
  const entry = {
    sequence: head?.sequence as number,
    atUs: clampTimeUs(atUs),
    by: { kind: by.kind, id: text(by.id), from: text(originOf(by)) },
    action: text(fact.action),
    subject: text(fact.subject),
    before: stateText(fact.before),
    after: stateText(fact.after),
    previousDigest: head?.digest as Uint8Array,
  };
  const digest = auditDigest(entry);
  await session.query('insert into audit values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)', [
    entry.sequence,
    timestamp(atUs),
    entry.by.kind,
    entry.by.id,
    entry.by.from,
    entry.action,
    entry.subject,
    entry.before,
    entry.after,
    entry.previousDigest,
    digest,
  ]);
  await session.query('update audit_chain set head_digest = $1', [digest]);
}

/** Where a request has an id that stands in logs too, it stands with where it came from. */
function originOf({ from, correlationId, consoleId }: AuditActor): string {
  const over = consoleId ? ` (console ${consoleId})` : '';
  return correlationId ? `${from}${over} (correlation ${correlationId})` : `${from}${over}`;
}

/** Newest first. */
export async function listAudit(
  session: Session,
  limit: number,
  after: string,
  range: TimeRange = {},
): Promise<Page<AuditEntry>> {
  if (range.sinceUs || range.untilUs) return listAuditWithin(session, range, { limit, after });
  if (after && !/^\d{1,15}$/.test(after)) throw new StoreError('rejected', 'not a cursor of the audit log');
  const wanted = Math.max(1, Math.min(Math.trunc(limit) || 1, PAGE_MAX));
  const rows = await session.query(`select ${COLUMNS} from audit where sequence < $1 order by sequence desc limit $2`, [
    after ? Number(after) : Number.MAX_SAFE_INTEGER,
    wanted + 1,
  ]);
  const page = rows.slice(0, wanted).map(auditEntry);
  return { rows: page, next: rows.length > wanted ? String(page.at(-1)!.sequence) : '' };
}

/** By time, which is what the index finds them by: a clock that was set back does not hide what came after. */
async function listAuditWithin(
  session: Session,
  { sinceUs, untilUs }: TimeRange,
  { limit, after }: { limit: number; after: string },
): Promise<Page<AuditEntry>> {
  const parameters = new Parameters();
  const conditions: string[] = [];
  if (sinceUs) conditions.push(`at >= ${parameters.add(timestamp(sinceUs))}`);
  if (untilUs) conditions.push(`at < ${parameters.add(timestamp(untilUs))}`);
  if (after) {
    const match = /^(\d{1,18})\.(\d{1,15})$/.exec(after);
    if (!match) throw new StoreError('rejected', 'not a cursor of the audit log within a time');
    const at = parameters.add(timestamp(Number(match[1])));
    conditions.push(`(at, sequence) < (${at}, ${parameters.add(Number(match[2]))})`);
  }
  const wanted = Math.max(1, Math.min(Math.trunc(limit) || 1, PAGE_MAX));
  const rows = await session.query(
    `select ${COLUMNS} from audit where ${conditions.join(' and ')}
     order by at desc, sequence desc limit ${parameters.add(wanted + 1)}`,
    parameters.values,
  );
  const page = rows.slice(0, wanted).map(auditEntry);
  const last = page.at(-1);
  return { rows: page, next: rows.length > wanted && last ? `${last.atUs}.${last.sequence}` : '' };
}

export const COLUMNS = `sequence, at, actor_kind, actor_id, origin, action, subject, before, after, previous_digest, digest`;

export function auditEntry(row: Row): AuditEntry {
  return {
    sequence: row.sequence,
    atUs: row.at,
    by: { kind: row.actor_kind, id: row.actor_id, from: row.origin },
    action: row.action,
    subject: row.subject,
    before: row.before,
    after: row.after,
    previousDigest: row.previous_digest,
    digest: row.digest,
  };
}

/**
 * Removes up to `rowsMax` of the oldest entries, as far as all before them are older than `before` too, and moves the
 * anchor to the last of them. That is an entry of its own, so the anchor stands in the chain it begins. Returns how many.
 */
export async function pruneAudit(
  session: Session,
  { before, nowUs, rowsMax }: { before: string; nowUs: number; rowsMax: number },
): Promise<number> {
  const [chain] = await session.query('select anchor_sequence, head_sequence from audit_chain for update');
  const [held] = await session.query(`select least($1::timestamptz, min(held_from)) as before from ${ACTIVE_HOLDS}`, [
    before,
  ]);
  const [kept] = await session.query('select sequence from audit where at >= $1 order by sequence limit 1', [
    timestamp(held?.before),
  ]);
  const last = Math.min((kept?.sequence ?? chain?.head_sequence + 1) - 1, chain?.anchor_sequence + rowsMax);
  const [anchor] = await session.query('select digest from audit where sequence = $1', [last]);
  // A log that was tampered with is left as it is, for verifyAuditChain to name.
  if (!anchor) return 0;
  await session.query('update audit_chain set anchor_sequence = $1, anchor_digest = $2', [last, anchor.digest]);
  const removed = await session.query('delete from audit where sequence <= $1 returning 1', [last]);
  const after = { through: last, digest: bytea(anchor.digest).slice(2) };
  await appendAudit(session, nowUs, COLLECTOR_ACTOR, { action: 'audit.pruned', subject: 'audit', after });
  return removed.length;
}

/** JSON with the names of every object in order, '' for nothing. */
export function canonicalJson(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(inOrder(value));
}

function stateText(value: unknown): string {
  const text = storableText(canonicalJson(value));
  if (text.length <= STATE_LENGTH_MAX) return text;
  return canonicalJson({ truncated: text.slice(0, STATE_LENGTH_MAX / 2).toWellFormed(), characters: text.length });
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, each]) => [name, inOrder(each)]));
}
