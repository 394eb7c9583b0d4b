import { Args } from '@oclif/core';
import { holdPairs, holdRecord } from '../../../model/hold.ts';
import { ConsoleCommand, describe } from '../../console-command.ts';

export class HoldRemove extends ConsoleCommand {
  static override summary = 'End a legal hold: what it kept past its retention goes within the hour.';
  static override description = describe('That it was there stays in the list (--removed) and in the audit log.');
  static override examples = ['<%= config.bin %> compliance hold remove 01kah2'];
  static override args = { id: Args.string({ required: true, description: 'Id of the hold, or how it begins.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(HoldRemove);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const hold = await client.removeHold(args.id);
    output.show(holdRecord(hold), () => holdPairs(hold, output.utc));
  }
}
