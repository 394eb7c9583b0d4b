import { Flags } from '@oclif/core';
import { alertFilterFlags, readAlertFilter, readTimeRange } from '../alert-flags.ts';
import { ConsoleCommand, describe } from '../console-command.ts';
import { exportOutput } from '../export-output.ts';
import { printAlerts } from '../follow-alerts.ts';

export class AlertsWatch extends ConsoleCommand {
  static override summary = 'Print alerts as they are raised, from NATS or the collector itself.';
  static override description = describe(
    'A line for each alert newly raised or risen in severity; with --output json one JSON object per line. ' +
      'Signatures are checked: what the collector did not sign is counted and not shown. Ctrl-C ends it.',
  );
  static override examples = [
    '<%= config.bin %> alerts watch --severity medium',
    '<%= config.bin %> alerts watch --since 1h --output json | jq .reason',
    '<%= config.bin %> alerts watch --label env=prod',
  ];
  static override flags = {
    ...alertFilterFlags,
    ...exportOutput,
    updates: Flags.boolean({ summary: 'Print every change of an alert, not only new ones and rises.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(AlertsWatch);
    const output = this.outputFor(flags);
    const filter = readAlertFilter(flags);
    const { sinceUs } = readTimeRange(flags, { nowMs: Date.now(), utc: flags.utc });
    const { client, deployment } = await this.connect(flags);
    using _ = client;
    const { version } = this.config;
    const { stopped: signal } = this.invocation;
    await printAlerts({ client, ca: deployment.ca, filter, sinceUs, updates: flags.updates, output, version, signal });
  }
}
