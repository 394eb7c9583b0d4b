// The queue of what is forwarded, and how far each target is (migrations/0021-forwarding.sql).
//
// Invariants: positions are given under the lock of forward_sequence, so one that is visible has all lower ones before it; a
// cursor only moves forward; a row of the queue goes when every target for alerts is past it, or with what it counted.
import { Alert } from '@threatguard/proto';
import { auditEntry, COLUMNS } from './audit.ts';
import type { Database, Row, Session } from './database.ts';
import {
  FORWARD_QUEUE_ROWS_MAX,
  type ForwardCursor,
  type ForwardItem,
  type ForwardingStore,
  type ForwardProgress,
  type ForwardStream,
} from './forwarding-store.ts';
import { storableCount, storableText, timestamp } from './values.ts';

/** Rows that get their position in one transaction. */
const PLACED_ROWS_MAX = 1_000;
const READ_ROWS_MAX = 1_000;
const WAITING_COUNTED_MAX = 100_000;

type Target = { name: string; stream: ForwardStream };

export class ForwardingRecords implements ForwardingStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  useTargets(targets: readonly Target[]): Promise<ForwardCursor[]> {
    return this.#database.transaction(async (session) => {
      const rows = JSON.stringify(targets.map(({ name, stream }) => ({ name: storableText(name), stream })));
      await lockSequence(session);
      await placeRows(session);
      await session.query(
        `delete from forward_targets t where not exists (
           select from json_to_recordset($1::json) as r(name text, stream text) where r.name = t.name and r.stream = t.stream)`,
        [rows],
      );
      await session.query(
        `insert into forward_targets (name, stream, cursor)
         select r.name, r.stream,
           case r.stream when 'alerts' then (select last_position from forward_sequence)
             else (select head_sequence from audit_chain) end
         from json_to_recordset($1::json) as r(name text, stream text)
         on conflict do nothing`,
        [rows],
      );
      await removePassed(session);
      return readTargets(session);
    });
  }

  async next(stream: ForwardStream, after: number, limit: number): Promise<ForwardItem[]> {
    const rows = Math.max(1, Math.min(limit, READ_ROWS_MAX));
    if (stream === 'audit') return nextAudit(this.#database, after, rows);
    await this.#database.transaction(placeRows);
    const found = await this.#database.query(
      `select q.position, q.queued_at, h.alert from forward_queue q
       left join alert_history h on h.alert_id = q.alert_id and h.revision = q.revision
       where q.position > $1 order by q.position limit $2`,
      [after, rows],
    );
    return found.map(({ position, queued_at, alert }) => ({
      position,
      atUs: queued_at,
      content: alert ? { kind: 'alert', alert: Alert.decode(alert) } : undefined,
    }));
  }

  async cursor({ name, stream }: Target): Promise<number | undefined> {
    const statement = 'select cursor from forward_targets where name = $1 and stream = $2';
    const [row] = await this.#database.query(statement, [storableText(name), stream]);
    return row?.cursor;
  }

  advance({ name, stream }: Target, { cursor, delivered, refused, missed, atUs }: ForwardProgress): Promise<void> {
    return this.#database.transaction(async (session) => {
      if (stream === 'alerts') await lockSequence(session);
      await session.query(
        `update forward_targets set cursor = greatest(cursor, $3), delivered = delivered + $4, refused = refused + $5,
           missed = missed + $6, delivered_at = case when $4::bigint > 0 then $7::timestamptz else delivered_at end
         where name = $1 and stream = $2`,
        [
          storableText(name),
          stream,
          storableCount(cursor),
          storableCount(delivered),
          storableCount(refused),
          storableCount(missed),
          timestamp(atUs),
        ],
      );
      if (stream === 'alerts') await removePassed(session);
    });
  }

  async waiting({ name, stream }: Target): Promise<{ count: number; oldestAtUs: number | undefined }> {
    const from =
      stream === 'audit'
        ? 'select at from audit where sequence > t.cursor order by sequence'
        : 'select queued_at as at from forward_queue where position is null or position > t.cursor order by id';
    const [row] = await this.#database.query(
      `select count(w.at) as count, min(w.at) as oldest from forward_targets t
       left join lateral (${from} limit ${WAITING_COUNTED_MAX}) w on true where t.name = $1 and t.stream = $2`,
      [storableText(name), stream],
    );
    return { count: row?.count ?? 0, oldestAtUs: row?.oldest ?? undefined };
  }

  targets(): Promise<ForwardCursor[]> {
    return readTargets(this.#database);
  }
}

