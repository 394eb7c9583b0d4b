import type { SavedHunt } from '@threatguard/proto';
import { bar } from '../../../model/charts/spark.ts';
import { gatherHunt, type HuntAnswer, huntColumns, readHunt } from '../../../model/hunt.ts';
import { shellWord } from '../../../model/shell-words.ts';
import { type Look, list, type PageLine, page } from '../view.ts';
import { eventLine, said } from './page-parts.ts';

const REFRESH_MS = 5_000;
const DAY_US = 86_400_000_000;
/** A view is waited for by a person: a hunt that takes longer is for the command line. */
const HUNT_MS_MAX = 15_000;
const BAR_COLUMNS = 20;
const COUNT_COLUMNS = 8;

export const hunts = list<SavedHunt>({
  name: 'hunts',
  aliases: ['saved'],
  summary: 'saved hunts, and when they ran',
  refreshMs: REFRESH_MS,
  command: () => 'threatguard hunt list',
  rows: (source) => source.listHunts(),
  id: ({ name }) => name ?? '',
  columns: huntColumns,
  open: ({ query }) => ({ view: 'hunt', arg: query ?? '' }),
  empty: 'no hunts are saved; "threatguard hunt save NAME QUERY" saves one, :hunt QUERY runs one',
});

function answerLines({ events, groups, columns, cut }: HuntAnswer, look: Look): PageLine[] {
  const most = Math.max(0, ...groups.map(({ count }) => count ?? 0));
  const counted = groups.map(({ values, count }): PageLine => {
    const text = (values ?? []).map((value) => value || '-').join('  ');
    const drawn = bar(count ?? 0, most, { columns: BAR_COLUMNS, ascii: look.ascii }).padEnd(BAR_COLUMNS);
    const [field, value] = [columns[0], values?.[0]];
    return {
      spans: [
        { text: `${String(count ?? 0).padStart(COUNT_COLUMNS)} ` },
        { text: `${drawn} `, tone: 'accent' },
        { text },
      ],
      place: field && value && columns.length > 1 ? { view: 'about', arg: `${field}:${value}` } : undefined,
      value: text,
    };
  });
  const shown = [...counted, ...events.map((stored) => eventLine(stored, look))];
  return [
    said(
      `${groups.length > 0 ? `${groups.length} groups` : `${events.length} events`} of the last day${cut ? `: ${cut}` : ''}`,
      'dim',
    ),
    said(''),
    ...(shown.length > 0 ? shown : [said('  nothing matches', 'dim')]),
  ];
}

export const hunt = page<HuntAnswer>({
  name: 'hunt',
  aliases: ['h'],
  summary: 'a hunt over the last day: user:root | count by host',
  takes: 'a hunt',
  refreshMs: 0,
  command: (query) => `threatguard hunt run ${shellWord(query)} --since 24h`,
  load: (source, query) => {
    readHunt(query);
    const span = { query, sinceUs: source.nowMs() * 1000 - DAY_US };
    return gatherHunt(source.runHunt(span, AbortSignal.timeout(HUNT_MS_MAX)));
  },
  lines: answerLines,
});
