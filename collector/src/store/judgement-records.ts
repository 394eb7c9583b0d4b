// Exceptions, the alert budget, and what the judge has to know of what was decided before.
import { Alert, AlertState, Detection } from '@threatguard/proto';
import { readAlert } from './alert-reads.ts';
import { appendAudit } from './audit.ts';
import type { AuditActor } from './audit-entry.ts';
import { uuidBytes } from './copy-writer.ts';
import type { Database, Row, Session } from './database.ts';
import { likePattern } from './field-sql.ts';
import {
  type AlertBudgetRecord,
  type Alerted,
  EXCEPTIONS_MAX,
  type ExceptionRecord,
  type JudgementStore,
  type StoredDetection,
} from './judgement-store.ts';
import { indexableText, storableText, timestamp } from './values.ts';

const PREFIX_MATCHES_MAX = 10;
const PAGE_ROWS = 1_000;
const HIDDEN_SHOWN_MAX = 100;
/** Detections counted for one alert; more is said as this many. */
const SUPPRESSED_COUNTED_MAX = 100_000;
/** Alerts of one day that a budget ranks. */
const DAY_ALERTS_MAX = 50_000;

const COLUMNS = `id, rule_id, rule_title, conditions, reason, alert_id, made_by, made_at, expires_at, removed_by, removed_at,
  hidden, last_hidden_at`;

