import { Flags } from '@oclif/core';
import { AUDIT_KEYS, auditColumns, auditRecord } from '../../model/audit.ts';
import { readTimeRange } from '../alert-flags.ts';
import { ConsoleCommand, describe, wholeNumber } from '../console-command.ts';
import { timeRangeFlags } from '../list-flags.ts';

export class AuditList extends ConsoleCommand {
  static override summary = 'List who changed what, newest first.';
  static override description = describe('Every change of state: tokens, enrolment, revocation, ML-KEM keys.');
  static override examples = [
    '<%= config.bin %> audit list --since 24h',
    '<%= config.bin %> audit list --limit 1000 --output csv',
  ];
  static override flags = {
    ...timeRangeFlags,
    limit: Flags.string({ summary: 'At most this many.', default: '100', helpValue: 'N' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(AuditList);
    const output = this.outputFor(flags);
    const limit = wholeNumber('limit', flags.limit, { min: 1, max: 100_000 });
    const span = readTimeRange(flags, { nowMs: Date.now(), utc: flags.utc });
    const { client } = await this.connect(flags);
    using _ = client;
    const rows = await client.listAudit(limit, span);
    output.list({ rows, columns: auditColumns(output.utc), keys: AUDIT_KEYS, record: auditRecord });
    if (rows.length === 0) output.note('nothing was changed then');
    if (rows.length === limit) output.note(`${limit} shown; --limit shows more`);
  }
}
