import {
  HuntError,
  type HuntGroup,
  type HuntPart,
  type ParsedHunt,
  parseHunt,
  type SavedHunt,
  type StoredEvent,
  severityName,
} from '@threatguard/proto';
import { ConsoleError } from './console-error.ts';
import { eventSummary, eventWhat } from './event.ts';
import type { JsonRecord } from './json.ts';
import { printable, width } from './printable.ts';
import { processTree } from './process-tree.ts';
import type { Column } from './table.ts';
import { age, humanTime, isoTime, zoneName } from './time.ts';

/** All parts of an answer together. */
export interface HuntAnswer {
  events: StoredEvent[];
  groups: HuntGroup[];
  columns: string[];
  searchedBackToUs: number | undefined;
  /** Why it is not all; empty where it is. */
  cut: string;
}

/** Reads a hunt as the collector will. Throws `usage` with a pointer under what is wrong. */
export function readHunt(query: string): ParsedHunt {
  try {
    return parseHunt(query);
  } catch (error) {
    if (!(error instanceof HuntError)) throw error;
    const before = width(printable(query.slice(0, error.at)));
    const marks = '^'.repeat(Math.max(1, width(printable(query.slice(error.at, error.at + error.length)))));
    throw new ConsoleError('usage', `${error.message}\n  ${printable(query)}\n  ${' '.repeat(before)}${marks}`);
  }
}

export async function gatherHunt(parts: AsyncIterable<HuntPart>): Promise<HuntAnswer> {
  const answer: HuntAnswer = { events: [], groups: [], columns: [], searchedBackToUs: undefined, cut: '' };
  let complete = false;
  for await (const part of parts) {
    answer.events.push(...(part.events ?? []));
    answer.groups.push(...(part.groups ?? []));
    if (part.columns?.length) answer.columns = part.columns;
    answer.searchedBackToUs = part.searchedBackToUs || undefined;
    answer.cut = part.cut ?? '';
    complete = part.complete ?? false;
  }
  if (!complete) answer.cut = 'it was ended before all was looked at';
  return answer;
}

export function groupColumns(columns: readonly string[]): Column<HuntGroup>[] {
  return [
    { title: 'COUNT', cell: ({ count }) => String(count ?? 0), align: 'right' },
    ...columns.slice(0, -1).map((name, index) => ({
      title: name,
      cell: ({ values }: HuntGroup) => values?.[index] || '-',
      shrink: true as const,
    })),
  ];
}

export function groupRecord(columns: readonly string[]): (group: HuntGroup) => JsonRecord {
  return ({ values, count }) => ({
    ...Object.fromEntries(columns.slice(0, -1).map((name, index) => [name, values?.[index] || undefined])),
    count: count ?? 0,
  });
}

/** Events in the order they happened, a heading for each host and day. */
export function timelineLines(events: readonly StoredEvent[], utc: boolean): string[] {
  let heading = '';
  return events
    .toSorted((a, b) => (a.eventAtUs ?? 0) - (b.eventAtUs ?? 0))
    .flatMap((stored) => {
      const [day = '', time = ''] = humanTime(stored.eventAtUs, utc).split(' ');
      const under = `${day} ${printable(stored.agentName ?? '')}`;
      const text = `  ${time}  ${printable(eventWhat(stored))}  ${printable(eventSummary(stored))}`;
      const lines = under === heading ? [text] : [...(heading ? [''] : []), under, text];
      heading = under;
      return lines;
    });
}

/** The processes of events as the tree they were. */
export function treeLines(events: readonly StoredEvent[], ascii: boolean): string[] {
  return processTree(events, () => false, { ascii }).map(({ text }) => printable(text));
}

/** Keys of a saved hunt in JSON and CSV, in order. */
export const HUNT_KEYS = ['name', 'query', 'every_seconds', 'severity', 'saved_by', 'saved_at', 'ran_at', 'problem'];

export function huntRecord(hunt: SavedHunt): JsonRecord {
  return {
    name: hunt.name ?? '',
    query: hunt.query ?? '',
    every_seconds: hunt.everySeconds || undefined,
    severity: hunt.everySeconds ? severityName(hunt.severity ?? 0) : undefined,
    saved_by: hunt.savedBy ?? '',
    saved_at: isoTime(hunt.savedAtUs),
    ran_at: isoTime(hunt.ranAtUs),
    problem: hunt.problem || undefined,
  };
}

export function huntColumns(look: { utc: boolean; nowMs: number }): Column<SavedHunt>[] {
  return [
    { title: 'NAME', cell: ({ name }) => name ?? '' },
    { title: 'EVERY', cell: ({ everySeconds }) => (everySeconds ? everyText(everySeconds) : '-'), align: 'right' },
    { title: 'RAN', cell: ({ ranAtUs }) => (ranAtUs ? age(ranAtUs, look.nowMs) : '-'), align: 'right' },
    { title: 'QUERY', cell: ({ query }) => query ?? '', shrink: true },
    {
      title: `SAVED (${zoneName(look.nowMs, look.utc)})`,
      cell: ({ savedAtUs }) => humanTime(savedAtUs, look.utc),
      optional: true,
    },
    { title: 'PROBLEM', cell: ({ problem }) => problem ?? '', shrink: true, optional: true },
  ];
}

function everyText(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}
