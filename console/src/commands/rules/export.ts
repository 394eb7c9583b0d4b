import { resolve } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { writeRuleFiles } from '../../services/rule-files.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class RulesExport extends ConsoleCommand {
  static override summary = 'Write the rule files of the collector, as they are, below a directory.';
  static override description = describe(
    'Those of the pack below DIR/rules, imported ones below DIR/imported. Files that are there are not replaced without --force.',
  );
  static override examples = [
    '<%= config.bin %> rules export ./rules-of-today',
    '<%= config.bin %> rules export ./ours --imported --force',
  ];
  static override args = { dir: Args.string({ required: true, description: 'The directory to write to.' }) };
  static override flags = {
    imported: Flags.boolean({ summary: 'Only what was imported.' }),
    force: Flags.boolean({ summary: 'Replace files that are there.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RulesExport);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const directory = resolve(args.dir);
    const files = await writeRuleFiles(directory, await client.exportRules(flags.imported), { force: flags.force });
    output.show({ directory, files }, () => [`${files} rule files below ${directory}`]);
  }
}
