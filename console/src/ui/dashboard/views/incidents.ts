import { type Incident, severityName } from '@threatguard/proto';
import { shellWord } from '../../../model/shell-words.ts';
import { age, humanTime } from '../../../model/time.ts';
import { type ListColumn, list, type PageLine, type Pivot, page } from '../view.ts';
import { heading, pair, said } from './page-parts.ts';
import { severityTone } from './severity-tone.ts';

const INCIDENTS_MAX = 500;
const REFRESH_MS = 5_000;

/** Only where all columns are asked for. */
const WIDE: readonly ListColumn<Incident>[] = [
  { title: 'TACTICS', cell: ({ tactics }) => (tactics ?? []).join(' '), shrink: true, optional: true },
  { title: 'ID', cell: ({ id }) => id ?? '', optional: true },
];

export const incidents = list<Incident>({
  name: 'incidents',
  aliases: ['i', 'inc'],
  summary: 'alerts that belong together, as stories',
  refreshMs: REFRESH_MS,
  command: () => `threatguard incidents list --limit ${INCIDENTS_MAX}`,
  concerns: () => true,
  rows: (source) => source.listIncidents({}, INCIDENTS_MAX),
  id: (incident) => incident.id ?? '',
  columns: (look) => [
    {
      title: 'CHANGED',
      cell: ({ updatedAtUs }) => age(updatedAtUs, look.nowMs),
      order: ({ updatedAtUs }) => updatedAtUs ?? 0,
      align: 'right',
    },
    {
      title: 'SEVERITY',
      cell: ({ severity }) => severityName(severity ?? 0),
      order: ({ severity }) => severity ?? 0,
      tone: ({ severity }) => severityTone(severity),
    },
    { title: 'STATE', cell: ({ state }) => state ?? '', tone: ({ state }) => (state === 'closed' ? 'dim' : undefined) },
    {
      title: 'ALERTS',
      cell: ({ alerts }) => String(alerts?.length ?? 0),
      order: ({ alerts }) => alerts?.length ?? 0,
      align: 'right',
    },
    { title: 'STORY', cell: ({ title }) => title ?? '', shrink: true },
    ...(look.wide ? WIDE : []),
  ],
  open: ({ id }) => ({ view: 'incident', arg: id ?? '' }),
  pivots: incidentPivots,
  empty: 'no incidents: no alerts belong together so far',
});

function incidentPivots(incident: Incident): Pivot[] {
  return (incident.entities ?? []).map(({ kind, name }) => ({
    label: `${kind ?? ''} ${name ?? ''}`,
    value: name ?? '',
    place: { view: 'entity', arg: `${kind ?? ''} ${name ?? ''}` },
  }));
}

/** The story by tactic, in ATT&CK's order. */
function storyLines(incident: Incident, utc: boolean): PageLine[] {
  const tactics = new Map<string, PageLine[]>();
  for (const alert of incident.alerts ?? []) {
    const tactic = alert.tactics?.[0] ?? 'other';
    const told: PageLine = {
      spans: [
        { text: `  ${humanTime(alert.firstAtUs, utc)} `, tone: 'dim' },
        { text: severityName(alert.severity ?? 0).padEnd(14), tone: severityTone(alert.severity) },
        { text: alert.title ?? '' },
      ],
      place: { view: 'alert', arg: alert.id ?? '' },
      value: alert.id ?? '',
    };
    tactics.set(tactic, [...(tactics.get(tactic) ?? []), told]);
  }
  return [...tactics].flatMap(([tactic, lines]) => [...heading(tactic.replaceAll('-', ' ')), ...lines]);
}

export const incident = page<Incident>({
  name: 'incident',
  aliases: [],
  summary: 'one story by tactic',
  takes: 'an id, or how it begins',
  refreshMs: REFRESH_MS,
  command: (id) => `threatguard incidents show ${shellWord(id)}`,
  load: async (source, id) => (await source.getIncident(id)) ?? {},
  lines: (data, look) => [
    {
      spans: [
        { text: severityName(data.severity ?? 0).toUpperCase(), tone: severityTone(data.severity) },
        { text: `  ${data.title ?? ''}`, tone: 'title' },
      ],
    },
    said(''),
    pair('state', `${data.state ?? ''}, revision ${data.revision ?? 0}`),
    pair('from', humanTime(data.firstAtUs, look.utc)),
    pair('to', humanTime(data.lastAtUs, look.utc)),
    ...incidentPivots(data).map(({ label, value, place }) => pair(label.split(' ')[0]!, value, place)),
    ...storyLines(data, look.utc),
  ],
  pivots: incidentPivots,
});
