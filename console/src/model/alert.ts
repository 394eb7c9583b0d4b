import { type Alert, AlertState, AlertVerdict, severityName } from '@threatguard/proto';
import type { JsonRecord } from './json.ts';
import { modelPairs, modelRecord } from './model-reason.ts';
import { percentText } from './percent.ts';
import { colourSeverity } from './style.ts';
import { type Column, renderPairs } from './table.ts';
import { clockTime, humanTime, isoTime, zoneName } from './time.ts';
import { chanceText, scorePairs, scoreRecord } from './triage-score.ts';

/** Keys of an alert in JSON and CSV, in order. They are stable; the README lists them. */
export const ALERT_KEYS = [
  'id',
  'revision',
  'state',
  'severity',
  'title',
  'rule.id',
  'reason',
  'techniques',
  'tactics',
  'agent.id',
  'agent.name',
  'entity',
  'user.name',
  'source.ip',
  'process',
  'count',
  'risk',
  'withheld',
  'observed_ratio',
  'first_event_at',
  'last_event_at',
  'raised_at',
  'updated_at',
  'values',
  'assignee',
  'verdict',
  'triage_version',
  'model',
  'triage',
] as const;

/** What an analyst asks first, picked from the values of a detection. Empty where a rule had none of it. */
export interface AlertFacts {
  user: string;
  address: string;
  process: string;
}

export function alertFacts(alert: Alert): AlertFacts {
  const values = alert.values ?? {};
  const first = (...names: string[]) => names.map((name) => values[name]).find(Boolean) ?? '';
  return {
    user: first('user.name', 'user.target.name', 'user.id'),
    address: first('source.ip', 'threatguard.process.stdio_socket.remote_address', 'destination.ip'),
    process: first('process.executable', 'process.name', 'service.name', 'process.command_line'),
  };
}

/** The one raised last first, by the collector's clock: neither a decision nor more of the same moves an alert. */
export function latestFirst(alerts: readonly Alert[]): Alert[] {
  return alerts.toSorted((a, b) => (b.raisedAtUs ?? 0) - (a.raisedAtUs ?? 0) || ((a.id ?? '') < (b.id ?? '') ? 1 : -1));
}

export function stateName(state: AlertState | null | undefined): string {
  return state ? (AlertState[state] ?? 'unknown').toLowerCase() : 'open';
}

/** `false-positive`; empty for an alert without a verdict. */
export function verdictName(verdict: AlertVerdict | null | undefined): string {
  return verdict ? (AlertVerdict[verdict] ?? 'unknown').toLowerCase().replaceAll('_', '-') : '';
}

function withheldText({ withheld }: Alert): string {
  return withheld ? ', withheld: over the budget of its day' : '';
}

export function alertRecord(alert: Alert): JsonRecord {
  const facts = alertFacts(alert);
  return {
    id: alert.id ?? '',
    revision: alert.revision ?? 0,
    state: stateName(alert.state),
    severity: severityName(alert.severity ?? 0),
    title: alert.title ?? '',
    'rule.id': alert.ruleId ?? '',
    reason: alert.reason ?? '',
    techniques: alert.techniques ?? [],
    tactics: alert.tactics ?? [],
    'agent.id': alert.agentId ?? '',
    'agent.name': alert.agentName ?? '',
    entity: alert.entity ?? '',
    'user.name': facts.user || undefined,
    'source.ip': facts.address || undefined,
    process: facts.process || undefined,
    count: alert.count ?? 0,
    risk: alert.risk ?? 0,
    withheld: alert.withheld ?? false,
    observed_ratio: alert.observedRatio ?? undefined,
    first_event_at: isoTime(alert.firstAtUs),
    last_event_at: isoTime(alert.lastAtUs),
    raised_at: isoTime(alert.raisedAtUs),
    updated_at: isoTime(alert.updatedAtUs),
    values: { ...alert.values },
    assignee: alert.assignee || undefined,
    verdict: verdictName(alert.verdict) || undefined,
    triage_version: alert.triageVersion ?? 0,
    model: alert.modelReason ? modelRecord(alert.modelReason) : undefined,
    triage: alert.triage ? scoreRecord(alert.triage) : undefined,
  };
}

