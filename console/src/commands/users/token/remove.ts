import { Args } from '@oclif/core';
import { renderPairs } from '../../../model/table.ts';
import { ConsoleCommand, describe } from '../../console-command.ts';

export class UsersTokenRemove extends ConsoleCommand {
  static override summary = 'Remove a token of a script: it is refused from now on.';
  static override description = describe('"threatguard users token list" shows the ids.');
  static override examples = ['<%= config.bin %> users token remove 0123456789abcdef'];
  static override args = { id: Args.string({ required: true, description: 'Id of the token.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(UsersTokenRemove);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    await client.removeUserToken(args.id);
    output.show({ removed: args.id }, () => renderPairs([['removed', args.id]]));
  }
}
