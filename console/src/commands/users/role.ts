import { Args } from '@oclif/core';
import { renderPairs } from '../../model/table.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class UsersRole extends ConsoleCommand {
  static override summary = 'Give a user another role, from now on.';
  static override description = describe(
    'Roles: viewer, analyst, admin. Tokens of the user keep only what the role still has.',
  );
  static override examples = ['<%= config.bin %> users role ana analyst'];
  static override args = {
    name: Args.string({ required: true, description: 'Name of the user.' }),
    role: Args.string({ required: true, description: 'viewer, analyst or admin.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(UsersRole);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const { user } = await client.setUserRole({ name: args.name, role: args.role });
    const record = { name: user?.name ?? '', role: user?.role ?? '' };
    output.show(record, () => renderPairs(Object.entries(record)));
  }
}
