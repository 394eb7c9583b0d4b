import { USER_KEYS, userColumns, userRecord } from '../../model/user.ts';
import { ConsoleCommand, describe } from '../console-command.ts';
import { firstRows, wholeListFlags } from '../list-flags.ts';

export class UsersList extends ConsoleCommand {
  static override summary = 'List the users of the HTTP service.';
  static override description = describe('Their roles, whether a login needs a code, logins that go on, tokens.');
  static override examples = ['<%= config.bin %> users list'];

  static override flags = { ...wholeListFlags };

  async run(): Promise<void> {
    const { flags } = await this.parse(UsersList);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const rows = await client.listUsers();
    output.list({
      rows: firstRows(rows, flags, output),
      columns: userColumns(Date.now()),
      keys: USER_KEYS,
      record: userRecord,
    });
    if (rows.length === 0) output.note('no users yet; "threatguard users add NAME --role admin" makes one');
  }
}
