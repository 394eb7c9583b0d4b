import type { AlertFilter } from '@threatguard/proto';
import type { CollectorClient } from '../client/collector-client.ts';
import { ALERT_KEYS } from '../model/alert.ts';
import { writeAlert } from './alert-stream.ts';
import { exportFormat, writeExport } from './export-output.ts';
import type { Output } from './output.ts';

/** Prints alerts as they are raised, a line each, until the signal fires. `updates` prints every change of one. */
export async function printAlerts(options: {
  client: CollectorClient;
  ca: string;
  filter: AlertFilter;
  sinceUs: number | undefined;
  updates: boolean;
  output: Output;
  version: string;
  signal: AbortSignal;
}): Promise<void> {
  const { output, version, updates, ...feed } = options;
  const format = exportFormat(output);
  const { followAlerts } = await import('../services/alert-feed.ts');
  if (output.format === 'csv') output.csvHeader(ALERT_KEYS);
  await followAlerts({
    ...feed,
    onNote: (note) => output.note(note),
    onWay: (way) => {
      if (way !== 'none')
        output.note(`watching alerts ${way === 'nats' ? 'on NATS' : "on the collector's own stream"}`);
    },
    onAlert: (alert, arrival) => {
      if (!updates && arrival === 'changed') return;
      if (format) writeExport(output, { alerts: [alert], format, version });
      else writeAlert(output, alert);
    },
  });
}
