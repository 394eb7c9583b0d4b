import type { StoredEvent } from '@threatguard/proto';
import { ConsoleError } from '../../../model/console-error.ts';
import { eventSummary, eventWhat } from '../../../model/event.ts';
import { printable, wrap } from '../../../model/printable.ts';
import { humanTime } from '../../../model/time.ts';
import type { Tone } from '../spans.ts';
import type { Look, PageLine, Place } from '../view.ts';

const NAME_COLUMNS = 12;
/** A longer name stands out into the values. */
const NAME_COLUMNS_MAX = 32;
const WRAPPED_LINES_MAX = 6;

export function said(text: string, tone?: Tone): PageLine {
  return { spans: [{ text, tone }] };
}

export function heading(text: string): PageLine[] {
  return [said(''), said(text, 'title')];
}

/** A name and its value; one with a place can be entered. */
export function pair(name: string, value: string, place?: Place, tone?: Tone): PageLine {
  const spans = [
    { text: `${name.padEnd(NAME_COLUMNS)} `, tone: 'dim' as const },
    { text: value, tone: tone ?? (place ? ('accent' as const) : undefined) },
  ];
  return { spans, place, value };
}

/** Names and values with the values under each other, however long the names. */
export function pairs(all: readonly (readonly [string, string])[]): PageLine[] {
  const columns = all.reduce((most, [name]) => Math.max(most, Math.min(name.length, NAME_COLUMNS_MAX)), 0);
  return all.map(([name, value]) => pair(name.padEnd(columns), value));
}

/** Text over several lines. */
export function wrapped(text: string, look: Look, more: Pick<PageLine, 'value' | 'place'> = {}): PageLine[] {
  return wrap(printable(text), look.columns - 2, WRAPPED_LINES_MAX).map((each) => ({ ...said(`  ${each}`), ...more }));
}

export function eventLine(stored: StoredEvent, look: Look): PageLine {
  const text = eventSummary(stored);
  return {
    spans: [
      { text: `  ${humanTime(stored.eventAtUs || stored.event?.observedAtUs, look.utc)} `, tone: 'dim' },
      { text: `${eventWhat(stored)} ` },
      { text },
    ],
    value: text,
  };
}

/** What was asked for, or why it could not be: the rest of a page is shown without it. */
export async function orWhy<T>(asked: Promise<T>): Promise<T | string> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ConsoleError) return error.message;
    throw error;
  }
}
