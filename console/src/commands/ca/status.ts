import { CA_KEYS, caColumns, caRecord, holderColumns } from '../../model/ca.ts';
import { renderTable } from '../../model/table.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class CaStatus extends ConsoleCommand {
  static override summary = 'Show the CAs of this fleet, and who still needs an older one.';
  static override description = describe(
    'After "ca rotate" agents and consoles get certificates of the new CA by themselves. Who has not shown one yet is named; ' +
      '"ca retire" waits for them.',
  );
  static override examples = ['<%= config.bin %> ca status', '<%= config.bin %> ca status --output json'];

  async run(): Promise<void> {
    const { flags } = await this.parse(CaStatus);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const rows = await client.listCas();
    output.list({ rows, columns: caColumns(output.utc), keys: CA_KEYS, record: caRecord });
    if (output.format !== 'table') return;
    for (const { holders, sha256 } of rows) {
      if (!holders?.length) continue;
      output.lines(['', `still with a certificate of ${sha256?.slice(0, 16)}:`]);
      output.lines(renderTable(holderColumns(output.utc, Date.now()), holders, output.columns));
    }
  }
}
