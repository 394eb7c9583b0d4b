import { Args } from '@oclif/core';
import { ConsoleError } from '../../model/console-error.ts';
import { incidentAlertColumns, incidentPairs, incidentRecord } from '../../model/incident.ts';
import { renderTable } from '../../model/table.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class IncidentsShow extends ConsoleCommand {
  static override summary = "Show one incident: its alerts in the order of ATT&CK's tactics.";
  static override description = describe('The id may be cut short as long as only one incident begins with it.');
  static override examples = [
    '<%= config.bin %> incidents show 01kah2',
    '<%= config.bin %> incidents show 01kah2 --output json',
  ];
  static override args = { id: Args.string({ required: true, description: 'Id of the incident, or how it begins.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(IncidentsShow);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const incident = await client.getIncident(args.id.toLowerCase());
    if (!incident) {
      const text = `no incident begins with "${args.id}"; "threatguard incidents list" shows their ids`;
      throw new ConsoleError('not_found', text);
    }
    output.show(incidentRecord(incident), () => [
      ...incidentPairs(incident, output.utc),
      '',
      ...renderTable(incidentAlertColumns(output.utc), incident.alerts ?? [], output.columns),
    ]);
  }
}
