import {
  Alert,
  type AlertFilter,
  AlertOrder,
  AlertState,
  type FieldFilter,
  labelName,
  Withheld,
} from '@threatguard/proto';
import { uuidBytes } from './copy-writer.ts';
import type { Row, Session } from './database.ts';
import { agentsWith, likePattern, Parameters } from './field-sql.ts';
import type { OutboxRow, Page } from './page.ts';
import { StoreError } from './store-error.ts';
import { indexableText, storableText, timestamp } from './values.ts';

/** Alerts in one answer. */
const LIMIT_MAX = 1_000;
/** Conditions on labels: as many as an agent has. */
const LABELS_MAX = 32;
/** Alerts that match one prefix and are shown to choose from. */
const PREFIX_MATCHES_MAX = 10;
/** Alerts a folder takes up again after a restart; older ones are folded anew. */
const OPEN_ALERTS_MAX = 10_000;
const OUTBOX_ROWS_MAX = 1_000;

/** What a list is ordered by, how a cursor names a place in it, and what of that is compared in SQL. */
const ORDERS = {
  [AlertOrder.ALERT_ORDER_NEWEST]: {
    column: 'updated_at',
    cursor: /^(\d{1,18})\.([0-9a-z]{1,64})$/,
    cursorOf: (updatedAtUs: number, id: string) => `${updatedAtUs}.${id}`,
    value: (text: string): string | number => timestamp(Number(text)),
  },
  [AlertOrder.ALERT_ORDER_TRIAGE]: {
    column: 'triage',
    // The shortest text of a double gives the same double again (ECMA-262, Number::toString).
    cursor: /^t(-?\d(?:\.\d{1,25})?(?:e-\d{1,3})?)_([0-9a-z]{1,64})$/,
    cursorOf: (triage: number, id: string) => `t${triage}_${id}`,
    value: (text: string): string | number => Number(text),
  },
};

/** Newest change first, or the likeliest to be real. */
export async function listAlerts(
  session: Session,
  filter: AlertFilter,
  asked: { limit: number; after: string; signal: AbortSignal | undefined; order: AlertOrder | undefined },
): Promise<Page<Alert>> {
  const { limit, after, signal } = asked;
  const order = ORDERS[asked.order ?? AlertOrder.ALERT_ORDER_NEWEST] ?? ORDERS[AlertOrder.ALERT_ORDER_NEWEST];
  const parameters = new Parameters();
  const conditions = conditionsFor(filter, parameters);
  if (after) {
    const match = order.cursor.exec(after);
    if (!match) throw new StoreError('rejected', 'not a cursor of an alert list in this order');
    const value = parameters.add(order.value(match[1]!));
    conditions.push(`(${order.column}, id) < (${value}, ${parameters.add(match[2]!)})`);
  }
  const wanted = Math.max(1, Math.min(Math.trunc(limit) || 1, LIMIT_MAX));
  const rows = await session.query(
    `select id, ${order.column} as place, alert, withheld_at is not null as withheld from alerts ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''}
     order by ${order.column} desc, id desc limit ${parameters.add(wanted + 1)}`,
    parameters.values,
    signal,
  );
  const page = rows.slice(0, wanted);
  const last = page.at(-1);
  return {
    rows: page.map(readAlert),
    next: rows.length > wanted && last ? order.cursorOf(last.place, last.id) : '',
  };
}

export async function alertsByIdPrefix(session: Session, prefix: string): Promise<Alert[]> {
  const rows = await session.query(
    'select alert, withheld_at is not null as withheld from alerts where id like $1 order by id limit $2',
    [`${likePattern(storableText(prefix.toLowerCase()).replaceAll('*', ''))}%`, PREFIX_MATCHES_MAX],
  );
  return rows.map(readAlert);
}

export async function openAlertsSince(session: Session, sinceUs: number): Promise<Alert[]> {
  const rows = await session.query(
    `select alert, withheld_at is not null as withheld from alerts
     where state <> $1 and updated_at >= $2 order by updated_at desc limit $3`,
    [AlertState.CLOSED, timestamp(sinceUs), OPEN_ALERTS_MAX],
  );
  return rows.map(readAlert);
}

