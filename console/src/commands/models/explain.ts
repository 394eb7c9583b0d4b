import { Args } from '@oclif/core';
import { ConsoleError } from '../../model/console-error.ts';
import { modelPairs, modelRecord, votePairs } from '../../model/model-reason.ts';
import { renderPairs } from '../../model/table.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class ModelsExplain extends ConsoleCommand {
  static override summary = 'Say why models raised an alert: each unusual thing, and what each model said of the hour.';
  static override description = describe('The id may be cut short as long as only one alert begins with it.');
  static override examples = ['<%= config.bin %> models explain 01kah2'];
  static override args = { id: Args.string({ required: true, description: 'Id of the alert, or how it begins.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelsExplain);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const { alertId, title, reason, modelReason } = await client.explainAlert(args.id.toLowerCase());
    if (!modelReason) throw new ConsoleError('not_found', `no model raised this alert; a rule did: ${reason ?? ''}`);
    const record = { id: alertId ?? '', title: title ?? '', reason: reason ?? '', ...modelRecord(modelReason) };
    output.show(record, () =>
      renderPairs([['alert', `${record.id} ${record.title}`], ...modelPairs(modelReason), ...votePairs(modelReason)]),
    );
  }
}
