import { Flags } from '@oclif/core';
import { ENTITY_KEYS, entityColumns, entityRecord } from '../../model/entity.ts';
import { ConsoleCommand, describe, oneOf, wholeNumber } from '../console-command.ts';

const KINDS = ['host', 'user', 'process', 'address'] as const;

export class EntitiesList extends ConsoleCommand {
  static override summary = 'List hosts, users, processes and addresses by their risk.';
  static override description = describe(
    'Risk is 0 to 100, halves every six hours, and names the alerts it comes from.',
  );
  static override examples = [
    '<%= config.bin %> entities list --limit 20',
    '<%= config.bin %> entities list --kind user --output json',
  ];
  static override flags = {
    kind: Flags.string({ summary: `Only one kind: ${KINDS.join(', ')}.`, helpValue: 'KIND' }),
    limit: Flags.string({ summary: 'At most this many.', default: '100', helpValue: 'N' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(EntitiesList);
    const output = this.outputFor(flags);
    const kind = flags.kind === undefined ? '' : oneOf('kind', KINDS, flags.kind);
    const limit = wholeNumber('limit', flags.limit, { min: 1, max: 100_000 });
    const { client } = await this.connect(flags);
    using _ = client;
    const rows = await client.listEntities(kind, limit);
    output.list({ rows, columns: entityColumns(Date.now()), keys: ENTITY_KEYS, record: entityRecord });
    if (rows.length === 0) output.note('no alert has named anybody yet');
    if (rows.length === limit) output.note(`${limit} shown; --limit shows more`);
  }
}
