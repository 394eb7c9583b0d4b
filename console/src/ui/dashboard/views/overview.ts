// The first view: what is open and how it came, who is at risk, what comes in, and whether the fleet is well.
import {
  type AgentSummary,
  type Entity,
  type LearningState,
  type ModelSummary,
  Severity,
  type StatusReport,
  severityName,
  type Volumes,
} from '@threatguard/proto';
import { HEAT_MAP_COLUMNS, heatMap } from '../../../model/charts/heat-map.ts';
import { bar, sparkline } from '../../../model/charts/spark.ts';
import { age } from '../../../model/time.ts';
import { fitLine, type Line, lineWidth } from '../spans.ts';
import { type Look, type PageLine, page } from '../view.ts';
import { modelLines } from './models.ts';
import { heading, said } from './page-parts.ts';
import { riskTone, severityTone } from './severity-tone.ts';

const HOUR_US = 3_600_000_000;
const DAYS = 28;
const CHART_HOURS = 24;
const ENTITIES_SHOWN = 5;
const SEVERITIES = [Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.INFORMATIONAL];
/** From here on what is narrow stands beside each other. */
const TWO_COLUMNS_FROM = 120;

interface Overview {
  status: StatusReport;
  volumes: Volumes;
  entities: Entity[];
  agents: AgentSummary[];
  models: { learning: LearningState; models: readonly ModelSummary[] };
}

function lines(data: Overview, look: Look): PageLine[] {
  const wide = look.columns >= TWO_COLUMNS_FROM;
  const half = wide ? { ...look, columns: Math.floor(look.columns / 2) - 1 } : look;
  const left = [...alertLines(data, half), ...riskLines(data, half)];
  const right = [
    ...intakeLines(data, half),
    ...fleetLines(data, half),
    ...heading('Models'),
    ...modelLines(data.models),
  ];
  const main = wide ? beside(left, right, half.columns) : [...left, ...right];
  return [...main, ...heatLines(data, look)];
}

function alertLines({ volumes, status }: Overview, look: Look): PageLine[] {
  const room = Math.max(8, Math.min(CHART_HOURS * 2, look.columns - 24));
  const rows = SEVERITIES.map((severity) => {
    const hours = hourly(volumes.alerts ?? [], look.nowMs, (each) => each.severity === severity);
    return { severity, hours, sum: hours.reduce((total, count) => total + count, 0) };
  });
  return [
    said(`Alerts raised in 24 h, ${status.alertsOpen ?? 0} not closed${withheld(status)}`, 'title'),
    ...rows.map(({ severity, hours, sum }) => ({
      spans: [
        { text: `  ${severityName(severity).padEnd(14)}`, tone: severityTone(severity) },
        { text: String(sum).padStart(5) },
        { text: '  ' },
        { text: sparkline(hours, { columns: room, ascii: look.ascii }), tone: severityTone(severity) },
      ],
      place: { view: 'alerts', arg: '' },
    })),
  ];
}

function withheld({ alertsWithheld }: StatusReport): string {
  return alertsWithheld ? `, ${alertsWithheld} withheld` : '';
}

function riskLines({ entities }: Overview, look: Look): PageLine[] {
  const room = Math.max(6, Math.min(24, look.columns - 50));
  const rows = entities.slice(0, ENTITIES_SHOWN).map(({ name, risk, reasons }) => ({
    spans: [
      { text: String(Math.round(risk ?? 0)).padStart(5), tone: riskTone(risk) },
      { text: ` ${bar(risk ?? 0, 100, { columns: room, ascii: look.ascii }).padEnd(room)} `, tone: riskTone(risk) },
      { text: `${name?.kind ?? ''} ${name?.name ?? ''}` },
      { text: `  ${reasons?.[0]?.title ?? ''}`, tone: 'dim' as const },
    ],
    place: { view: 'entity', arg: `${name?.kind ?? ''} ${name?.name ?? ''}` },
    value: name?.name ?? '',
  }));
  return [...heading('Highest risk'), ...(rows.length > 0 ? rows : [said('  nobody', 'dim')])];
}

