import { ruleLines, shownRuleRecord } from '../../model/rule.ts';
import { ConsoleCommand, describe } from '../console-command.ts';
import { ruleArgument } from './rule-argument.ts';

export class RulesShow extends ConsoleCommand {
  static override summary = 'Show one rule: its text, its state, and what it would have alerted while simulated.';
  static override description = describe('The id may be cut short as long as only one rule begins with it.');
  static override examples = [
    '<%= config.bin %> rules show b2e1935a',
    '<%= config.bin %> rules show look_around --output json',
  ];
  static override args = ruleArgument;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(RulesShow);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const shown = await client.showRule(args.id);
    output.show(shownRuleRecord(shown), () => ruleLines(shown, output));
  }
}
