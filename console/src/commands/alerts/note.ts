import { Flags } from '@oclif/core';
import { AlertActCommand, actArgs, actFlags } from '../alert-act.ts';
import { describe } from '../console-command.ts';

export class AlertsNote extends AlertActCommand {
  static override summary = 'Write a note on alerts.';
  static override description = describe('It stands in the history of each, with who wrote it: see "alerts show".');
  static override usage = 'alerts note ID... --text TEXT';
  static override examples = ['<%= config.bin %> alerts note 01kah2 --text "asked the owner of the host"'];
  static override strict = false;
  static override args = actArgs;
  static override flags = {
    ...actFlags,
    text: Flags.string({ summary: 'The note, at most 4,096 characters.', required: true, helpValue: 'TEXT' }),
  };

  async run(): Promise<void> {
    const parsed = await this.parse(AlertsNote);
    await this.act('note', parsed, { text: parsed.flags.text });
  }
}
