import { describe } from '../console-command.ts';
import { ruleArgument } from './rule-argument.ts';
import { RuleStateCommand, reasonFlag } from './rule-state-command.ts';

export class RulesDisable extends RuleStateCommand {
  static override summary = 'Switch a rule off: nobody looks for it any more.';
  static override description = describe(
    'Correlations that refer to it see nothing of it; the command names them. To try what a rule would do, simulate it instead.',
  );
  static override examples = [
    '<%= config.bin %> rules disable b2e1935a --reason "our backup does this every night"',
    '<%= config.bin %> rules disable look_around',
  ];
  static override args = ruleArgument;
  static override flags = reasonFlag;

  async run(): Promise<void> {
    await this.switchTo('off', await this.parse(RulesDisable));
  }
}
