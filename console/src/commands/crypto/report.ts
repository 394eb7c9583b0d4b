import { Flags } from '@oclif/core';
import { ConsoleError } from '../../model/console-error.ts';
import { CRYPTO_KEYS, cryptoColumns, cryptoRecord } from '../../model/crypto.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class CryptoReportCommand extends ConsoleCommand {
  static override summary = 'List what protects each host, those below policy first.';
  static override description = describe(
    "TLS group and protocol, signature algorithm, certificate and provider of each agent's newest session. Fails where a host is below policy. The policy is the profile of the fleet; another one shows who would not meet it.",
  );
  static override examples = [
    '<%= config.bin %> crypto report',
    '<%= config.bin %> crypto report --policy cnsa2 --output csv',
  ];
  static override flags = {
    policy: Flags.string({ summary: 'Hold hosts against this profile: standard or cnsa2.', helpValue: 'PROFILE' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(CryptoReportCommand);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const report = await client.reportCrypto(flags.policy ?? '');
    const rows = report.hosts ?? [];
    const nowMs = Date.now();
    output.list({ rows, columns: cryptoColumns(nowMs), keys: CRYPTO_KEYS, record: cryptoRecord });
    if (report.below) {
      throw new ConsoleError('failure', `hosts below the policy ${report.policy}: ${report.below} of ${rows.length}`);
    }
    output.note(`hosts that meet the policy ${report.policy}: all ${rows.length}`);
  }
}
