import { Args } from '@oclif/core';
import { renderPairs } from '../../model/table.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class HuntRemove extends ConsoleCommand {
  static override summary = 'Remove a saved hunt; alerts it raised stay.';
  static override description = describe('What it was stands in the audit log.');
  static override examples = ['<%= config.bin %> hunt remove curl-as-root'];
  static override args = { name: Args.string({ required: true, description: 'Name of the hunt.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(HuntRemove);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    await client.removeHunt(args.name);
    output.show({ removed: args.name }, () => renderPairs([['removed', args.name]]));
  }
}
