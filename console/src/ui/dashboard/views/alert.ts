// One alert: why it was raised, what happened around it, what to do next, what was done.

import {
  type Alert,
  type AlertAct,
  type FieldFilter,
  type GetAlertResponse,
  type LookupIntelResponse,
  type StoredEvent,
  severityName,
  type TriageScore,
} from '@threatguard/proto';
import { stateName, verdictName } from '../../../model/alert.ts';
import { ConsoleError } from '../../../model/console-error.ts';
import { counted } from '../../../model/counted.ts';
import { nextSteps } from '../../../model/next-steps.ts';
import { percentText } from '../../../model/percent.ts';
import { shellWord } from '../../../model/shell-words.ts';
import { humanTime, zoneName } from '../../../model/time.ts';
import { actText } from '../../../model/triage.ts';
import { scorePairs } from '../../../model/triage-score.ts';
import type { DashboardSource } from '../../../services/dashboard-source.ts';
import { type Look, type PageLine, page } from '../view.ts';
import { alertActs } from './alert-acts.ts';
import { aroundFilters, relatedTo, treeAround } from './alert-around.ts';
import { hitLines, indicatorHits } from './indicator-hits.ts';
import { reasonLines } from './model-reason.ts';
import { eventLine, heading, orWhy, pair, pairs, said, wrapped } from './page-parts.ts';
import { alertPivots } from './pivots.ts';
import { severityTone } from './severity-tone.ts';

/** What happened on the host before and after the alert, as far as it is looked at. */
const AROUND_US = 10 * 60_000_000;
const AROUND_EVENTS_MAX = 200;
const TIMELINE_LINES_MAX = 40;

/** Parts that may be absent each by itself: what could not be asked is said, and the rest is shown. */
interface AlertPage {
  shown: GetAlertResponse;
  history: AlertAct[] | string;
  around: StoredEvent[] | string;
  processes: StoredEvent[] | string;
  related: Alert[] | string;
  listed: LookupIntelResponse[] | string;
}

async function load(source: DashboardSource, id: string): Promise<AlertPage> {
  const shown = await source.getAlert(id);
  const { alert } = shown;
  if (!alert) throw new ConsoleError('not_found', `no alert begins with "${id}"`);
  const span = { sinceUs: (alert.firstAtUs ?? 0) - AROUND_US, untilUs: (alert.lastAtUs ?? 0) + AROUND_US };
  const host = { field: 'agent.id', value: alert.agentId ?? '' };
  const found = async (filters: FieldFilter[]) =>
    (await source.searchEvents({ filters, ...span }, AROUND_EVENTS_MAX)).rows;
  const [history, around, processes, related, listed] = await Promise.all([
    orWhy(source.alertHistory(alert.id ?? '')),
    orWhy(found(aroundFilters(alert))),
    orWhy(found([host, { field: 'event.category', value: 'process' }])),
    orWhy(relatedTo(source, alert)),
    orWhy(indicatorHits(source, alert)),
  ]);
  return { shown, history, around, processes, related, listed };
}

function lines(data: AlertPage, look: Look): PageLine[] {
  const { alert = {}, events } = data.shown;
  return [
    ...facts(alert ?? {}, look),
    ...(alert?.triage?.features?.length ? scoreLines(alert.triage) : []),
    ...(alert?.modelReason ? [...heading('Why models spoke'), ...reasonLines(alert.modelReason, look)] : []),
    ...heading('What to do next'),
    ...nextSteps(alert?.tactics ?? []).flatMap((step) => wrapped(`- ${step}`, look)),
    ...heading('What was done'),
    ...told(data.history, 'nothing yet', (acts) =>
      acts.map((act) => ({
        spans: [
          { text: `  ${humanTime(act.atUs, look.utc)} `, tone: 'dim' },
          { text: `${act.actorId || act.actorKind || ''}: ${actText(act)}` },
        ],
      })),
    ),
    ...heading('Indicators'),
    ...told(data.listed, 'no source lists a value of it', (found) => found.flatMap((each) => hitLines(each, look))),
    ...heading(`Events behind it (${events?.length ?? 0})`),
    ...told(events ?? [], 'no events are kept for it', (rows) => rows.map((stored) => eventLine(stored, look))),
    ...heading('Processes around it'),
    ...told(data.processes, 'no process events are kept', (rows) => treeLines(rows, events ?? [], look)),
    ...heading(timelineTitle(alert ?? {})),
    ...told(data.around, 'no other events', (rows) =>
      rows
        .toSorted((a, b) => (a.eventAtUs ?? 0) - (b.eventAtUs ?? 0))
        .slice(-TIMELINE_LINES_MAX)
        .map((stored) => eventLine(stored, look)),
    ),
    ...heading('Related alerts'),
    ...told(data.related, 'none of the same host or user within a day', (rows) =>
      rows.map((each) => relatedLine(each, look)),
    ),
  ];
}