export interface Look {
  utc: boolean;
  colour: boolean;
  nowMs: number;
}

export function alertColumns(look: Look): Column<Alert>[] {
  return [
    { title: 'ID', cell: (alert) => (alert.id ?? '').slice(0, 26) },
    { title: `RAISED (${zoneName(look.nowMs, look.utc)})`, cell: (alert) => humanTime(alert.raisedAtUs, look.utc) },
    {
      title: 'SEVERITY',
      cell: (alert) => severityName(alert.severity ?? 0),
      style: (cell, alert) => colourSeverity(cell, alert.severity, look.colour),
    },
    { title: 'REAL', cell: chanceText, align: 'right', optional: true },
    { title: 'STATE', cell: (alert) => stateName(alert.state), shrink: true, optional: true },
    { title: 'ASSIGNEE', cell: (alert) => alert.assignee ?? '', shrink: true, optional: true },
    { title: 'HOST', cell: (alert) => alert.agentName ?? '', shrink: true },
    { title: 'COUNT', cell: (alert) => String(alert.count ?? 0), align: 'right', optional: true },
    { title: 'TECHNIQUE', cell: (alert) => (alert.techniques ?? []).join(' '), shrink: true, optional: true },
    { title: 'TITLE', cell: (alert) => alert.title ?? '', shrink: true, optional: true },
    { title: 'REASON', cell: (alert) => alert.reason ?? '', shrink: true },
  ];
}

/** One line for a stream: time, severity, title, then the facts by name, then the reason. Raw: print through the gate. */
export function alertLine(alert: Alert, utc: boolean): { head: string; severity: string; rest: string } {
  const facts = alertFacts(alert);
  const named = [
    ['host', alert.agentName ?? ''],
    ['user', facts.user],
    ['address', facts.address],
    ['process', facts.process],
    ['technique', (alert.techniques ?? []).join(' ')],
    ['observed', (alert.observedRatio ?? 1) < 1 ? percentText(alert.observedRatio ?? 1) : ''],
  ].filter(([, value]) => value);
  return {
    head: clockTime(alert.raisedAtUs, utc),
    severity: severityName(alert.severity ?? 0),
    rest: `${alert.title ?? ''}  ${named.map(([name, value]) => `${name}=${value}`).join(' ')}  ${alert.reason ?? ''}`,
  };
}

/** The whole alert as aligned pairs; `suppressed` detections like it are not in its count. */
export function alertPairs(alert: Alert, look: Look, suppressed = 0): string[] {
  const time = (us: number | null | undefined) => `${humanTime(us, look.utc)} ${zoneName(look.nowMs, look.utc)}`;
  return renderPairs([
    ['id', alert.id ?? ''],
    ['title', alert.title ?? ''],
    ['reason', alert.reason ?? ''],
    ['severity', severityName(alert.severity ?? 0)],
    ['state', [stateName(alert.state), verdictName(alert.verdict)].filter(Boolean).join(', ') + withheldText(alert)],
    ['assignee', alert.assignee || '-'],
    ['host', alert.agentName ?? ''],
    ['entity', alert.entity ?? ''],
    ['technique', (alert.techniques ?? []).join(' ')],
    ['tactic', (alert.tactics ?? []).join(' ')],
    ['rule', alert.ruleId ?? ''],
    ['detections', `${alert.count ?? 0}${suppressed ? `, and ${suppressed} more that were suppressed` : ''}`],
    ['first event', time(alert.firstAtUs)],
    ['last event', time(alert.lastAtUs)],
    ['raised', time(alert.raisedAtUs)],
    ['observed', `${percentText(alert.observedRatio ?? 1)} of this window was observed`],
    ...Object.entries(alert.values ?? {}).map(([name, value]) => [name, value] as const),
    ...(alert.modelReason ? modelPairs(alert.modelReason) : []),
    ...(alert.triage ? scorePairs(alert.triage) : []),
  ]);
}
