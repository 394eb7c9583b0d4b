import { Args } from '@oclif/core';
import { renderPairs } from '../../model/table.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class UsersRemove extends ConsoleCommand {
  static override summary = 'Remove a user of the HTTP service: logins and tokens are refused from now on.';
  static override description = describe('What the user did stays in the audit log. The last admin cannot be removed.');
  static override examples = ['<%= config.bin %> users remove ana'];
  static override args = { name: Args.string({ required: true, description: 'Name of the user.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(UsersRemove);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const ended = await client.removeUser(args.name);
    const record = { removed: args.name, sessions: ended.sessions ?? 0, tokens: ended.tokens ?? 0 };
    output.show(record, () =>
      renderPairs([
        ['removed', record.removed],
        ['logins ended', String(record.sessions)],
        ['tokens refused', String(record.tokens)],
      ]),
    );
  }
}