function timelineTitle(alert: Alert): string {
  const { entity, agentName } = alert;
  const ofHost = aroundFilters(alert).some(({ field }) => field === 'agent.id');
  if (!entity) return `Timeline of ${agentName || 'the host'}`;
  return `Timeline of ${entity}${ofHost && agentName ? ` on ${agentName}` : ''}`;
}

function facts(alert: Alert, look: Look): PageLine[] {
  const time = (us: number | null | undefined) => `${humanTime(us, look.utc)} ${zoneName(look.nowMs, look.utc)}`;
  const state = [stateName(alert.state), verdictName(alert.verdict), alert.assignee && `assigned to ${alert.assignee}`];
  const observed = alert.observedRatio ?? 1;
  const pivots = alertPivots(alert);
  return [
    {
      spans: [
        { text: severityName(alert.severity ?? 0).toUpperCase(), tone: severityTone(alert.severity) },
        { text: `  ${alert.title ?? ''}`, tone: 'title' },
      ],
      value: alert.title ?? '',
    },
    ...wrapped(alert.reason ?? '', look, { value: alert.reason ?? '' }),
    ...(alert.triage?.sentence ? wrapped(alert.triage.sentence, look, { value: alert.triage.sentence }) : []),
    said(''),
    pair('state', state.filter(Boolean).join(', ')),
    pair('host', alert.agentName ?? '', { view: 'agent', arg: alert.agentName ?? '' }),
    pair('entity', alert.entity ?? ''),
    pair('ATT&CK', [...(alert.tactics ?? []), ...(alert.techniques ?? [])].join('  ')),
    pair('rule', alert.ruleId ?? ''),
    pair('when', `${time(alert.firstAtUs)} to ${time(alert.lastAtUs)}, ${counted(alert.count ?? 0, 'detection')}`),
    pair(
      'observed',
      `${percentText(observed)} of this window was observed`,
      undefined,
      observed < 1 ? 'medium' : undefined,
    ),
    pair('id', alert.id ?? ''),
    ...pivots
      .filter(({ value }) => value !== alert.agentName)
      .map(({ label, value, place }) => ({ ...pair(label.split(' ')[0]!, value, place), value })),
    ...pairs(Object.entries(alert.values ?? {}).filter(([, value]) => !pivots.some((pivot) => pivot.value === value))),
  ];
}

/** What moved the chance that stands among the facts. */
function scoreLines(score: TriageScore): PageLine[] {
  const [, ...moved] = scorePairs(score);
  return [...heading('Why it is as likely real'), ...pairs(moved)];
}

function treeLines(processes: readonly StoredEvent[], behind: readonly StoredEvent[], look: Look): PageLine[] {
  return treeAround(processes, behind, look).map(({ text, marked }) => ({
    spans: [{ text: `  ${text}`, tone: marked ? 'high' : undefined }],
    value: text,
  }));
}

function relatedLine(alert: Alert, look: Look): PageLine {
  return {
    spans: [
      { text: `  ${humanTime(alert.lastAtUs, look.utc)} `, tone: 'dim' },
      { text: severityName(alert.severity ?? 0).padEnd(14), tone: severityTone(alert.severity) },
      { text: `${stateName(alert.state).padEnd(13)}${alert.agentName ?? ''}: ${alert.title ?? ''}` },
    ],
    place: { view: 'alert', arg: alert.id ?? '' },
    value: alert.id ?? '',
  };
}

function told<T>(part: readonly T[] | string, none: string, lines: (rows: readonly T[]) => PageLine[]): PageLine[] {
  if (typeof part === 'string') return [said(`  not available: ${part}`, 'bad')];
  return part.length > 0 ? lines(part) : [said(`  ${none}`, 'dim')];
}

export const alert = page<AlertPage>({
  name: 'alert',
  aliases: [],
  summary: 'one alert with what happened around it',
  takes: 'an id, or how it begins',
  refreshMs: 0,
  command: (id) => `threatguard alerts show ${shellWord(id)}`,
  concerns: (id, changed) => changed.id?.startsWith(id) ?? false,
  load,
  lines,
  pivots: ({ shown }) => alertPivots(shown.alert ?? {}),
  acts: alertActs(({ shown }) => shown.alert ?? undefined),
});
