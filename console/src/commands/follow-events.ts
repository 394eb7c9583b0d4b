import { setTimeout as wait } from 'node:timers/promises';
import type { StoredEvent } from '@threatguard/proto';
import type { CollectorClient } from '../client/collector-client.ts';
import { EVENT_KEYS, eventRecord, eventSummary, eventWhat } from '../model/event.ts';
import type { parseEventQuery } from '../model/event-query.ts';
import { toJson } from '../model/json.ts';
import { printable } from '../model/printable.ts';
import { clockTime } from '../model/time.ts';
import { NewEvents } from '../services/new-events.ts';
import { exportFormat, writeExport } from './export-output.ts';
import type { Output } from './output.ts';

const ASK_MS = 1_000;

/** Prints events as they are stored, a line each, until the signal fires. */
export async function printEvents(options: {
  client: CollectorClient;
  filters: ReturnType<typeof parseEventQuery>;
  sinceUs: number | undefined;
  output: Output;
  version: string;
  signal: AbortSignal;
}): Promise<void> {
  const { client, filters, output, version, signal } = options;
  const format = exportFormat(output);
  const news = new NewEvents({ sinceUs: options.sinceUs ?? Date.now() * 1000 });
  if (output.format === 'csv') output.csvHeader(EVENT_KEYS);
  while (!signal.aborted) {
    const { rows } = await client.searchEvents({ filters, sinceUs: news.askSinceUs }, news.rowsMax);
    for (const stored of news.take(rows)) {
      if (format) writeExport(output, { events: [stored], format, version });
      else writeEvent(output, stored);
    }
    if (news.missed) output.note(`more than ${news.rowsMax} events in a second: the older ones are not shown`);
    await wait(ASK_MS, undefined, { signal }).catch(() => undefined);
  }
}

function writeEvent(output: Output, stored: StoredEvent): void {
  if (output.format === 'json') output.line(toJson(eventRecord(stored)));
  else if (output.format === 'csv') output.csv(EVENT_KEYS, eventRecord(stored));
  else {
    const text = `${stored.agentName ?? ''}  ${eventWhat(stored)}  ${eventSummary(stored)}`;
    output.line(`${clockTime(stored.eventAtUs, output.utc)}  ${printable(text)}`);
  }
}
