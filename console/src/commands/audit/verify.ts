import { Flags } from '@oclif/core';
import { filePairs, fileRecord, verificationPairs, verificationRecord } from '../../model/audit.ts';
import { ConsoleError } from '../../model/console-error.ts';
import { type KeptAuditHead, parseAuditHead } from '../../model/kept-audit-head.ts';
import { verifyAuditFile } from '../../services/audit-file.ts';
import { ConsoleCommand, describe } from '../console-command.ts';
import type { Output } from '../output.ts';

export class AuditVerify extends ConsoleCommand {
  static override summary = 'Check that the audit log is the one that was written.';
  static override description = describe(
    'Names the first entry that was altered or is missing, and fails then. A head noted elsewhere, compared with the one shown, excludes a log that was written anew.',
  );
  static override examples = ['<%= config.bin %> audit verify', '<%= config.bin %> audit verify --output json'];

  static override flags = {
    file: Flags.string({
      summary: 'An export instead of the log of the collector: nothing else is needed then.',
      helpValue: 'FILE',
    }),
    head: Flags.string({
      summary: 'An entry of the file that was noted elsewhere.',
      multiple: true,
      helpValue: 'NUMBER:SHA256',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(AuditVerify);
    const output = this.outputFor(flags);
    const kept = (flags.head ?? []).map(parseAuditHead);
    if (flags.file !== undefined) return this.#verifyFile(flags.file, kept, output);
    if (kept.length > 0) throw new ConsoleError('usage', '--head is held against a file: give --file as well');
    const { client } = await this.connect(flags);
    using _ = client;
    const found = await client.verifyAudit();
    output.show(verificationRecord(found), () => verificationPairs(found));
    if (found.problemSequence) {
      throw new ConsoleError('failure', `entry ${found.problemSequence} of the audit log is ${found.problem}`);
    }
  }

  async #verifyFile(path: string, kept: readonly KeptAuditHead[], output: Output): Promise<void> {
    const found = await verifyAuditFile(path, kept);
    output.show(fileRecord(found), () => filePairs(found));
    if (found.problem)
      throw new ConsoleError('unproven', `entry ${found.problem.sequence} of ${path} is ${found.problem.what}`);
  }
}
