import { Args } from '@oclif/core';
import { measureText } from '../../model/models.ts';
import { percentText } from '../../model/percent.ts';
import { renderPairs } from '../../model/table.ts';
import { ConsoleCommand, describe } from '../console-command.ts';
import { modelArgs, readVersion } from './model-args.ts';

export class ModelsEvaluate extends ConsoleCommand {
  static override summary =
    'Hold a model against what it does not know: the last week, or the verdicts since it was trained.';
  static override description = describe(
    'Of a model about hours: how many alerts it alone would have raised. Of triage: how right it was (Brier score, ROC AUC, ' +
      'calibration error). Without a version, the one in use, else the newest. Nothing is changed.',
  );
  static override examples = [
    '<%= config.bin %> models evaluate isolation-forest',
    '<%= config.bin %> models evaluate triage',
  ];
  static override args = { ...modelArgs, version: Args.string({ description: 'Number of a version.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelsEvaluate);
    const output = this.outputFor(flags);
    const version = readVersion(args.version);
    const { client } = await this.connect(flags);
    using _ = client;
    const evaluated = await client.evaluateModel(args.name, version);
    const { model, hours, unusual, alerts, alertsAllowed, agreement, measures = [] } = evaluated;
    if (measures && measures.length > 0) {
      const record = { name: model?.name ?? '', version: model?.version ?? 0 };
      const measured = measures.map(({ name, value }): [string, number] => [name ?? '', value ?? 0]);
      return output.show({ ...record, ...Object.fromEntries(measured) }, () =>
        renderPairs([
          ['model', `${record.name} ${record.version}`],
          ...measured.map(([name, value]): [string, string] => [name, measureText(value)]),
        ]),
      );
    }
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
