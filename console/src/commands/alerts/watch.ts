import { Flags } from '@oclif/core';
import { ALERT_KEYS } from '../../model/alert.ts';
import { alertFilterFlags, readAlertFilter, readTimeRange } from '../alert-flags.ts';
import { writeAlert } from '../alert-stream.ts';
import { ConsoleCommand, describe } from '../console-command.ts';
import { exportFormat, exportOutput, writeExport } from '../export-output.ts';

export class AlertsWatch extends ConsoleCommand {
  static override summary = 'Print alerts as they are raised, from NATS or the collector itself.';
  static override description = describe(
    'A line for each alert newly raised or risen in severity; with --output json one JSON object per line. ' +
      'Signatures are checked: what the collector did not sign is counted and not shown. Ctrl-C ends it.',
  );
  static override examples = [
    '<%= config.bin %> alerts watch --severity medium',
    '<%= config.bin %> alerts watch --since 1h --output json | jq .reason',
  ];
  static override flags = {
    ...alertFilterFlags,
    ...exportOutput,
    updates: Flags.boolean({ summary: 'Print every change of an alert, not only new ones and rises.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(AlertsWatch);
    const output = this.outputFor(flags);
    const format = exportFormat(output);
    const filter = readAlertFilter(flags);
    const { sinceUs } = readTimeRange(flags, { nowMs: Date.now(), utc: flags.utc });
    const { client, deployment } = await this.connect(flags);
    using _ = client;
    const { followAlerts } = await import('../../services/alert-feed.ts');
    if (output.format === 'csv') output.csvHeader(ALERT_KEYS);
    await followAlerts({
      client,
      ca: deployment.ca,
      filter,
      sinceUs,
      signal: this.invocation.stopped,
      onNote: (note) => output.note(note),
      onWay: (way) => {
        if (way !== 'none')
          output.note(`watching alerts ${way === 'nats' ? 'on NATS' : "on the collector's own stream"}`);
      },
      onAlert: (alert, arrival) => {
        if (!flags.updates && arrival === 'changed') return;
        if (format) writeExport(output, { alerts: [alert], format, version: this.config.version });
        else writeAlert(output, alert);
      },
    });
  }
}
