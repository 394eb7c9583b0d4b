import { verificationPairs, verificationRecord } from '../../model/audit.ts';
import { ConsoleError } from '../../model/console-error.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class AuditVerify extends ConsoleCommand {
  static override summary = 'Check that the audit log is the one that was written.';
  static override description = describe(
    'Names the first entry that was altered or is missing, and fails then. A head noted elsewhere, compared with the one shown, excludes a log that was written anew.',
  );
  static override examples = ['<%= config.bin %> audit verify', '<%= config.bin %> audit verify --output json'];

  async run(): Promise<void> {
    const { flags } = await this.parse(AuditVerify);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const found = await client.verifyAudit();
    output.show(verificationRecord(found), () => verificationPairs(found));
    if (found.problemSequence) {
      throw new ConsoleError('failure', `entry ${found.problemSequence} of the audit log is ${found.problem}`);
    }
  }
}
