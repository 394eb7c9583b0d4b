import type { Entity, EntityName, GetEntityResponse, ModelReason } from '@threatguard/proto';
import { brailleLine } from '../../../model/charts/braille.ts';
import { bar } from '../../../model/charts/spark.ts';
import { reasonsText } from '../../../model/entity.ts';
import { decayedRisk } from '../../../model/risk-history.ts';
import { shellWord } from '../../../model/shell-words.ts';
import { age, humanTime } from '../../../model/time.ts';
import type { DashboardSource } from '../../../services/dashboard-source.ts';
import { type Look, list, type PageLine, type Pivot, page } from '../view.ts';
import { habitLines } from './model-reason.ts';
import { heading, orWhy, pair, said } from './page-parts.ts';
import { pivotTo } from './pivots.ts';
import { riskTone } from './severity-tone.ts';

const ENTITIES_MAX = 500;
const REFRESH_MS = 5_000;
const RISK_BAR_COLUMNS = 10;
const CHART_ROWS = 5;
const HISTORY_DAYS = 7;

/** What a kind of entity is called in events. */
const FIELDS: Record<string, string> = {
  host: 'host.name',
  user: 'user.name',
  address: 'source.ip',
  process: 'process.executable',
};

/** `user root@web-1` or `address 192.0.2.1`. */
function argOf({ kind, name }: EntityName): string {
  return `${kind ?? ''} ${name ?? ''}`;
}

function entityPivots({ name }: Entity): Pivot[] {
  const field = FIELDS[name?.kind ?? ''];
  // A user of one host is named with it.
  const value = name?.kind === 'user' ? (name.name ?? '').split('@')[0]! : (name?.name ?? '');
  return field && value ? [pivotTo(field, value, name?.kind ?? '')] : [];
}

export const entities = list<Entity>({
  name: 'entities',
  aliases: ['e', 'ent', 'risk'],
  summary: 'hosts, users, processes and addresses by their risk',
  refreshMs: REFRESH_MS,
  command: () => `threatguard entities list --limit ${ENTITIES_MAX}`,
  concerns: () => true,
  rows: (source) => source.listEntities('', ENTITIES_MAX),
  id: ({ name }) => argOf(name ?? {}),
  columns: (look) => [
    {
      title: 'RISK',
      cell: ({ risk }) => (risk ?? 0).toFixed(0),
      order: ({ risk }) => risk ?? 0,
      align: 'right',
      tone: ({ risk }) => riskTone(risk),
    },
    {
      title: '0 TO 100',
      cell: ({ risk }) => bar(risk ?? 0, 100, { columns: RISK_BAR_COLUMNS, ascii: look.ascii }),
      tone: ({ risk }) => riskTone(risk),
      optional: true,
    },
    { title: 'KIND', cell: ({ name }) => name?.kind ?? '' },
    { title: 'NAME', cell: ({ name }) => name?.name ?? '', shrink: true },
    {
      title: 'SEEN',
      cell: ({ lastSeenAtUs }) => age(lastSeenAtUs, look.nowMs),
      order: ({ lastSeenAtUs }) => lastSeenAtUs ?? 0,
      align: 'right',
    },
    { title: 'BECAUSE OF', cell: reasonsText, shrink: true },
  ],
  open: ({ name }) => ({ view: 'entity', arg: argOf(name ?? {}) }),
  pivots: entityPivots,
  empty: 'nobody is at risk',
});

/** Its risk as a line over the week, falling between the points as it does. */
function historyLines({ history = [], entity, halfLifeUs }: GetEntityResponse, look: Look): PageLine[] {
  const columns = Math.max(10, Math.min(look.columns - 8, 120));
  const toUs = look.nowMs * 1000;
  const values = decayedRisk(history ?? [], {
    fromUs: toUs - HISTORY_DAYS * 86_400_000_000,
    toUs,
    samples: columns * 2,
    halfLifeUs: halfLifeUs || 1,
  });
  const drawn = brailleLine(values, { columns, rows: CHART_ROWS, max: 100, ascii: look.ascii });
  return drawn.map((text, row) => ({
    spans: [
      { text: row === 0 ? ' 100 ' : row === CHART_ROWS - 1 ? '   0 ' : '     ', tone: 'dim' },
      { text, tone: riskTone(entity?.risk) ?? 'accent' },
    ],
  }));
}

