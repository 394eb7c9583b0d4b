import type {
  AddExceptionRequest,
  Detection,
  ExceptionReach,
  FieldValue,
  PreviewExceptionResponse,
  RuleException,
} from '@threatguard/proto';
import { ConsoleError } from './console-error.ts';
import { counted } from './counted.ts';
import { parseDuration } from './duration.ts';
import type { JsonRecord } from './json.ts';
import { type Column, renderPairs, renderTable } from './table.ts';
import { humanTime, isoTime } from './time.ts';

/** Keys of an exception in JSON and CSV, in order. They are stable; the README lists them. */
export const EXCEPTION_KEYS = [
  'id',
  'rule.id',
  'rule.title',
  'conditions',
  'reason',
  'alert.id',
  'made_by',
  'made_at',
  'expires_at',
  'removed_by',
  'removed_at',
  'hidden',
  'last_hidden_at',
] as const;

export function exceptionRecord(exception: RuleException): JsonRecord {
  return {
    id: exception.id ?? '',
    'rule.id': exception.ruleId ?? '',
    'rule.title': exception.ruleTitle ?? '',
    conditions: conditionsRecord(exception.conditions),
    reason: exception.reason ?? '',
    'alert.id': exception.alertId ?? '',
    made_by: exception.madeBy ?? '',
    made_at: isoTime(exception.madeAtUs),
    expires_at: exception.expiresAtUs ? isoTime(exception.expiresAtUs) : undefined,
    removed_by: exception.removedBy || undefined,
    removed_at: exception.removedAtUs ? isoTime(exception.removedAtUs) : undefined,
    hidden: exception.hidden ?? 0,
    last_hidden_at: exception.lastHiddenAtUs ? isoTime(exception.lastHiddenAtUs) : undefined,
  };
}

export function previewRecord(preview: PreviewExceptionResponse): JsonRecord {
  const { reach } = preview;
  return {
    'alert.id': preview.alertId ?? '',
    'alert.revision': preview.alertRevision ?? 0,
    'rule.id': preview.ruleId ?? '',
    'rule.title': preview.ruleTitle ?? '',
    conditions: conditionsRecord(preview.conditions),
    others: conditionsRecord(preview.others),
    'would_have_hidden.since': isoTime(reach?.sinceUs),
    'would_have_hidden.partial': reach?.partial ?? false,
    'would_have_hidden.detections': reach?.hidden ?? 0,
    'would_have_hidden.of': reach?.ruleDetections ?? 0,
    'would_have_hidden.hosts_total': reach?.hostsTotal ?? 0,
    'would_have_hidden.hosts': (reach?.hosts ?? []).map(({ agentId, agentName, count }) => ({
      'agent.id': agentId ?? '',
      name: agentName ?? '',
      count: count ?? 0,
    })),
    'would_have_hidden.samples': (reach?.samples ?? []).map(detectionRecord),
    'would_have_hidden.without': Object.fromEntries(
      (reach?.without ?? []).map(({ field, count }) => [field ?? '', count ?? 0]),
    ),
  };
}

function conditionsRecord(conditions: readonly FieldValue[] | null | undefined): JsonRecord {
  return Object.fromEntries((conditions ?? []).map(({ field, value }) => [field ?? '', value ?? '']));
}

export function detectionRecord(detection: Detection): JsonRecord {
  return {
    at: isoTime(detection.lastAtUs),
    'agent.id': detection.agentId ?? '',
    reason: detection.reason ?? '',
    entity: detection.entity ?? '',
    values: { ...detection.values },
  };
}

/** `source.ip=192.0.2.1`, the name of a host in the place of its id. */
function conditionText({ field, value, name }: FieldValue): string {
  return name ? `host=${name}` : `${field}=${value}`;
}

export function exceptionColumns(look: { utc: boolean; nowMs: number }): Column<RuleException>[] {
  return [
    { title: 'ID', cell: (exception) => (exception.id ?? '').slice(0, 26) },
    { title: 'HIDDEN', cell: (exception) => String(exception.hidden ?? 0), align: 'right' },
    { title: 'ENDS', cell: (exception) => endText(exception, look) },
    { title: 'RULE', cell: (exception) => exception.ruleTitle || exception.ruleId || '', shrink: true },
    { title: 'WHERE', cell: (exception) => (exception.conditions ?? []).map(conditionText).join(' '), shrink: true },
    { title: 'BY', cell: (exception) => exception.madeBy ?? '', shrink: true, optional: true },
    { title: 'REASON', cell: (exception) => exception.reason ?? '', shrink: true, optional: true },
  ];
}

function endText({ removedAtUs, expiresAtUs }: RuleException, { utc, nowMs }: { utc: boolean; nowMs: number }): string {
  if (removedAtUs) return `removed ${humanTime(removedAtUs, utc)}`;
  if (!expiresAtUs) return 'never';
  return `${expiresAtUs <= nowMs * 1000 ? 'ended ' : ''}${humanTime(expiresAtUs, utc)}`;
}