/** As its last revision was, and whether it is withheld now, which is no revision. */
export function readAlert({ alert: bytes, withheld }: Row): Alert {
  const alert = Alert.decode(bytes);
  if (Boolean(alert.withheld) !== withheld) alert.withheld = withheld;
  return alert;
}

/** Alerts raised in one hour with one severity. */
export interface AlertVolume {
  /** When the hour begins. */
  hourUs: number;
  severity: number;
  count: number;
}

export async function alertVolumes(session: Session, sinceUs: number): Promise<AlertVolume[]> {
  // An alert changes no sooner than it is raised, and the index is on the change.
  const rows = await session.query(
    `select date_trunc('hour', raised_at, 'UTC') as hour, severity, count(*) as count from alerts
     where updated_at >= $1 and raised_at >= $1 group by 1, 2 order by 1, 2`,
    [timestamp(sinceUs)],
  );
  return rows.map((row) => ({ hourUs: row.hour, severity: row.severity, count: row.count }));
}

export async function readOutbox(session: Session, limit: number): Promise<OutboxRow[]> {
  const rows = await session.query('select id, alert from outbox order by id limit $1', [
    Math.max(1, Math.min(Math.trunc(limit) || 1, OUTBOX_ROWS_MAX)),
  ]);
  return rows.map((row) => ({ id: row.id, alert: Alert.decode(row.alert) }));
}

function conditionsFor(filter: AlertFilter, parameters: Parameters): string[] {
  const conditions: string[] = [];
  if (filter.severityMin) conditions.push(`severity >= ${parameters.add(filter.severityMin)}`);
  if (filter.withheld === Withheld.WITHHELD_ONLY) conditions.push('withheld_at is not null');
  else if (filter.withheld !== Withheld.WITHHELD_INCLUDED) conditions.push('withheld_at is null');
  if (filter.state) conditions.push(`state = ${parameters.add(filter.state)}`);
  if (filter.agent) {
    const agent = parameters.add(storableText(filter.agent));
    // By id only what is one: the indexes are on the columns as they are.
    const id = uuidBytes(filter.agent) ? `or agent_id = ${agent}::uuid` : '';
    conditions.push(`(left(agent_name, 64) = left(${agent}, 64) and agent_name = ${agent} ${id})`);
  }
  if (filter.assignee) {
    const assignee = parameters.add(storableText(filter.assignee));
    // Said as the index is: it holds only alerts that are somebody's.
    conditions.push(`(assignee <> '' and left(assignee, 64) = left(${assignee}, 64) and assignee = ${assignee})`);
  }
  // `@>` rather than `= any`, because that is what the indexes (migrations/0004-alerts-found.sql) answer.
  if (filter.user) conditions.push(`user_names @> array[${parameters.add(indexableText(filter.user))}::text]`);
  if (filter.technique) {
    conditions.push(`techniques @> array[${parameters.add(indexableText(filter.technique.toUpperCase()))}::text]`);
  }
  conditions.push(...labelConditions(filter.labels ?? [], parameters));
  if (filter.sinceUs) conditions.push(`updated_at >= ${parameters.add(timestamp(filter.sinceUs))}`);
  if (filter.untilUs) conditions.push(`updated_at < ${parameters.add(timestamp(filter.untilUs))}`);
  return conditions;
}

/** Of the agent an alert is about; one that is about none has no label. */
function labelConditions(labels: readonly FieldFilter[], parameters: Parameters): string[] {
  if (labels.length > LABELS_MAX) throw new StoreError('rejected', `${labels.length} labels, at most ${LABELS_MAX}`);
  return labels.map(({ field = '', value = '', negated }) => {
    const name = JSON.stringify(field.slice(0, 80));
    if (labelName(field) === undefined) throw new StoreError('rejected', `${name} is no label such as labels.env`);
    const condition = `agent_id = any(array(${agentsWith(field, storableText(value), parameters)}))`;
    return negated ? `(${condition}) is not true` : condition;
  });
}