/** An entity, and why models spoke of it: those of its alerts that are among the reasons for its risk. */
interface EntityPage {
  data: GetEntityResponse;
  spoken: readonly ModelReason[] | string;
}

/** Alerts of models that are looked at for one page. */
const SPOKEN_MAX = 4;

async function spokenOf(source: DashboardSource, { reasons }: Entity): Promise<ModelReason[] | string> {
  const ids = (reasons ?? []).filter(({ ruleId }) => ruleId?.startsWith('model/')).map(({ alertId }) => alertId ?? '');
  const asked = [...new Set(ids)].slice(0, SPOKEN_MAX).map((id) => source.getAlert(id));
  const alerts = await orWhy(Promise.all(asked));
  return typeof alerts === 'string' ? alerts : alerts.flatMap(({ alert }) => alert?.modelReason ?? []);
}

function habits(spoken: readonly ModelReason[] | string, look: Look): PageLine[] {
  if (typeof spoken === 'string') return [said(`  not available: ${spoken}`, 'bad')];
  if (spoken.length === 0) return [said('  no model speaks of it', 'dim')];
  return spoken.flatMap((reason) => [
    said(
      `  ${reason.entityKind ?? ''} ${reason.entity ?? ''}, the hour from ${humanTime(reason.hourAtUs, look.utc)}`,
      'dim',
    ),
    ...habitLines(reason, look),
  ]);
}

export const entity = page<EntityPage>({
  name: 'entity',
  aliases: [],
  summary: "one entity: the history of its risk, its own and its peers' habits",
  takes: 'a kind and a name: user root',
  refreshMs: REFRESH_MS,
  command: (arg) => {
    const [kind = '', ...name] = arg.split(' ');
    return `threatguard entities show ${kind} ${shellWord(name.join(' '))}`;
  },
  load: async (source, arg) => {
    const [kind = '', ...name] = arg.split(' ');
    const data = await source.getEntity({ name: { kind, name: name.join(' ') } });
    return { data, spoken: await spokenOf(source, data.entity ?? {}) };
  },
  lines: ({ data, spoken }, look) => {
    const { name, risk, reasons, firstSeenAtUs, lastSeenAtUs } = data.entity ?? {};
    return [
      {
        spans: [
          { text: `${name?.kind ?? ''} ${name?.name ?? ''}`, tone: 'title' },
          { text: `  risk ${(risk ?? 0).toFixed(0)}`, tone: riskTone(risk) },
        ],
      },
      said(''),
      pair('first seen', humanTime(firstSeenAtUs, look.utc)),
      pair('last seen', humanTime(lastSeenAtUs, look.utc)),
      ...entityPivots(data.entity ?? {}).map(({ value, place }) => pair('everything', value, place)),
      ...heading(`Risk in ${HISTORY_DAYS} days`),
      ...historyLines(data, look),
      ...heading('Because of'),
      ...(reasons ?? []).map(
        (reason): PageLine => ({
          spans: [
            { text: `  ${(reason.contribution ?? 0).toFixed(0).padStart(3)} `, tone: riskTone(reason.contribution) },
            { text: `${humanTime(reason.atUs, look.utc)} `, tone: 'dim' },
            { text: reason.title ?? '' },
          ],
          place: { view: 'alert', arg: reason.alertId ?? '' },
          value: reason.alertId ?? '',
        }),
      ),
      ...heading("Against its own and its peers' habits"),
      ...habits(spoken, look),
    ];
  },
  pivots: ({ data }) => entityPivots(data.entity ?? {}),
});
