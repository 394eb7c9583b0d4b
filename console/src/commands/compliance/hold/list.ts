import { Flags } from '@oclif/core';
import { HOLD_KEYS, holdColumns, holdRecord } from '../../../model/hold.ts';
import { ConsoleCommand, describe } from '../../console-command.ts';
import { firstRows, wholeListFlags } from '../../list-flags.ts';

export class HoldList extends ConsoleCommand {
  static override summary = 'List legal holds, newest first.';
  static override description = describe('What a hold names is not removed by age, and goes before erasure.');
  static override examples = [
    '<%= config.bin %> compliance hold list',
    '<%= config.bin %> compliance hold list --removed',
  ];
  static override flags = {
    ...wholeListFlags,
    removed: Flags.boolean({ summary: 'Also those that were removed.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(HoldList);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const rows = await client.listHolds(flags.removed);
    output.list({
      rows: firstRows(rows, flags, output),
      columns: holdColumns(output.utc),
      keys: HOLD_KEYS,
      record: holdRecord,
    });
    if (rows.length === 0) output.note('nothing is on hold');
  }
}
