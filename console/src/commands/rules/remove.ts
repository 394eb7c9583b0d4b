import { Args } from '@oclif/core';
import { IMPORTED_COLUMNS, importedRuleRecord } from '../../model/rule-import.ts';
import { renderTable } from '../../model/table.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class RulesRemove extends ConsoleCommand {
  static override summary = 'Take an imported rule file back, with the rules in it.';
  static override description = describe(
    'Rules of the pack it stood in the place of come back. Refused where a correlation or filter of another file needs it.',
  );
  static override examples = [
    '<%= config.bin %> rules remove imported/tor-exit.yml',
    '<%= config.bin %> rules remove tor_exit',
  ];
  static override args = {
    name: Args.string({ required: true, description: 'An imported file, or the rule in it where it is the only one.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RulesRemove);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const { file = '', rules = [], restored = [] } = await client.removeRules(args.name);
    const record = { file, rules: rules.map(importedRuleRecord), restored };
    output.show(record, () => renderTable(IMPORTED_COLUMNS, rules, output.columns));
    output.note(`removed: ${file}`);
    for (const title of restored) output.note(`back from the pack: ${title}`);
  }
}
