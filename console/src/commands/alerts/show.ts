import { Args } from '@oclif/core';
import { alertPairs, alertRecord } from '../../model/alert.ts';
import { ConsoleError } from '../../model/console-error.ts';
import { eventColumns, eventRecord } from '../../model/event.ts';
import { renderTable } from '../../model/table.ts';
import { actColumns, actRecord } from '../../model/triage.ts';
import { ConsoleCommand, describe } from '../console-command.ts';
import { exportFormat, exportOutput, writeExport } from '../export-output.ts';

export class AlertsShow extends ConsoleCommand {
  static override summary = 'Show one alert with its reason, what was done about it, and the events behind it.';
  static override description = describe('The id may be cut short as long as only one alert begins with it.');
  static override examples = [
    '<%= config.bin %> alerts show 01kah2',
    '<%= config.bin %> alerts show 01kah2 --output json',
  ];
  static override args = { id: Args.string({ required: true, description: 'Id of the alert, or how it begins.' }) };

  static override flags = { ...exportOutput };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(AlertsShow);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const { alert, events, suppressed } = await client.getAlert(args.id.toLowerCase());
    if (!alert)
      throw new ConsoleError(
        'not_found',
        `no alert begins with "${args.id}"; "threatguard alerts list" shows their ids`,
      );
    const format = exportFormat(output);
    if (format) {
      return writeExport(output, { alerts: [alert], events: events ?? [], format, version: this.config.version });
    }
    const acts = await client.alertHistory(alert.id ?? '');
    const look = { ...output, nowMs: Date.now() };
    const count = suppressed ?? 0;
    const record = { ...alertRecord(alert), suppressed: count, events: (events ?? []).map(eventRecord) };
    output.show({ ...record, history: acts.map(actRecord) }, () => [
      ...alertPairs(alert, look, count),
      '',
      ...(acts.length ? [...renderTable(actColumns(look), acts, output.columns), ''] : []),
      ...(events?.length ? renderTable(eventColumns(look), events, output.columns) : ['no events are kept for it']),
    ]);
  }
}
