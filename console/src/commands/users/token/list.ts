import { Flags } from '@oclif/core';
import { USER_TOKEN_KEYS, userTokenColumns, userTokenRecord } from '../../../model/user.ts';
import { ConsoleCommand, describe } from '../../console-command.ts';
import { firstRows, wholeListFlags } from '../../list-flags.ts';

export class UsersTokenList extends ConsoleCommand {
  static override summary = 'List tokens of scripts that are still good.';
  static override description = describe('Never the tokens themselves: those are shown once, when they are made.');
  static override examples = ['<%= config.bin %> users token list --user ana'];
  static override flags = { ...wholeListFlags, user: Flags.string({ summary: 'Of this user only.', default: '' }) };

  async run(): Promise<void> {
    const { flags } = await this.parse(UsersTokenList);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const rows = await client.listUserTokens(flags.user);
    output.list({
      rows: firstRows(rows, flags, output),
      columns: userTokenColumns(output.utc),
      keys: USER_TOKEN_KEYS,
      record: userTokenRecord,
    });
    if (rows.length === 0) output.note('no tokens; "threatguard users token create" makes one');
  }
}