export class JudgementRecords implements JudgementStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async exceptions(inForceAtUs?: number): Promise<ExceptionRecord[]> {
    const inForce = 'where removed_at is null and (expires_at is null or expires_at > $2)';
    const rows = await this.#database.query(
      `select ${COLUMNS} from exceptions ${inForceAtUs === undefined ? '' : inForce}
       order by made_at desc, id desc limit $1`,
      [EXCEPTIONS_MAX, ...(inForceAtUs === undefined ? [] : [timestamp(inForceAtUs)])],
    );
    return rows.map(exceptionRecord);
  }

  async exceptionsByIdPrefix(prefix: string): Promise<ExceptionRecord[]> {
    const rows = await this.#database.query(`select ${COLUMNS} from exceptions where id like $1 order by id limit $2`, [
      `${likePattern(storableText(prefix.toLowerCase()).replaceAll('*', ''))}%`,
      PREFIX_MATCHES_MAX,
    ]);
    return rows.map(exceptionRecord);
  }

  addException(record: ExceptionRecord, by: AuditActor): Promise<void> {
    return this.#database.transaction(async (session) => {
      await session.query(
        `insert into exceptions (id, rule_id, rule_title, conditions, reason, alert_id, made_by, made_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        [
          record.id,
          storableText(record.ruleId),
          storableText(record.ruleTitle),
          storableText(JSON.stringify(record.conditions)),
          storableText(record.reason),
          record.alertId,
          storableText(record.madeBy),
          timestamp(record.madeAtUs),
          record.expiresAtUs === undefined ? null : timestamp(record.expiresAtUs),
        ],
      );
      const fact = { action: 'exception.made', subject: record.id, after: auditedException(record) };
      await appendAudit(session, record.madeAtUs, by, fact);
    });
  }

  /** The exception as it stands after that; undefined where there is none, or it was removed before. */
  removeException(id: string, atUs: number, by: AuditActor): Promise<ExceptionRecord | undefined> {
    return this.#database.transaction(async (session) => {
      const [row] = await session.query(
        `update exceptions set removed_at = $2, removed_by = $3 where id = $1 and removed_at is null returning ${COLUMNS}`,
        [id, timestamp(atUs), storableText(by.id)],
      );
      if (!row) return undefined;
      const record = exceptionRecord(row);
      const before = { ...auditedException(record), hidden: record.hidden };
      await appendAudit(session, atUs, by, { action: 'exception.removed', subject: id, before });
      return record;
    });
  }

  async hiddenBy(id: string, limit: number): Promise<Detection[]> {
    const rows = await this.#database.query(
      'select detection from detections where verdict = 1 and verdict_by = $1 order by last_at desc limit $2',
      [id, Math.min(limit, HIDDEN_SHOWN_MAX)],
    );
    return rows.map((row) => Detection.decode(row.detection));
  }

  /** Newest first, in pages. */
  async *detectionsOf(ruleId: string, sinceUs: number): AsyncIterable<StoredDetection[]> {
    for (let after: Row | undefined; ; ) {
      const rows: Row[] = await this.#database.query(
        `select digest, last_at, detection from detections
         where rule_id = $1 and last_at >= $2 ${after ? 'and (last_at, digest) < ($4, $5)' : ''}
         order by last_at desc, digest desc limit $3`,
        [
          storableText(ruleId),
          timestamp(sinceUs),
          PAGE_ROWS,
          ...(after ? [timestamp(after.last_at), after.digest as Uint8Array] : []),
        ],
      );
      yield rows.map((row) => ({ detection: Detection.decode(row.detection), lastAtUs: row.last_at }));
      if (rows.length < PAGE_ROWS) return;
      after = rows.at(-1);
    }
  }

  /** The newest alerted detection of each agent and entity, newest first. */
  async lastAlerted(ruleId: string, sinceUs: number, limit: number): Promise<Alerted[]> {
    const rows = await this.#database.query(
      `select coalesce(agent_id::text, '') as agent_id, entity, max(last_at) as last_at from detections
       where rule_id = $1 and verdict = 0 and last_at >= $2 group by agent_id, entity order by 3 desc limit $3`,
      [storableText(ruleId), timestamp(sinceUs), limit],
    );
    return rows.map((row) => ({ ruleId, agentId: row.agent_id, entity: row.entity, lastAtUs: row.last_at }));
  }

  async suppressedLike({ ruleId = '', agentId = '', entity = '', firstAtUs = 0 }: Alert): Promise<number> {
    const [row] = await this.#database.query(
      `select count(*) as count from (
         select from detections where verdict = 2 and rule_id = $1 and left(entity, 64) = left($2, 64) and entity = $2
           and agent_id is not distinct from $3::uuid and last_at >= $4 limit $5) as found`,
      [
        storableText(ruleId ?? ''),
        storableText(entity ?? ''),
        agentId && uuidBytes(agentId) ? agentId : null,
        timestamp(firstAtUs ?? 0),
        SUPPRESSED_COUNTED_MAX,
      ],
    );
    return row?.count ?? 0;
  }

  async alertRevision(id: string, revision: number): Promise<Alert | undefined> {
    const [row] = await this.#database.query('select alert from alert_history where alert_id = $1 and revision = $2', [
      indexableText(id),
      revision,
    ]);
    return row && Alert.decode(row.alert);
  }

  async alertsOfDay(sinceUs: number): Promise<Alert[]> {
    const rows = await this.#database.query(
      `select alert, withheld_at is not null as withheld from alerts where updated_at >= $1 and raised_at >= $1
       order by updated_at desc limit $2`,
      [timestamp(sinceUs), DAY_ALERTS_MAX],
    );
    return rows.map(readAlert);
  }

  async withheldOpen(): Promise<number> {
    const [row] = await this.#database.query(
      `select count(*) as count from alerts where withheld_at is not null and state <> ${AlertState.CLOSED}`,
    );
    return row?.count ?? 0;
  }

  budget(): Promise<AlertBudgetRecord | undefined> {
    return readBudget(this.#database);
  }

  setBudget(perDay: number, atUs: number, by: AuditActor): Promise<void> {
    return this.#database.transaction(async (session) => {
      const before = await readBudget(session);
      await session.query(
        `insert into alert_budget (per_day, set_by, set_at) values ($1, $2, $3)
         on conflict (only_row) do update set per_day = excluded.per_day, set_by = excluded.set_by, set_at = excluded.set_at`,
        [perDay, storableText(by.id), timestamp(atUs)],
      );
      await appendAudit(session, atUs, by, {
        action: 'alert_budget.set',
        subject: 'alerts a day',
        before: before && { perDay: before.perDay },
        after: { perDay },
      });
    });
  }
}

async function readBudget(session: Pick<Session, 'query'>): Promise<AlertBudgetRecord | undefined> {
  const [row] = await session.query('select per_day, set_by, set_at from alert_budget');
  return row && { perDay: row.per_day, setBy: row.set_by, setAtUs: row.set_at };
}

function auditedException({ ruleId, conditions, reason, alertId, expiresAtUs }: ExceptionRecord) {
  const expiresAt = expiresAtUs === undefined ? 'never' : timestamp(expiresAtUs);
  return { ruleId, conditions, reason, alertId, expiresAt };
}

function exceptionRecord(row: Row): ExceptionRecord {
  return {
    id: row.id,
    ruleId: row.rule_id,
    ruleTitle: row.rule_title,
    conditions: readConditions(row.conditions),
    reason: row.reason,
    alertId: row.alert_id,
    madeBy: row.made_by,
    madeAtUs: row.made_at,
    expiresAtUs: row.expires_at ?? undefined,
    removedBy: row.removed_by,
    removedAtUs: row.removed_at ?? undefined,
    hidden: row.hidden,
    lastHiddenAtUs: row.last_hidden_at ?? undefined,
  };
}

/** As they were stored; none where they are not that, and an exception without conditions is not taken. */
function readConditions(text: string): ExceptionRecord['conditions'] {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return [];
  }
  const isCondition = (each: unknown) => {
    const { field, value } = (each ?? {}) as Record<string, unknown>;
    return typeof field === 'string' && typeof value === 'string';
  };
  return Array.isArray(read) && read.every(isCondition) ? read : [];
}
