import { Args, Flags } from '@oclif/core';
import { ConsoleCommand, describe } from '../console-command.ts';
import { modelArgs, readVersion } from './model-args.ts';

export class ModelsActivate extends ConsoleCommand {
  static override summary = 'Take a version of a model into use.';
  static override description = describe(
    'Its file is opened and its signature and digest are checked. One that would have raised more alerts last week than the ' +
      'budget allows is taken only with --force.',
  );
  static override examples = ['<%= config.bin %> models activate isolation-forest 3'];
  static override args = {
    ...modelArgs,
    version: Args.string({ required: true, description: 'Number of the version.' }),
  };
  static override flags = {
    force: Flags.boolean({ summary: 'Also where it raises more alerts than the budget allows.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelsActivate);
    const output = this.outputFor(flags);
    const version = readVersion(args.version);
    const { client } = await this.connect(flags);
    using _ = client;
    const { model } = await client.activateModel({ name: args.name, version, force: flags.force });
    const record = { name: model?.name ?? '', version: model?.version ?? 0, state: model?.state ?? '' };
    output.show(record, () => [`${record.name} ${record.version} is in use`]);
  }
}
