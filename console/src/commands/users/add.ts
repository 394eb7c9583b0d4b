import { Args, Flags } from '@oclif/core';
import { renderPairs } from '../../model/table.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class UsersAdd extends ConsoleCommand {
  static override summary = 'Add a user of the HTTP service.';
  static override description = describe(
    'The collector makes a password, which is shown once; the user changes it after the first login. Roles: viewer (findings), ' +
      'analyst (also events and analyses), admin (everything).',
  );
  static override examples = ['<%= config.bin %> users add ana --role analyst'];
  static override args = { name: Args.string({ required: true, description: 'What the user logs in as.' }) };
  static override flags = {
    role: Flags.string({ summary: 'What the user may.', default: 'viewer', helpValue: 'viewer|analyst|admin' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(UsersAdd);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const { user, password } = await client.addUser({ name: args.name, role: flags.role });
    const record = { name: user?.name ?? '', role: user?.role ?? '', password: password ?? '' };
    output.show(record, () => renderPairs(Object.entries(record)));
  }
}
