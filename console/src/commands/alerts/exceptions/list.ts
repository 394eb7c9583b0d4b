import { Flags } from '@oclif/core';
import { EXCEPTION_KEYS, exceptionColumns, exceptionRecord } from '../../../model/exception.ts';
import { ConsoleCommand, describe } from '../../console-command.ts';
import { firstRows, wholeListFlags } from '../../list-flags.ts';

export class ExceptionsList extends ConsoleCommand {
  static override summary = 'List exceptions, newest first, with how much each has hidden.';
  static override description = describe('"alerts except ID" makes one.');
  static override examples = [
    '<%= config.bin %> alerts exceptions list',
    '<%= config.bin %> alerts exceptions list --ended --output json',
  ];
  static override flags = {
    ...wholeListFlags,
    ended: Flags.boolean({ summary: 'Those that were removed or have expired, too.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ExceptionsList);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const rows = await client.listExceptions(flags.ended);
    const look = { utc: flags.utc, nowMs: Date.now() };
    output.list({
      rows: firstRows(rows, flags, output),
      columns: exceptionColumns(look),
      keys: EXCEPTION_KEYS,
      record: exceptionRecord,
    });
    if (rows.length === 0) output.note(flags.ended ? 'no exceptions were made' : 'no exceptions are in force');
  }
}
