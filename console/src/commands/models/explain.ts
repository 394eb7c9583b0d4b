import { Args } from '@oclif/core';
import { modelPairs, modelRecord, votePairs } from '../../model/model-reason.ts';
import { renderPairs } from '../../model/table.ts';
import { scorePairs, scoreRecord } from '../../model/triage-score.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class ModelsExplain extends ConsoleCommand {
  static override summary = 'Say why models raised an alert, and how likely it is to be real.';
  static override description = describe(
    'Each unusual thing and what each model said of the hour; and what triage learned from verdicts on alerts like it. The id may ' +
      'be cut short as long as only one alert begins with it.',
  );
  static override examples = ['<%= config.bin %> models explain 01kah2'];
  static override args = { id: Args.string({ required: true, description: 'Id of the alert, or how it begins.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelsExplain);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const { alertId, title, reason, modelReason, triage } = await client.explainAlert(args.id.toLowerCase());
    const record = {
      id: alertId ?? '',
      title: title ?? '',
      reason: reason ?? '',
      ...(modelReason && modelRecord(modelReason)),
      ...(triage && { triage: scoreRecord(triage) }),
    };
    const raisedBy: [string, string][] = modelReason
      ? [...modelPairs(modelReason), ...votePairs(modelReason)]
      : [['raised by', `a rule: ${record.reason}`]];
    output.show(record, () =>
      renderPairs([['alert', `${record.id} ${record.title}`], ...raisedBy, ...(triage ? scorePairs(triage) : [])]),
    );
  }
}
