import { describe } from '../console-command.ts';
import { ruleArgument } from './rule-argument.ts';
import { RuleStateCommand, reasonFlag } from './rule-state-command.ts';

export class RulesSimulate extends RuleStateCommand {
  static override summary = 'Try a rule out: its matches are recorded, and raise no alert.';
  static override description = describe(
    '"threatguard rules show" then says what it would have alerted. Kept are the newest matches of 30 days, up to 500 of one rule in an hour.',
  );
  static override examples = [
    '<%= config.bin %> rules simulate b2e1935a',
    '<%= config.bin %> rules simulate b2e1935a --reason "new, unknown how loud"',
  ];
  static override args = ruleArgument;
  static override flags = reasonFlag;

  async run(): Promise<void> {
    await this.switchTo('simulated', await this.parse(RulesSimulate));
  }
}