/** Names every revision that is new in the transaction that stores it, where somebody is to have it. */
export const QUEUE_FORWARDS = `
    insert into forward_queue(alert_id, revision, queued_at)
    select i.id, i.revision, now()
    from input i join fresh f on f.alert_id = i.id and f.revision = i.revision
    where exists (select from forward_targets where stream = 'alerts') order by i.position`;

/**
 * Removes what waited longer than it is kept, or beyond the limit of the queue, and counts it as missed for every target
 * that has not had it. Returns how many rows went.
 */
export async function forgetForwards(session: Session, { before }: { before: string }): Promise<number> {
  await lockSequence(session);
  await placeRows(session);
  const [edge] = await session.query(
    `select greatest(
       coalesce((select max(position) from forward_queue where queued_at < $1), 0),
       coalesce((select position from forward_queue where position is not null
         order by position desc offset ${FORWARD_QUEUE_ROWS_MAX} limit 1), 0)) as position`,
    [before],
  );
  await session.query(
    `update forward_targets t set cursor = $1,
       missed = missed + (select count(*) from forward_queue q where q.position > t.cursor and q.position <= $1)
     where t.stream = 'alerts' and t.cursor < $1`,
    [edge?.position ?? 0],
  );
  const removed = await session.query(
    `delete from forward_queue where ctid = any(array(
       select ctid from forward_queue where position <= $1 limit 10000)) returning 1`,
    [edge?.position ?? 0],
  );
  return removed.length;
}

/** Under the lock of the sequence, so that positions become visible in their order. */
async function placeRows(session: Session): Promise<void> {
  const waiting = await session.query('select 1 from forward_queue where position is null limit 1');
  if (waiting.length === 0) return;
  const last = await lockSequence(session);
  await session.query(
    `with next as (
       select id, $1 + row_number() over (order by id) as position from (
         select id from forward_queue where position is null order by id limit ${PLACED_ROWS_MAX}) unplaced
     ), placed as (
       update forward_queue q set position = n.position from next n where n.id = q.id returning q.position
     )
     update forward_sequence set last_position = greatest(last_position, (select max(position) from placed))`,
    [last],
  );
}

/** Whoever changes the queue holds it, and takes it first, so that nobody waits in a circle. Gives the last position. */
async function lockSequence(session: Session): Promise<number> {
  const [sequence] = await session.query('select last_position from forward_sequence for update');
  return sequence?.last_position ?? 0;
}

async function removePassed(session: Session): Promise<void> {
  await session.query(
    `delete from forward_queue where position <= (
       select coalesce(min(cursor), (select last_position from forward_sequence)) from forward_targets where stream = 'alerts')`,
  );
}

async function readTargets(session: Session): Promise<ForwardCursor[]> {
  const rows = await session.query(
    `select name, stream, cursor, delivered, refused, missed, delivered_at from forward_targets order by name, stream`,
  );
  return rows.map((row: Row) => ({
    name: row.name,
    stream: row.stream,
    cursor: row.cursor,
    delivered: row.delivered,
    refused: row.refused,
    missed: row.missed,
    deliveredAtUs: row.delivered_at ?? undefined,
  }));
}

/** Entries are numbered without a gap: a number that is not there was removed by age. */
async function nextAudit(session: Session, after: number, limit: number): Promise<ForwardItem[]> {
  const rows = await session.query(`select ${COLUMNS} from audit where sequence > $1 order by sequence limit $2`, [
    after,
    limit,
  ]);
  return rows.map((row) => {
    const entry = auditEntry(row);
    return { position: entry.sequence, atUs: entry.atUs, content: { kind: 'audit', entry } };
  });
}
