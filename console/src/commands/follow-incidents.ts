import { setTimeout as wait } from 'node:timers/promises';
import { type Incident, severityName } from '@threatguard/proto';
import type { CollectorClient } from '../client/collector-client.ts';
import { counted } from '../model/counted.ts';
import { INCIDENT_KEYS, incidentRecord } from '../model/incident.ts';
import { printable } from '../model/printable.ts';
import { clockTime } from '../model/time.ts';
import type { Output } from './output.ts';

const ASK_MS = 2_000;
/** Changes between two questions; of more the newest are shown. */
const ROWS_MAX = 500;

/** Prints incidents as they change, a line each, until the signal fires. */
export async function printIncidents(options: {
  client: CollectorClient;
  filter: { state: string; severityMin: number };
  sinceUs: number | undefined;
  output: Output;
  signal: AbortSignal;
}): Promise<void> {
  const { client, filter, output, signal } = options;
  // Of the last answer alone: what changed comes first, so what is further back has not.
  let seen = new Map<string, number>();
  let sinceUs = options.sinceUs ?? Date.now() * 1000;
  if (output.format === 'csv') output.csvHeader(INCIDENT_KEYS);
  while (!signal.aborted) {
    const rows = await client.listIncidents(filter, ROWS_MAX, { sinceUs });
    for (const incident of rows.toReversed()) {
      if (seen.get(incident.id ?? '') !== incident.revision) writeIncident(output, incident);
    }
    if (rows.length === ROWS_MAX) output.note(`more than ${ROWS_MAX} changes at once: the older ones are not shown`);
    seen = new Map(rows.map(({ id, revision }) => [id ?? '', revision ?? 0]));
    sinceUs = Math.max(sinceUs, ...rows.map(({ updatedAtUs }) => updatedAtUs ?? 0));
    await wait(ASK_MS, undefined, { signal }).catch(() => undefined);
  }
}

function writeIncident(output: Output, incident: Incident): void {
  if (output.format === 'json') output.json(incidentRecord(incident));
  else if (output.format === 'csv') output.csv(INCIDENT_KEYS, incidentRecord(incident));
  else {
    const { updatedAtUs, severity, state, title, id, alerts } = incident;
    const count = alerts?.length ?? 0;
    const text = [severityName(severity ?? 0), state, title, counted(count, 'alert'), id].join('  ');
    output.line(`${clockTime(updatedAtUs, output.utc)}  ${printable(text)}`);
  }
}
