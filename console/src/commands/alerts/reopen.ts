import { Flags } from '@oclif/core';
import { AlertActCommand, actArgs, actFlags } from '../alert-act.ts';
import { describe } from '../console-command.ts';

export class AlertsReopen extends AlertActCommand {
  static override summary = 'Open closed alerts again; their verdict is taken back.';
  static override description = describe('An incident that was closed with them is open again.');
  static override usage = 'alerts reopen ID... [--reason TEXT] [--seen N]';
  static override examples = ['<%= config.bin %> alerts reopen 01kah2 --reason "seen again on db-1"'];
  static override strict = false;
  static override args = actArgs;
  static override flags = {
    ...actFlags,
    reason: Flags.string({ summary: 'Why.', default: '', helpValue: 'TEXT' }),
  };

  async run(): Promise<void> {
    const parsed = await this.parse(AlertsReopen);
    await this.act('reopen', parsed, { text: parsed.flags.reason });
  }
}
