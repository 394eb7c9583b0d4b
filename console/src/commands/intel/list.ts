import { Flags } from '@oclif/core';
import { INDICATOR_KEYS, INTEL_KINDS, indicatorColumns, indicatorRecord } from '../../model/intel.ts';
import { ConsoleCommand, describe, oneOf, wholeNumber } from '../console-command.ts';

export class IntelList extends ConsoleCommand {
  static override summary = 'List the indicators that events are held against.';
  static override description = describe(
    'CONFIDENCE is weighed over all sources that list a value; TLP is the strictest of theirs. What has ended is not listed.',
  );
  static override examples = [
    '<%= config.bin %> intel list --source isac --kind domain',
    '<%= config.bin %> intel list --limit 100000 --output csv',
  ];
  static override flags = {
    source: Flags.string({ summary: 'Only what this source says.', helpValue: 'NAME' }),
    kind: Flags.string({ summary: `Only one kind: ${INTEL_KINDS.join(', ')}.`, helpValue: 'KIND' }),
    limit: Flags.string({ summary: 'At most this many.', default: '100', helpValue: 'N' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(IntelList);
    const output = this.outputFor(flags);
    const kind = flags.kind === undefined ? '' : oneOf('kind', INTEL_KINDS, flags.kind);
    const limit = wholeNumber('limit', flags.limit, { min: 1, max: 2_000_000 });
    const { client } = await this.connect(flags);
    using _ = client;
    const rows = await client.listIntel({ source: flags.source ?? '', kind }, limit);
    output.list({ rows, columns: indicatorColumns(Date.now()), keys: INDICATOR_KEYS, record: indicatorRecord });
    if (rows.length === 0) output.note('no indicators; "threatguard intel import FILE --source NAME" brings some');
    if (rows.length === limit) output.note(`${limit} shown; --limit shows more`);
  }
}
