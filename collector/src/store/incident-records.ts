import type { Incident } from '../correlate/incident.ts';
import type { Row, Session } from './database.ts';
import { likePattern, Parameters } from './field-sql.ts';
import type { Page, TimeRange } from './page.ts';
import { StoreError } from './store-error.ts';
import { storableCode, storableText, timestamp } from './values.ts';

const PAGE_MAX = 1_000;
const PREFIX_MATCHES_MAX = 10;
/** Incidents a joiner takes up again after a restart: those that changed last. */
const OPEN_MAX = 2_000;

/** An incident only moves forward, and an alert belongs to it once: a group that comes again changes nothing. */
export async function storeIncidents(session: Session, incidents: readonly Incident[]): Promise<void> {
  if (incidents.length === 0) return;
  const newest = new Map<string, Incident>();
  for (const incident of incidents) {
    if (incident.revision >= (newest.get(incident.id)?.revision ?? 0)) newest.set(incident.id, incident);
  }
  const inOrder = [...newest.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const members = inOrder.flatMap(({ id, alerts }) =>
    alerts.map((alert) => ({ incident_id: id, alert_id: storableText(alert.id) })),
  );
  await session.query(STORE_INCIDENTS, [JSON.stringify(inOrder.map(incidentRow)), JSON.stringify(members)]);
}

const STORE_INCIDENTS = `
  with members as (
    insert into incident_alerts select * from json_to_recordset($2::json) as r(incident_id text, alert_id text)
    on conflict do nothing
  )
  insert into incidents as i select * from json_to_recordset($1::json) as r(
    id text, revision bigint, title text, severity smallint, state text, tactics text[], alerts text, entities text,
    first_at timestamptz, last_at timestamptz, raised_at timestamptz, updated_at timestamptz)
  on conflict (id) do update set
    revision = excluded.revision, title = excluded.title, severity = excluded.severity, state = excluded.state,
    tactics = excluded.tactics, alerts = excluded.alerts, entities = excluded.entities, first_at = excluded.first_at,
    last_at = excluded.last_at, updated_at = excluded.updated_at
  where i.revision < excluded.revision`;

function incidentRow(incident: Incident) {
  return {
    id: storableText(incident.id),
    revision: incident.revision,
    title: storableText(incident.title),
    severity: storableCode(incident.severity),
    state: incident.state,
    tactics: incident.tactics.map(storableText),
    alerts: storableText(JSON.stringify(incident.alerts)),
    entities: storableText(JSON.stringify(incident.entities)),
    first_at: timestamp(incident.firstAtUs),
    last_at: timestamp(incident.lastAtUs),
    raised_at: timestamp(incident.raisedAtUs),
    updated_at: timestamp(incident.updatedAtUs),
  };
}

const COLUMNS =
  'id, revision, title, severity, state, tactics, alerts, entities, first_at, last_at, raised_at, updated_at';

/** Newest change first. */
export async function listIncidents(
  session: Session,
  filter: { state?: Incident['state'] | undefined; severityMin?: number | undefined } & TimeRange,
  limit: number,
  after: string,
): Promise<Page<Incident>> {
  const parameters = new Parameters();
  const conditions: string[] = [];
  if (filter.state) conditions.push(`state = ${parameters.add(filter.state)}`);
  if (filter.severityMin) conditions.push(`severity >= ${parameters.add(filter.severityMin)}`);
  if (filter.sinceUs) conditions.push(`updated_at >= ${parameters.add(timestamp(filter.sinceUs))}`);
  if (filter.untilUs) conditions.push(`updated_at < ${parameters.add(timestamp(filter.untilUs))}`);
  if (after) {
    const match = /^(\d{1,18})\.([0-9a-z]{1,64})$/.exec(after);
    if (!match) throw new StoreError('rejected', 'not a cursor of an incident list');
    const updatedAt = parameters.add(timestamp(Number(match[1])));
    conditions.push(`(updated_at, id) < (${updatedAt}, ${parameters.add(match[2]!)})`);
  }
  const wanted = Math.max(1, Math.min(Math.trunc(limit) || 1, PAGE_MAX));
  const rows = await session.query(
    `select ${COLUMNS} from incidents ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''}
     order by updated_at desc, id desc limit ${parameters.add(wanted + 1)}`,
    parameters.values,
  );
  const page = rows.slice(0, wanted).map(incidentOf);
  const last = page.at(-1);
  return { rows: page, next: rows.length > wanted && last ? `${last.updatedAtUs}.${last.id}` : '' };
}

/** By id or by a prefix that only one has; more than one match gives all of them, up to 10. */
export async function incidentsByIdPrefix(session: Session, prefix: string): Promise<Incident[]> {
  const pattern = `${likePattern(storableText(prefix.toLowerCase()).replaceAll('*', ''))}%`;
  const rows = await session.query(`select ${COLUMNS} from incidents where id like $1 order by id limit $2`, [
    pattern,
    PREFIX_MATCHES_MAX,
  ]);
  return rows.map(incidentOf);
}

/** That one of these alerts belongs to, open or closed. */
export async function incidentsOfAlerts(session: Session, alertIds: readonly string[]): Promise<Incident[]> {
  if (alertIds.length === 0) return [];
  const rows = await session.query(
    `select ${COLUMNS} from incidents where id in (
       select incident_id from incident_alerts
       where alert_id in (select value from json_array_elements_text($1::json))) limit $2`,
    [JSON.stringify(alertIds), OPEN_MAX],
  );
  return rows.map(incidentOf);
}

export async function openIncidentsSince(session: Session, sinceUs: number): Promise<Incident[]> {
  const rows = await session.query(
    `select ${COLUMNS} from incidents where state = 'open' and updated_at >= $1 order by updated_at desc limit $2`,
    [timestamp(sinceUs), OPEN_MAX],
  );
  return rows.map(incidentOf);
}

function incidentOf(row: Row): Incident {
  return {
    id: row.id,
    revision: row.revision,
    title: row.title,
    severity: row.severity,
    state: row.state,
    tactics: row.tactics,
    alerts: JSON.parse(row.alerts),
    entities: JSON.parse(row.entities),
    firstAtUs: row.first_at,
    lastAtUs: row.last_at,
    raisedAtUs: row.raised_at,
    updatedAtUs: row.updated_at,
  };
}
