import { describe } from '../console-command.ts';
import { ruleArgument } from './rule-argument.ts';
import { RuleStateCommand, reasonFlag } from './rule-state-command.ts';

export class RulesEnable extends RuleStateCommand {
  static override summary = 'Switch a rule on: it is looked for in every event from now on, and alerts.';
  static override description = describe(
    'What was stored before is not looked through again. The change is in the audit log.',
  );
  static override examples = [
    '<%= config.bin %> rules enable b2e1935a',
    '<%= config.bin %> rules enable b2e1935a --reason "the scanner is gone"',
  ];
  static override args = ruleArgument;
  static override flags = reasonFlag;

  async run(): Promise<void> {
    await this.switchTo('on', await this.parse(RulesEnable));
  }
}
