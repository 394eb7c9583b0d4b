import { Flags } from '@oclif/core';
import { ConsoleError } from '../../model/console-error.ts';
import { AlertActCommand, actArgs, actFlags } from '../alert-act.ts';
import { describe } from '../console-command.ts';

export class AlertsAssign extends AlertActCommand {
  static override summary = 'Say who works on alerts.';
  static override description = describe('"alerts list --assignee NAME" lists them.');
  static override usage = 'alerts assign ID... --to NAME | --nobody [--seen N]';
  static override examples = [
    '<%= config.bin %> alerts assign 01kah2 --to alice',
    '<%= config.bin %> alerts assign 01kah2 01kah3 --nobody',
  ];
  static override strict = false;
  static override args = actArgs;
  static override flags = {
    ...actFlags,
    to: Flags.string({ summary: 'Whom to assign them to.', helpValue: 'NAME' }),
    nobody: Flags.boolean({ summary: 'Take them from whoever has them.' }),
  };

  async run(): Promise<void> {
    const parsed = await this.parse(AlertsAssign);
    const { to = '', nobody } = parsed.flags;
    if ((to !== '') === (nobody === true)) throw new ConsoleError('usage', 'name somebody with --to, or --nobody');
    await this.act('assign', parsed, { assignee: to });
  }
}
