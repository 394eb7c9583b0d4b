import type { Alert, StoredEvent } from '@threatguard/proto';
import { severityName, toEcs } from '@threatguard/proto';
import { stateName } from '../../../model/alert.ts';
import { eventColumns, eventId, eventRecord } from '../../../model/event.ts';
import { parseEventQuery } from '../../../model/event-query.ts';
import { shellWord } from '../../../model/shell-words.ts';
import { humanTime } from '../../../model/time.ts';
import type { DashboardSource } from '../../../services/dashboard-source.ts';
import { type ListColumn, list, type PageLine, page } from '../view.ts';
import { eventLine, heading, pair, said } from './page-parts.ts';
import { eventPivots } from './pivots.ts';
import { severityTone } from './severity-tone.ts';

const EVENTS_MAX = 500;
const ABOUT_EVENTS_MAX = 100;
const ALERTS_LOOKED_AT_MAX = 500;
const DAY_US = 86_400_000_000;

const words = (arg: string) => arg.split(/ (?=(?:not )?[\w.@]+:)/).filter(Boolean);

export const events = list<StoredEvent>({
  name: 'events',
  aliases: ['ev', 'search'],
  summary: 'events of the last day that pass filters: user.name:root not source.ip:10.0.0.0/8',
  takes: 'filters, or none for all',
  mayTakeNone: true,
  refreshMs: 5_000,
  command: (arg) =>
    ['threatguard events search', ...words(arg).map(shellWord), `--since 24h --limit ${EVENTS_MAX}`].join(' '),
  rows: async (source, arg) => {
    const filters = parseEventQuery(words(arg));
    return (await source.searchEvents({ filters, sinceUs: source.nowMs() * 1000 - DAY_US }, EVENTS_MAX)).rows;
  },
  id: eventId,
  columns: (look) => {
    const [time, ...rest] = eventColumns(look);
    return [{ ...time!, order: ({ eventAtUs }) => eventAtUs ?? 0 }, ...rest] satisfies ListColumn<StoredEvent>[];
  },
  open: (stored) => ({ view: 'event', arg: eventId(stored) }),
  pivots: eventPivots,
  empty: 'no events of the last day pass these filters',
});

export const event = page<StoredEvent>({
  name: 'event',
  aliases: [],
  summary: 'all fields of one event',
  takes: 'an event.id',
  refreshMs: 0,
  command: (id) => `threatguard events show ${shellWord(id)}`,
  load: (source, id) => source.getEvent(id),
  lines: (stored) =>
    Object.entries(eventRecord(stored))
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => {
        const text = typeof value === 'string' ? value : JSON.stringify(value);
        return { spans: [{ text: `${name.padEnd(34)} `, tone: 'dim' }, { text }], value: text };
      }),
  pivots: eventPivots,
});

/** What is known about one value of a field. */
interface About {
  alerts: Alert[];
  events: StoredEvent[];
}

async function aboutValue(source: DashboardSource, arg: string): Promise<About> {
  const filters = parseEventQuery([arg]);
  const [{ field = '', value = '' } = {}] = filters;
  const [found, alerts] = await Promise.all([
    source.searchEvents({ filters }, ABOUT_EVENTS_MAX),
    source.listAlerts(
      field === 'user.name' ? { user: value } : field === 'host.name' ? { agent: value } : {},
      ALERTS_LOOKED_AT_MAX,
    ),
  ]);
  const named = ({ values, entity, agentName }: Alert) =>
    agentName === value || Object.values(values ?? {}).includes(value) || (entity ?? '').endsWith(`=${value}`);
  return { alerts: alerts.filter(named), events: found.rows };
}

export const about = page<About>({
  name: 'about',
  aliases: ['pivot'],
  summary: 'everything about one value: alerts and events',
  takes: 'field:value',
  refreshMs: 10_000,
  command: (arg) => `threatguard events search ${shellWord(arg)}`,
  commandsBeside: (arg) => {
    const [, field, value = ''] = /^(user\.name|host\.name):(.+)$/.exec(arg) ?? [];
    if (!field) return [];
    return [`threatguard alerts list ${field === 'user.name' ? '--user' : '--agent'} ${shellWord(value)}`];
  },
  load: aboutValue,
  lines: ({ alerts, events: rows }, look): PageLine[] => {
    const hosts = [...new Set(rows.map(({ agentName }) => agentName ?? ''))].filter(Boolean);
    const users = [...new Set(rows.map(({ event: each }) => String((each && toEcs(each)['user.name']) ?? '')))].filter(
      Boolean,
    );
    return [
      pair('hosts', hosts.slice(0, 12).join(' ') || '-'),
      pair('users', users.slice(0, 12).join(' ') || '-'),
      pair('newest', humanTime(rows[0]?.eventAtUs, look.utc)),
      ...heading(`Alerts (${alerts.length})`),
      ...(alerts.length > 0 ? alerts : []).map(
        (each): PageLine => ({
          spans: [
            { text: `  ${humanTime(each.lastAtUs, look.utc)} `, tone: 'dim' },
            { text: severityName(each.severity ?? 0).padEnd(14), tone: severityTone(each.severity) },
            { text: `${stateName(each.state).padEnd(13)}${each.agentName ?? ''}: ${each.title ?? ''}` },
          ],
          place: { view: 'alert', arg: each.id ?? '' },
          value: each.id ?? '',
        }),
      ),
      ...(alerts.length > 0 ? [] : [said('  none', 'dim')]),
      ...heading(`Newest events (${rows.length}${rows.length === ABOUT_EVENTS_MAX ? ' and more' : ''})`),
      ...rows.map((stored) => ({ ...eventLine(stored, look), place: { view: 'event', arg: eventId(stored) } })),
      ...(rows.length > 0 ? [] : [said('  none', 'dim')]),
    ];
  },
});
