import { Args } from '@oclif/core';
import { percentText } from '../../model/percent.ts';
import { renderPairs } from '../../model/table.ts';
import { ConsoleCommand, describe } from '../console-command.ts';
import { modelArgs, readVersion } from './model-args.ts';

export class ModelsEvaluate extends ConsoleCommand {
  static override summary = 'Hold a model against the last week: how many alerts it alone would have raised.';
  static override description = describe('Without a version, the one in use, else the newest. Nothing is changed.');
  static override examples = ['<%= config.bin %> models evaluate isolation-forest'];
  static override args = { ...modelArgs, version: Args.string({ description: 'Number of a version.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelsEvaluate);
    const output = this.outputFor(flags);
    const version = readVersion(args.version);
    const { client } = await this.connect(flags);
    using _ = client;
    const { model, hours, unusual, alerts, alertsAllowed, agreement } = await client.evaluateModel(args.name, version);
    const record = {
      name: model?.name ?? '',
      version: model?.version ?? 0,
      hours: hours ?? 0,
      unusual: unusual ?? 0,
      alerts: alerts ?? 0,
      alerts_allowed: alertsAllowed ?? 0,
      agreement: agreement ?? 0,
    };
    output.show(record, () =>
      renderPairs([
        ['model', `${record.name} ${record.version}`],
        ['hours scored', String(record.hours)],
        ['unusual', `${record.unusual}, of which ${percentText(record.agreement)} were unusual to the baselines, too`],
        ['alerts', `${record.alerts}; the budget allows ${record.alerts_allowed.toFixed(1)}`],
      ]),
    );
  }
}
