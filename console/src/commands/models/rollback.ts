import { ConsoleCommand, describe } from '../console-command.ts';
import { modelArgs } from './model-args.ts';

export class ModelsRollback extends ConsoleCommand {
  static override summary = 'Go back to the version of a model that was in use before.';
  static override description = describe('The version in use is kept, and "models activate" has it back.');
  static override examples = ['<%= config.bin %> models rollback isolation-forest'];
  static override args = modelArgs;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelsRollback);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const { model } = await client.rollbackModel(args.name);
    const record = { name: model?.name ?? '', version: model?.version ?? 0, state: model?.state ?? '' };
    output.show(record, () => [`${record.name} ${record.version} is in use again`]);
  }
}
