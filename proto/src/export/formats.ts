// Every format by its name. Pure: the same input gives the same text, so what is sent again is the same bytes.
import { severityName } from '../subjects.ts';
import { type Alert, AlertState, type AuditEntry, type StoredEvent } from '../v1.ts';
import { auditToCef, auditToEcs, auditToJson, auditToOcsf } from './audit.ts';
import { alertToCef, eventToCef } from './cef-records.ts';
import { alertToEcs } from './ecs-alert.ts';
import { eventToEcs } from './ecs-event.ts';
import { type ExportDocument, exportJson, withoutEmpty } from './json.ts';
import { alertToOcsf } from './ocsf-alert.ts';
import { eventToOcsf } from './ocsf-event.ts';
import { alertKeyOf, type Exporter, toIso } from './source.ts';

/** Schemas of others, for alerts and events alike. */
export const EXPORT_FORMATS = ['ecs', 'ocsf', 'cef'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** What may be forwarded: those, and our own names. */
export const FORWARD_FORMATS = [...EXPORT_FORMATS, 'json'] as const;
export type ForwardFormat = (typeof FORWARD_FORMATS)[number];

/** An alert with our own names; keys are stable. */
function alertToJson(alert: Alert): ExportDocument {
  return withoutEmpty({
    key: alertKeyOf(alert),
    id: alert.id,
    revision: alert.revision ?? 0,
    state: (AlertState[alert.state ?? 0] ?? 'open').toLowerCase(),
    severity: severityName(alert.severity ?? 0),
    title: alert.title,
    rule: { id: alert.ruleId },
    reason: alert.reason || undefined,
    techniques: alert.techniques ?? [],
    tactics: alert.tactics ?? [],
    agent: { id: alert.agentId || undefined, name: alert.agentName || undefined },
    entity: alert.entity || undefined,
    count: alert.count ?? 0,
    risk: alert.risk ?? 0,
    withheld: alert.withheld ?? false,
    observed_ratio: alert.observedRatio ?? undefined,
    first_event_at: toIso(alert.firstAtUs),
    last_event_at: toIso(alert.lastAtUs),
    raised_at: toIso(alert.raisedAtUs),
    updated_at: toIso(alert.updatedAtUs),
    values: { ...alert.values },
  });
}

const ALERTS: Record<ForwardFormat, (alert: Alert, exporter: Exporter) => ExportDocument | string> = {
  ecs: alertToEcs,
  ocsf: alertToOcsf,
  cef: alertToCef,
  json: alertToJson,
};
const AUDIT: Record<ForwardFormat, (entry: AuditEntry, exporter: Exporter) => ExportDocument | string> = {
  ecs: auditToEcs,
  ocsf: auditToOcsf,
  cef: auditToCef,
  json: auditToJson,
};
const EVENTS: Record<ExportFormat, (stored: StoredEvent, exporter: Exporter) => ExportDocument | string> = {
  ecs: eventToEcs,
  ocsf: eventToOcsf,
  cef: eventToCef,
};

const line = (exported: ExportDocument | string) => (typeof exported === 'string' ? exported : exportJson(exported));

/** One line of text without its end: JSON in ASCII, or CEF in which nothing moves a terminal. */
export function exportAlert(alert: Alert, format: ForwardFormat, exporter: Exporter): string {
  return line(ALERTS[format](alert, exporter));
}

export function exportAudit(entry: AuditEntry, format: ForwardFormat, exporter: Exporter): string {
  return line(AUDIT[format](entry, exporter));
}

export function exportEvent(stored: StoredEvent, format: ExportFormat, exporter: Exporter): string {
  return line(EVENTS[format](stored, exporter));
}
