// A hunt from its text to its answer, part by part.
import {
  ECS_FIELDS,
  HUNT_LIMIT_MAX,
  type HuntPart,
  labelName,
  type ParsedHunt,
  type StoredEvent,
  toEcs,
} from '@threatguard/proto';
import { type CountedGroup, type EventCounts, GroupTally } from '../store/event-counts.ts';
import { fieldReader } from '../store/field-match.ts';
import type { TimeRange } from '../store/page.ts';
import type { Store } from '../store/store.ts';

const LIMIT_DEFAULT = 100;
const PAGE_ROWS = 500;
/** Events that are sorted by something else than their time: all of them must be at hand. */
const SORTED_EVENTS_MAX = 10_000;
/** Events counted here, where the database cannot: each is read whole. */
const COUNTED_EVENTS_MAX = 500_000;
/** A hunt that goes on for longer ends with what it found, and says how far it came. */
const HUNT_MS_MAX = 60_000;

export interface HuntRun {
  store: Pick<Store, 'searchEvents' | 'countEvents'>;
  hunt: ParsedHunt;
  span: TimeRange;
  signal: AbortSignal;
}

/** Events as they are found, newest first; or sorted, or counted, once all were looked at. */
export async function* runHunt(run: HuntRun): AsyncIterable<HuntPart> {
  const { hunt } = run;
  const limit = Math.min(hunt.limit ?? LIMIT_DEFAULT, HUNT_LIMIT_MAX);
  if (hunt.countBy !== undefined) yield await counted(run, hunt.countBy, hunt.limit ?? HUNT_LIMIT_MAX);
  else if (hunt.sort && hunt.sort.by !== '@timestamp') yield await sorted(run, limit);
  else if (hunt.sort && !hunt.sort.descending) yield await sorted(run, limit);
  else yield* found(run, limit);
}

async function* found(run: HuntRun, limit: number): AsyncIterable<HuntPart> {
  let left = limit;
  for await (const { events, searchedBackToUs, end } of pages(run, () => left)) {
    left -= events.length;
    const complete = end !== undefined || left <= 0;
    yield { events, searchedBackToUs, complete, cut: end ?? '' };
    if (complete) return;
  }
}

async function sorted(run: HuntRun, limit: number): Promise<HuntPart> {
  const events: StoredEvent[] = [];
  let cut = '';
  let searchedBackToUs: number | undefined;
  for await (const part of pages(run, () => SORTED_EVENTS_MAX - events.length)) {
    events.push(...part.events);
    ({ searchedBackToUs } = part);
    cut = part.end ?? '';
    if (events.length >= SORTED_EVENTS_MAX) {
      cut = `only the newest ${SORTED_EVENTS_MAX} were sorted: name a shorter time, or more conditions`;
      break;
    }
  }
  const { by, descending } = run.hunt.sort!;
  const keyed = events.map((event) => ({ event, key: fieldValue(event, by) }));
  keyed.sort((a, b) => (descending ? -1 : 1) * compareValues(a.key, b.key));
  return { events: keyed.slice(0, limit).map(({ event }) => event), searchedBackToUs, complete: true, cut };
}

async function counted(run: HuntRun, fields: readonly string[], limit: number): Promise<HuntPart> {
  const { store, hunt, span, signal } = run;
  const counts =
    (await store.countEvents({ where: hunt.where, ...span }, fields, signal)) ?? (await countedHere(run, fields));
  const groups = counts.groups.sort(groupOrder(hunt, fields)).slice(0, limit);
  return {
    groups,
    columns: [...fields, 'count'],
    searchedBackToUs: counts.searchedBackToUs,
    complete: true,
    cut: counts.cut,
  };
}

/** One by one, for fields and conditions the database has no column for. */
async function countedHere(run: HuntRun, fields: readonly string[]): Promise<EventCounts> {
  const tally = new GroupTally([]);
  let seen = 0;
  let cut = '';
  let searchedBackToUs: number | undefined;
  for await (const part of pages(run, () => COUNTED_EVENTS_MAX - seen)) {
    for (const event of part.events) tally.count(fields.map((field) => String(fieldValue(event, field) ?? '')));
    seen += part.events.length;
    ({ searchedBackToUs } = part);
    cut = part.end ?? '';
    if (seen >= COUNTED_EVENTS_MAX) {
      cut = `only the newest ${COUNTED_EVENTS_MAX} events were counted`;
      break;
    }
  }
  return { groups: tally.groups(), searchedBackToUs, cut: cut || tally.cut };
}

/** Pages of events until there are none left (`end` is ''), or the time is up (`end` says so). */
async function* pages(
  { store, hunt, span, signal }: HuntRun,
  left: () => number,
): AsyncIterable<{ events: StoredEvent[]; searchedBackToUs: number | undefined; end: string | undefined }> {
  const endMs = performance.now() + HUNT_MS_MAX;
  for (let after = ''; ; ) {
    const rows = Math.min(PAGE_ROWS, left());
    const page = await store.searchEvents({ filters: [], where: hunt.where, ...span }, rows, after, signal);
    const done = page.next === '' || page.next === after;
    const late =
      performance.now() >= endMs ? `after ${HUNT_MS_MAX / 1000} s not all of the time was looked at` : undefined;
    yield { events: page.rows, searchedBackToUs: page.searchedBackToUs, end: done ? '' : late };
    if (done || late !== undefined || left() <= 0) return;
    after = page.next;
  }
}

const CONTEXT: Record<string, (stored: StoredEvent) => string | undefined> = {
  'host.name': ({ agentName }) => agentName ?? undefined,
  'agent.name': ({ agentName }) => agentName ?? undefined,
  'agent.id': ({ reference }) => reference?.agentId,
};

function fieldValue(stored: StoredEvent, field: string): unknown {
  if (field === '@timestamp') return stored.eventAtUs;
  if (Object.hasOwn(CONTEXT, field)) return CONTEXT[field]!(stored);
  if (labelName(field) !== undefined) return fieldReader(field)(stored);
  return stored.event ? (ECS_FIELDS[field]?.read(stored.event) ?? toEcs(stored.event)[field]) : undefined;
}

/** What is absent comes last, whichever way one sorts by text; numbers by size. */
function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [one, other] = [String(a ?? ''), String(b ?? '')];
  return one < other ? -1 : one > other ? 1 : 0;
}

/** The most first where nothing else is asked for. */
function groupOrder({ sort }: ParsedHunt, fields: readonly string[]): (a: CountedGroup, b: CountedGroup) => number {
  const { by, descending } = sort ?? { by: 'count', descending: true };
  const sign = descending ? -1 : 1;
  const column = fields.indexOf(by);
  const numeric = (text: string) => (/^-?\d{1,15}$/.test(text) ? Number(text) : text);
  return (a, b) =>
    by === 'count'
      ? sign * (a.count - b.count) || compareValues(a.values.join(), b.values.join())
      : sign * compareValues(numeric(a.values[column] ?? ''), numeric(b.values[column] ?? ''));
}
