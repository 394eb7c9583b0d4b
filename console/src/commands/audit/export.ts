import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { isoTime } from '../../model/time.ts';
import { auditLines } from '../../services/audit-file.ts';
import { writeWhole } from '../../services/evidence-file.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class AuditExport extends ConsoleCommand {
  static override summary = 'Write the whole audit log into a file of JSON lines that proves itself.';
  static override description = describe(
    'Each line has the digest of the one before it: "threatguard audit verify --file" needs nothing but the file. The file is ' +
      'there when it is whole.',
  );
  static override examples = [
    '<%= config.bin %> audit export -o audit.ndjson',
    '<%= config.bin %> audit verify --file audit.ndjson',
  ];
  static override flags = {
    file: Flags.string({ char: 'o', summary: 'The file to write.', required: true, helpValue: 'FILE' }),
    force: Flags.boolean({ summary: 'Replace a file that is there.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(AuditExport);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const { stopped, pid } = this.invocation;
    const path = resolve(flags.file);
    let entries = 0;
    const counted = (count: number) => {
      entries = count;
    };
    const lines = auditLines(client.exportAudit(stopped), { exportedAt: isoTime(Date.now() * 1000) ?? '', counted });
    const { bytes, sha256 } = await writeWhole(path, lines, { force: flags.force, pid });
    output.show({ file: path, entries, bytes, sha256 }, () => [
      `${path}: ${entries} entries, ${bytes} bytes`,
      `SHA-256 ${sha256}`,
    ]);
  }
}
