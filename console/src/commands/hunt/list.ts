import { HUNT_KEYS, huntColumns, huntRecord } from '../../model/hunt.ts';
import { ConsoleCommand, describe } from '../console-command.ts';
import { firstRows, wholeListFlags } from '../list-flags.ts';

export class HuntList extends ConsoleCommand {
  static override summary = 'List saved hunts, and when those that run by themselves last did.';
  static override description = describe('"hunt run NAME" runs one.');
  static override examples = ['<%= config.bin %> hunt list', '<%= config.bin %> hunt list --output json'];

  static override flags = { ...wholeListFlags };

  async run(): Promise<void> {
    const { flags } = await this.parse(HuntList);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const rows = await client.listHunts();
    const columns = huntColumns({ ...output, nowMs: Date.now() });
    output.list({ rows: firstRows(rows, flags, output), columns, keys: HUNT_KEYS, record: huntRecord });
    if (rows.length === 0) output.note('no hunts are saved; "threatguard hunt save NAME QUERY" saves one');
  }
}
