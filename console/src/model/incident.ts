import { type Incident, severityName } from '@threatguard/proto';
import type { JsonRecord } from './json.ts';
import { type Column, renderPairs } from './table.ts';
import { age, humanTime, isoTime } from './time.ts';

/** Keys of an incident in JSON and CSV, in order. */
export const INCIDENT_KEYS = [
  'id',
  'revision',
  'state',
  'severity',
  'title',
  'tactics',
  'entities',
  'alerts',
  'first_event_at',
  'last_event_at',
  'raised_at',
  'updated_at',
] as const;

export function incidentRecord(incident: Incident): JsonRecord {
  return {
    id: incident.id ?? '',
    revision: incident.revision ?? 0,
    state: incident.state ?? '',
    severity: severityName(incident.severity ?? 0),
    title: incident.title ?? '',
    tactics: incident.tactics ?? [],
    entities: (incident.entities ?? []).map(({ kind, name }) => ({ kind: kind ?? '', name: name ?? '' })),
    alerts: (incident.alerts ?? []).map((alert) => ({
      id: alert.id ?? '',
      rule: alert.ruleId ?? '',
      title: alert.title ?? '',
      severity: severityName(alert.severity ?? 0),
      tactics: alert.tactics ?? [],
      first_event_at: isoTime(alert.firstAtUs),
    })),
    first_event_at: isoTime(incident.firstAtUs),
    last_event_at: isoTime(incident.lastAtUs),
    raised_at: isoTime(incident.raisedAtUs),
    updated_at: isoTime(incident.updatedAtUs),
  };
}

export function incidentColumns(nowMs: number): Column<Incident>[] {
  return [
    { title: 'ID', cell: (incident) => incident.id ?? '', shrink: true },
    { title: 'SEVERITY', cell: (incident) => severityName(incident.severity ?? 0) },
    { title: 'STATE', cell: (incident) => incident.state ?? '' },
    { title: 'CHANGED', cell: (incident) => age(incident.updatedAtUs, nowMs), align: 'right' },
    { title: 'ALERTS', cell: (incident) => String(incident.alerts?.length ?? 0), align: 'right' },
    { title: 'STORY', cell: (incident) => incident.title ?? '', shrink: true },
  ];
}

/** The story: what it is, and its alerts in ATT&CK's order as a table below. */
export function incidentPairs(incident: Incident, utc: boolean): string[] {
  return renderPairs([
    ['incident', `${incident.id ?? ''}, ${incident.state ?? ''}, revision ${incident.revision ?? 0}`],
    ['severity', severityName(incident.severity ?? 0)],
    ['story', incident.title ?? ''],
    ['tactics', (incident.tactics ?? []).join(', ')],
    ['entities', (incident.entities ?? []).map(({ kind, name }) => `${kind} ${name}`).join(', ')],
    ['from', humanTime(incident.firstAtUs, utc)],
    ['to', humanTime(incident.lastAtUs, utc)],
  ]);
}

export function incidentAlertColumns(utc: boolean): Column<NonNullable<Incident['alerts']>[number]>[] {
  return [
    { title: 'FIRST', cell: (alert) => humanTime(alert.firstAtUs, utc) },
    { title: 'TACTICS', cell: (alert) => (alert.tactics ?? []).join(', '), shrink: true },
    { title: 'SEVERITY', cell: (alert) => severityName(alert.severity ?? 0) },
    { title: 'ALERT', cell: (alert) => alert.title ?? '', shrink: true },
    { title: 'ID', cell: (alert) => alert.id ?? '', shrink: true },
  ];
}
