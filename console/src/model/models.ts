import type { LearningState, ModelSummary } from '@threatguard/proto';
import type { JsonRecord } from './json.ts';
import type { Column } from './table.ts';
import { age, humanTime, isoTime, zoneName } from './time.ts';

/** Keys of a model in JSON and CSV, in order. They are stable; the README lists them. */
export const MODEL_KEYS = [
  'name',
  'version',
  'state',
  'trained_at',
  'rows',
  'from',
  'to',
  'alerts_last_week',
  'alerts_allowed',
  'digest',
  'notice',
] as const;

export function modelSummaryRecord(model: ModelSummary): JsonRecord {
  return {
    name: model.name ?? '',
    version: model.version ?? 0,
    state: model.state ?? '',
    trained_at: isoTime(model.trainedAtUs),
    rows: model.rows ?? 0,
    from: isoTime(model.fromUs),
    to: isoTime(model.toUs),
    alerts_last_week: isAboutHours(model) ? (model.alertsLastWeek ?? 0) : undefined,
    alerts_allowed: isAboutHours(model) ? (model.alertsAllowed ?? 0) : undefined,
    digest: model.digest ?? '',
    notice: model.notice || undefined,
  };
}

export function modelColumns(nowMs: number): Column<ModelSummary>[] {
  return [
    { title: 'NAME', cell: (model) => model.name ?? '' },
    { title: 'VERSION', cell: (model) => String(model.version ?? 0), align: 'right' },
    { title: 'STATE', cell: (model) => model.state ?? '' },
    { title: 'TRAINED', cell: (model) => age(model.trainedAtUs, nowMs), align: 'right' },
    { title: 'ROWS', cell: (model) => String(model.rows ?? 0), align: 'right' },
    { title: 'ALERTS/WEEK', cell: (model) => alertsText(model), align: 'right' },
    { title: 'NOTICE', cell: (model) => model.notice ?? '', shrink: true, optional: true },
  ];
}

/** Others raise no alerts, and have none to count. */
function isAboutHours({ alertsLastWeek }: ModelSummary): boolean {
  return (alertsLastWeek ?? 0) >= 0;
}

function rowsText(model: ModelSummary, kind: string, count: number): string {
  return isAboutHours(model) ? `${count} of ${kind}s` : `${count} ${kind}`;
}

function alertsText(model: ModelSummary): string {
  return isAboutHours(model) ? `${model.alertsLastWeek ?? 0} of ${(model.alertsAllowed ?? 0).toFixed(1)}` : '-';
}

export function isLearning({ learnedDays, neededDays }: LearningState): boolean {
  return (learnedDays ?? 0) < (neededDays ?? 0);
}

export function learningText(learning: LearningState): string {
  const { learnedDays = 0, neededDays = 0, hosts, users, accounts, programs, peerGroups } = learning;
  const known = `${hosts ?? 0} hosts, ${users ?? 0} users, ${accounts ?? 0} accounts, ${programs ?? 0} programs`;
  const groups = `${peerGroups ?? 0} groups of peers`;
  if (isLearning(learning)) return `learning, ${learnedDays} of ${neededDays} days: ${known}`;
  return `known for ${learnedDays} days: ${known}, in ${groups}`;
}

/** The card as it was signed, as data; nothing where it is none. */
function parseCard(card: string): Record<string, unknown> {
  try {
    return JSON.parse(card) as Record<string, unknown>;
  } catch {
    return {};
  }
}

export function cardRecord(model: ModelSummary, card: string): JsonRecord {
  return { ...modelSummaryRecord(model), card: parseCard(card) as JsonRecord };
}

/** What it was judged by before it came into use. */
function measurePairs(model: ModelSummary, metrics: Record<string, number>): [string, string][] {
  if (isAboutHours(model)) return [['alerts', `${alertsText(model)} allowed in the week it was judged by`]];
  const measures = Object.entries(metrics).map(([name, value]): [string, string] => [name, measureText(value)]);
  return [['judged by', 'alerts raised after those it had learned from'], ...measures];
}

/** A count whole, anything else to a thousandth. */
export function measureText(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(3);
}

export function cardPairs(
  model: ModelSummary,
  card: string,
  look: { utc: boolean; nowMs: number },
): [string, string][] {
  const parsed = parseCard(card);
  const zone = zoneName(look.nowMs, look.utc);
  const time = (us: number | null | undefined) => `${humanTime(us, look.utc)} ${zone}`;
  const rows = Object.entries((parsed.data as { rows?: Record<string, number> })?.rows ?? {});
  return [
    ['model', `${model.name} ${model.version}`],
    ['state', [model.state, model.notice].filter(Boolean).join(': ')],
    ['trained', time(model.trainedAtUs)],
    ['data', `${time(model.fromUs)} to ${time(model.toUs)}`],
    [isAboutHours(model) ? 'hours' : 'rows', rows.map(([kind, count]) => rowsText(model, kind, count)).join(', ')],
    ['features', ((parsed.features as string[]) ?? []).join(', ')],
    [
      'parameters',
      Object.entries((parsed.parameters as object) ?? {})
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    ],
    ['seed', String(parsed.seed ?? '')],
    ...measurePairs(model, (parsed.metrics as Record<string, number>) ?? {}),
    ['SHA-256', model.digest ?? ''],
    ['signature', "the collector's, checked"],
  ];
}