export function exceptionPairs(exception: RuleException, look: { utc: boolean; nowMs: number }): string[] {
  return renderPairs([
    ['id', exception.id ?? ''],
    ['rule', `${exception.ruleTitle ?? ''} (${exception.ruleId ?? ''})`],
    ...(exception.conditions ?? []).map(
      ({ field, value, name }) => [`  ${field}`, name ? `${value} (${name})` : (value ?? '')] as const,
    ),
    ['reason', exception.reason ?? ''],
    ['from alert', exception.alertId ?? ''],
    ['made', `${humanTime(exception.madeAtUs, look.utc)} by ${exception.madeBy ?? ''}`],
    ['ends', endText(exception, look)],
    ['hidden', hiddenText(exception, look.utc)],
  ]);
}

function hiddenText({ hidden, lastHiddenAtUs }: RuleException, utc: boolean): string {
  if (!hidden) return 'nothing yet';
  return `${counted(hidden, 'detection')}, the last ${humanTime(lastHiddenAtUs, utc)}`;
}

/** What an exception asks for, and what it would have hidden, as one screen. */
export function previewLines(
  preview: PreviewExceptionResponse,
  look: { utc: boolean; columns?: number | undefined; endsAtUs: number | undefined },
): string[] {
  const reach = preview.reach ?? {};
  const without = new Map((reach.without ?? []).map(({ field, count }) => [field, count ?? 0]));
  const others = preview.others ?? [];
  const lines = [
    ...renderPairs([
      ['exception of', `${preview.ruleTitle ?? ''} (${preview.ruleId ?? ''})`],
      ['from alert', preview.alertId ?? ''],
      ['ends', look.endsAtUs === undefined ? 'never' : humanTime(look.endsAtUs, look.utc)],
    ]),
    '',
    ...renderTable<FieldValue>(
      [
        { title: 'FIELD', cell: ({ field }) => field ?? '' },
        { title: 'IS', cell: ({ value, name }) => (name ? `${value} (${name})` : (value ?? '')), shrink: true },
        { title: 'WITHOUT IT', cell: ({ field }) => String(without.get(field) ?? 0), align: 'right' },
      ],
      preview.conditions ?? [],
      look.columns,
    ),
  ];
  if (others.length > 0) {
    lines.push('', ...renderPairs([['not asked for', others.map(conditionText).join(' ')]]));
  }
  return [...lines, '', ...reachLines(preview, look)];
}

/** What it would have hidden, and the newest of that. */
export function reachLines(
  { reach }: PreviewExceptionResponse,
  look: { utc: boolean; columns?: number | undefined },
): string[] {
  return [...renderPairs(reachPairs(reach ?? {}, look.utc)), ...sampleLines(reach ?? {}, look)];
}

/** Unless another is asked for. */
export const EXPIRES_DEFAULT = '30d';
const EXPIRES_DAYS_MAX = 3_650;

/** Seconds of `12h` or `30d`; undefined for `never`. */
export function readExpiry(text: string): number | undefined {
  if (text === 'never') return undefined;
  const seconds = parseDuration(text);
  if (seconds !== undefined && seconds > 0 && seconds <= EXPIRES_DAYS_MAX * 86_400) return seconds;
  throw new ConsoleError('usage', `--expires "${text}" must be a duration such as 12h or 30d, at most 3650d, or never`);
}

/** What is asked of the collector for what was previewed: of what was looked at, nothing newer. */
export function exceptionRequest(
  preview: PreviewExceptionResponse,
  { reason, expiresSeconds }: { reason: string; expiresSeconds: number | undefined },
): AddExceptionRequest {
  return {
    alertId: preview.alertId,
    alertRevision: preview.alertRevision,
    fields: (preview.conditions ?? []).map(({ field }) => field ?? ''),
    reason,
    expiresSeconds: expiresSeconds ?? 0,
    neverExpires: expiresSeconds === undefined,
  };
}

function reachPairs(reach: ExceptionReach, utc: boolean): [string, string][] {
  const { hidden = 0, ruleDetections = 0, hostsTotal = 0, partial, sinceUs } = reach;
  const since = `since ${humanTime(sinceUs, utc)}${partial ? ' (there are older ones that were not counted)' : ''}`;
  const hosts = (reach.hosts ?? []).map(
    ({ agentName, agentId, count }) => `${agentName || agentId || 'fleet'} ${count}`,
  );
  const more = (hostsTotal ?? 0) > hosts.length ? ` and ${(hostsTotal ?? 0) - hosts.length} more` : '';
  const pairs: [string, string][] = [
    ['would have hidden', `${hidden} of ${ruleDetections} detections of this rule ${since}`],
  ];
  if (hosts.length > 0) pairs.push(['on', hosts.join(', ') + more]);
  return pairs;
}

function sampleLines(reach: ExceptionReach, look: { utc: boolean; columns?: number | undefined }): string[] {
  const samples = reach.samples ?? [];
  if (samples.length === 0) return [];
  return ['', 'the newest of them:', ...detectionTable(samples, look)];
}

export function detectionTable(
  detections: readonly Detection[],
  look: { utc: boolean; columns?: number | undefined },
): string[] {
  return renderTable<Detection>(
    [
      { title: 'TIME', cell: ({ lastAtUs }) => humanTime(lastAtUs, look.utc) },
      { title: 'REASON', cell: ({ reason }) => reason ?? '', shrink: true },
    ],
    detections,
    look.columns,
  );
}
