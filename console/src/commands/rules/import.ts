import { Args, Flags } from '@oclif/core';
import { ConsoleError } from '../../model/console-error.ts';
import { findingLine, IMPORTED_COLUMNS, importRecord } from '../../model/rule-import.ts';
import { renderTable } from '../../model/table.ts';
import { readRuleFiles } from '../../services/rule-files.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class RulesImport extends ConsoleCommand {
  static override summary = 'Give the collector rules of your own: a file, or every .yml and .yaml below a directory.';
  static override description = describe(
    'The collector looks at all of them first, and takes all or none; what stands against it is named with file and line. ' +
      'A file of a name that was imported before takes its place. A rule with the id of one of the pack is refused, unless ' +
      '--override puts it in its place. They run from the moment this command ends, on every collector of the store.',
  );
  static override examples = [
    '<%= config.bin %> rules import my-rules/ --dry-run',
    '<%= config.bin %> rules import tor-exit.yml',
    '<%= config.bin %> rules import sigma/rules/linux --partial',
  ];
  static override args = { path: Args.string({ required: true, description: 'A rule file, or a directory of them.' }) };
  static override flags = {
    'dry-run': Flags.boolean({ summary: 'Only say what would happen.' }),
    override: Flags.boolean({ summary: 'Rules of the pack with the same id give way.' }),
    partial: Flags.boolean({ summary: 'Leave out files that cannot be taken, and name them.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RulesImport);
    const output = this.outputFor(flags);
    const dryRun = flags['dry-run'];
    const files = await readRuleFiles(args.path);
    const { client } = await this.connect(flags);
    using _ = client;
    const { override, partial } = flags;
    const result = await client.importRules({ files, dryRun, override, partial });
    const { rules = [], refusals = [], warnings = [] } = result;
    output.show(importRecord(result), () =>
      rules.length > 0 ? renderTable(IMPORTED_COLUMNS, rules, output.columns) : [],
    );
    for (const warning of warnings) output.note(`warning: ${findingLine(warning)}`);
    for (const refusal of refusals) output.note(`refused: ${findingLine(refusal)}`);
    if (refusals.length > 0 && !partial) {
      const all = files.length === 1 ? 'the file was not imported' : `none of ${files.length} files was imported`;
      throw new ConsoleError('failure', `${all}: ${refusals.length} things stand against it`);
    }
    const what = `${result.files ?? 0} files, ${result.unchanged ?? 0} as they were, ${result.leftOut ?? 0} left out`;
    output.note(`${result.applied ? 'imported' : dryRun ? 'would be imported' : 'nothing to import'}: ${what}`);
  }
}