function intakeLines({ volumes, status }: Overview, look: Look): PageLine[] {
  const hours = hourly(volumes.events ?? [], look.nowMs, () => true);
  const room = Math.max(8, Math.min(CHART_HOURS * 2, look.columns - 24));
  const lost = (status.losses ?? []).reduce((sum, { count }) => sum + (count ?? 0), 0);
  const refused = (status.refusals ?? []).reduce((sum, { count }) => sum + (count ?? 0), 0);
  const total = hours.reduce((sum, count) => sum + count, 0);
  return [
    ...heading('Events in 24 h'),
    {
      spans: [
        { text: `  stored        ${String(total).padStart(5)}  ` },
        { text: sparkline(hours, { columns: room, ascii: look.ascii }), tone: 'accent' },
      ],
    },
    {
      spans: [
        { text: `  lost ${lost}`, tone: lost > 0 ? 'medium' : undefined },
        { text: `, refused ${refused}`, tone: refused > 0 ? 'medium' : undefined },
        { text: `, store ${status.storeState ?? '?'}`, tone: status.storeState === 'ready' ? 'good' : 'bad' },
        { text: `, rules ${status.rulesLoaded ?? 0}` },
      ],
    },
  ];
}

function fleetLines({ agents, status }: Overview, look: Look): PageLine[] {
  const states = new Map<string, number>();
  for (const { state } of agents) states.set(state ?? '?', (states.get(state ?? '?') ?? 0) + 1);
  const counts = [...states].map(([state, count]) => `${count} ${state}`).join(', ') || 'no agents yet';
  const unwell = agents.filter(
    ({ state, sensors }) => state === 'silent' || sensors?.some((each) => each.state !== 'running'),
  );
  return [
    ...heading('Fleet'),
    {
      ...said(`  ${counts}; ${status.kemAlgorithm ?? '?'} epoch ${status.kemEpoch ?? 0}`),
      place: { view: 'agents', arg: '' },
    },
    ...unwell.slice(0, ENTITIES_SHOWN).map(({ name, state, lastSeenAtUs, sensors }) => {
      const worse = (sensors ?? []).filter((each) => each.state !== 'running').map(({ sensor }) => sensor);
      const why =
        state === 'silent' ? `silent for ${age(lastSeenAtUs, look.nowMs)}` : `not in full: ${worse.join(', ')}`;
      return {
        spans: [
          { text: `  ${name ?? ''} `, tone: 'medium' as const },
          { text: why, tone: 'dim' as const },
        ],
        place: { view: 'agent', arg: name ?? '' },
        value: name ?? '',
      };
    }),
  ];
}

function heatLines({ volumes }: Overview, look: Look): PageLine[] {
  if (look.columns < HEAT_MAP_COLUMNS + 2) return [];
  const counts = (volumes.alerts ?? []).map(({ hourUs, count }) => ({ atUs: hourUs ?? 0, count: count ?? 0 }));
  return [
    ...heading(`Alerts by weekday and hour, ${DAYS} days`),
    ...heatMap(counts, look).map((text) => said(`  ${text}`, 'accent')),
  ];
}

/** Counts of the last 24 hours, oldest first. */
function hourly<Row extends { hourUs?: number | null; count?: number | null }>(
  rows: readonly Row[],
  nowMs: number,
  counts: (row: Row) => boolean,
): number[] {
  const last = Math.floor((nowMs * 1000) / HOUR_US);
  const hours = new Array<number>(CHART_HOURS).fill(0);
  for (const row of rows) {
    const at = CHART_HOURS - 1 - (last - Math.floor((row.hourUs ?? 0) / HOUR_US));
    if (at >= 0 && at < CHART_HOURS && counts(row)) hours[at]! += row.count ?? 0;
  }
  return hours;
}

/** Two blocks beside each other; of a line both of which lead somewhere the left one does. */
function beside(left: readonly PageLine[], right: readonly PageLine[], columns: number): PageLine[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, row) => {
    const fitted: Line = fitLine(left[row]?.spans ?? [], columns);
    const gap = ' '.repeat(columns + 2 - lineWidth(fitted));
    return {
      spans: [...fitted, { text: gap }, ...(right[row]?.spans ?? [])],
      place: left[row]?.place ?? right[row]?.place,
      value: left[row]?.value ?? right[row]?.value,
    };
  });
}

export const overview = page<Overview>({
  name: 'overview',
  aliases: ['o', 'home'],
  summary: 'alerts over time, risk, intake, fleet and models at a glance',
  refreshMs: 5_000,
  command: () => 'threatguard status',
  commandsBeside: () => [
    'threatguard alerts list --since 24h',
    `threatguard entities list --limit ${ENTITIES_SHOWN}`,
    'threatguard agents list',
    'threatguard models list',
  ],
  concerns: () => true,
  load: async (source) => {
    const [status, volumes, entities, agents, { learning, models }] = await Promise.all([
      source.getStatus(),
      source.getVolumes((source.nowMs() - DAYS * 86_400_000) * 1000),
      source.listEntities('', ENTITIES_SHOWN),
      source.listAgents(),
      source.listModels(),
    ]);
    return { status, volumes, entities, agents, models: { learning: learning ?? {}, models: models ?? [] } };
  },
  lines,
});
