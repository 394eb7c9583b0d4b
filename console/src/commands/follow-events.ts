import type { StoredEvent } from '@threatguard/proto';
import { EVENT_KEYS, eventRecord, eventSummary, eventWhat } from '../model/event.ts';
import { printable } from '../model/printable.ts';
import { clockTime } from '../model/time.ts';
import { type FollowHuntOptions, followHunt } from '../services/follow-hunt.ts';
import { exportFormat, writeExport } from './export-output.ts';
import type { Output } from './output.ts';

/** Prints events as they come, a line each, until the signal fires or there were `limit`. */
export async function printEvents(
  options: Omit<FollowHuntOptions, 'onEvent' | 'onNote'> & { output: Output; version: string },
): Promise<void> {
  const { output, version, ...followed } = options;
  const { limit = Number.POSITIVE_INFINITY } = options;
  const format = exportFormat(output);
  // A field there is not is said now, and not with the first event.
  output.checkFields(EVENT_KEYS);
  if (output.format === 'csv') output.csvHeader(EVENT_KEYS);
  let printed = 0;
  await followHunt({
    ...followed,
    onNote: (note) => output.note(note),
    onEvent: (stored) => {
      if (format) writeExport(output, { events: [stored], format, version });
      else writeEvent(output, stored);
      printed += 1;
      return printed < limit;
    },
  });
}

function writeEvent(output: Output, stored: StoredEvent): void {
  const record = eventRecord(stored);
  if (output.format === 'json') output.flatJson(EVENT_KEYS, record);
  else if (output.format === 'csv') output.csv(EVENT_KEYS, record);
  else if (output.cells(record) === undefined) {
    const text = `${stored.agentName ?? ''}  ${eventWhat(stored)}  ${eventSummary(stored)}`;
    output.line(`${clockTime(stored.eventAtUs, output.utc)}  ${printable(text)}`);
  } else output.line(output.cells(record)!);
}
