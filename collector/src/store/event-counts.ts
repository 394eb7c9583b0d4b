// Events counted by fields, window by window as searches go (search-windows.ts), so that one statement can be ended without
// losing what was counted before it.
import {
  type Activity,
  ECS_FIELDS,
  type EcsValue,
  type EventClass,
  type HostEvent,
  labelName,
  type Outcome,
} from '@threatguard/proto';
import type { Database, Row } from './database.ts';
import { FIELD_COLUMNS } from './event-columns.ts';
import { cursorBefore, type EventQuery, eventConditions, timeOf, timeSpan } from './event-pages.ts';
import { labelColumn, Parameters } from './field-sql.ts';
import { isTimedOut, QUICK_COUNT_MS, RowWindows, TimeWindows } from './search-windows.ts';

/** Groups of one count; what is rarer than these is not told apart. */
const GROUPS_MAX = 10_000;
const STATEMENT_MS_MAX = 2_000;
const COUNT_MS_MAX = 60_000;

export interface CountedGroup {
  values: string[];
  count: number;
}

export interface EventCounts {
  groups: CountedGroup[];
  searchedBackToUs: number | undefined;
  /** Why not all was counted; empty where it was. */
  cut: string;
}

/** How a field is grouped by: in SQL, and what its codes are called. */
interface GroupColumn {
  sql: string;
  /** Of a label, which `sql` is not enough for: it is read from each agent once, and not with every event. */
  label?: string;
  name(value: unknown): string;
}

const asIs = (value: unknown) => String(value ?? '');
const named = (field: string, event: (code: number) => HostEvent) => (code: unknown) =>
  asIs(ECS_FIELDS[field]!.read(event(Number(code))) as EcsValue);

const CODES: Record<string, GroupColumn> = {
  'event.category': { sql: 'e.class', name: named('event.category', (code) => ({ class: code as EventClass })) },
  'event.action': { sql: 'e.activity', name: named('event.action', (code) => ({ activity: code as Activity })) },
  'event.outcome': { sql: 'e.outcome', name: named('event.outcome', (code) => ({ outcome: code as Outcome })) },
  'host.name': { sql: 'a.name', name: asIs },
  'agent.name': { sql: 'a.name', name: asIs },
  'agent.id': { sql: 'e.agent_id::text', name: asIs },
};

/** Undefined for a field that has no column. */
export function groupColumn(field: string): GroupColumn | undefined {
  if (Object.hasOwn(CODES, field)) return CODES[field];
  const label = labelName(field);
  if (label !== undefined) return { sql: '', label, name: asIs };
  if (!Object.hasOwn(FIELD_COLUMNS, field)) return undefined;
  const { column, kind } = FIELD_COLUMNS[field]!;
  return {
    sql: kind === 'address' ? `host(e.${column})` : kind === 'number' ? `e.${column}::text` : `e.${column}`,
    name: asIs,
  };
}

/** Of events that pass a query; every field has a column, and SQL says who passes. */
export async function countEvents(
  database: Database,
  parts: { query: EventQuery; fields: readonly string[]; windowRows: number; signal: AbortSignal },
): Promise<EventCounts> {
  const { query, fields, windowRows, signal } = parts;
  const columns = fields.map((field) => groupColumn(field)!);
  const tally = new GroupTally(columns);
  const span = await timeSpan(database, query, '', signal);
  if (!span) return { groups: [], searchedBackToUs: undefined, cut: '' };
  const windows =
    windowRows > 0
      ? new RowWindows(database, query, windowRows)
      : new TimeWindows(span, query.columnstore === true, QUICK_COUNT_MS);
  const endMs = performance.now() + COUNT_MS_MAX;
  let cursor = '';
  for (;;) {
    const startedMs = performance.now();
    const floorUs = await windows.floorBelow(cursor);
    const within = { ...query, ...(floorUs && { sinceUs: floorUs }), ...(cursor && { untilUs: timeOf(cursor) }) };
    try {
      // Where a statement cannot be ended a limit would only end the wait for its turn.
      const limit = windowRows > 0 ? signal : AbortSignal.any([signal, AbortSignal.timeout(STATEMENT_MS_MAX)]);
      tally.add(await countWindow(database, within, columns, limit));
    } catch (error) {
      if (!isTimedOut(error) || !windows.cut()) throw error;
      continue;
    }
    if (floorUs === undefined) return { groups: tally.groups(), searchedBackToUs: undefined, cut: tally.cut };
    cursor = cursorBefore(floorUs);
    windows.answered(performance.now() - startedMs);
    if (performance.now() >= endMs) {
      const cut = `after ${COUNT_MS_MAX / 1000} s not all of the time was counted`;
      return { groups: tally.groups(), searchedBackToUs: floorUs, cut };
    }
  }
}

function countWindow(
  database: Database,
  query: EventQuery,
  columns: readonly GroupColumn[],
  signal: AbortSignal,
): Promise<Row[]> {
  const parameters = new Parameters();
  const conditions = eventConditions(query, parameters);
  const keys = columns.map(({ sql, label }, index) => `${label === undefined ? sql : `a.g${index}`} as g${index}`);
  const groups = columns.map((_, index) => index + 1).join(', ');
  return database.query(
    `select ${[...keys, 'count(*) as count'].join(', ')} from events e left join ${agentsOf(columns, parameters)} a on a.id = e.agent_id
     ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''}
     ${groups ? `group by ${groups}` : ''} order by count desc limit ${parameters.add(GROUPS_MAX)}`,
    parameters.values,
    signal,
  );
}

/** With the labels that are counted by; `offset 0`, or the planner reads them anew for every event. */
function agentsOf(columns: readonly GroupColumn[], parameters: Parameters): string {
  const labels = columns.flatMap(({ label }, index) =>
    label === undefined ? [] : `, ${labelColumn(label, parameters)} as g${index}`,
  );
  return labels.length > 0 ? `(select id, name${labels.join('')} from agents offset 0)` : 'agents';
}

/** Counts by group, the values of each as they are called. */
export class GroupTally {
  cut = '';
  readonly #columns: readonly Pick<GroupColumn, 'name'>[];
  readonly #groups = new Map<string, CountedGroup>();

  constructor(columns: readonly Pick<GroupColumn, 'name'>[]) {
    this.#columns = columns;
  }

  /** Rows of `g0`, `g1`, ... and `count`. */
  add(rows: readonly Row[]): void {
    for (const row of rows) {
      if (row.count > 0)
        this.count(
          this.#columns.map(({ name }, index) => name(row[`g${index}`])),
          row.count,
        );
    }
    if (rows.length >= GROUPS_MAX) this.cut = tooMany;
  }

  count(values: string[], count = 1): void {
    const key = JSON.stringify(values);
    const known = this.#groups.get(key);
    if (known) known.count += count;
    else if (this.#groups.size < GROUPS_MAX) this.#groups.set(key, { values, count });
    else this.cut = tooMany;
  }

  groups(): CountedGroup[] {
    return [...this.#groups.values()];
  }
}

const tooMany = `more than ${GROUPS_MAX} groups: the others were not counted`;
