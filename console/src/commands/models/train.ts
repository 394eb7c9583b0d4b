import { Args } from '@oclif/core';
import type { ModelSummary } from '@threatguard/proto';
import { ConsoleError } from '../../model/console-error.ts';
import { MODEL_KEYS, modelColumns, modelSummaryRecord } from '../../model/models.ts';
import { ConsoleCommand, describe } from '../console-command.ts';
import { TrainingBar } from './training-bar.ts';

export class ModelsTrain extends ConsoleCommand {
  static override summary = 'Train the models now, from the hours in the store.';
  static override description = describe(
    'It happens in the collector, in a thread of its own, and regularly by itself. A new version is taken into use where the ' +
      'last week would not have had more alerts with it than the budget allows. Ctrl-C ends the training; then nothing of the ' +
      'model that was being trained is kept.',
  );
  static override examples = ['<%= config.bin %> models train', '<%= config.bin %> models train autoencoder'];
  static override args = { name: Args.string({ description: 'Only this model.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelsTrain);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const { stopped, stderr } = this.invocation;
    const rows: ModelSummary[] = [];
    {
      using bar = new TrainingBar(stderr, () => performance.now());
      try {
        for await (const step of client.trainModels(args.name ?? '', stopped)) {
          bar.take(step);
          if (step.finished) rows.push(step.finished);
        }
      } catch (error) {
        if (!stopped.aborted) throw error;
        throw new ConsoleError('failure', 'the training was ended; the models in use are as they were');
      }
    }
    output.list({ rows, columns: modelColumns(Date.now()), keys: MODEL_KEYS, record: modelSummaryRecord });
  }
}
