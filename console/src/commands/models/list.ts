import { learningText, MODEL_KEYS, modelColumns, modelSummaryRecord } from '../../model/models.ts';
import { verdictsText } from '../../model/triage-score.ts';
import { ConsoleCommand, describe } from '../console-command.ts';
import { firstRows, wholeListFlags } from '../list-flags.ts';

export class ModelsList extends ConsoleCommand {
  static override summary = 'List the trained models with their versions, and how far learning is.';
  static override description = describe(
    'What is usual for every host, user, account and program is learned from each event. From whole hours models are trained ' +
      'beside that; all together decide whether an hour is spoken of. From the verdicts alerts are closed with, triage learns how ' +
      'likely the next ones are to be real.',
  );
  static override examples = ['<%= config.bin %> models list', '<%= config.bin %> models list --output json'];

  static override flags = { ...wholeListFlags };

  async run(): Promise<void> {
    const { flags } = await this.parse(ModelsList);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const { models, learning } = await client.listModels();
    const rows = models ?? [];
    const nowMs = Date.now();
    output.list({
      rows: firstRows(rows, flags, output),
      columns: modelColumns(nowMs),
      keys: MODEL_KEYS,
      record: modelSummaryRecord,
    });
    output.note(learningText(learning ?? {}));
    const verdicts = verdictsText(learning ?? {});
    if (verdicts) output.note(verdicts);
    if (rows.length === 0) output.note('nothing is trained yet; "threatguard models train" does it now');
  }
}
