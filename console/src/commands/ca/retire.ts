import { Flags } from '@oclif/core';
import { renderPairs } from '../../model/table.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class CaRetire extends ConsoleCommand {
  static override summary = 'Trust no CA but the newest any more, and destroy the keys of the others.';
  static override description = describe(
    'Refused while a certificate of an agent or console still chains to an old one. Their certificates stay, so what was ' +
      'signed under them can still be proven.',
  );
  static override examples = ['<%= config.bin %> ca retire', '<%= config.bin %> ca retire --force'];
  static override flags = {
    force: Flags.boolean({ summary: 'Lock out whoever still needs it; they have to be enrolled again.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(CaRetire);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const retired = await client.retireCa(flags.force ?? false);
    const record = { retired: retired.retiredSha256 ?? [], locked_out: retired.lockedOut ?? 0 };
    output.show(record, () =>
      renderPairs([
        ...record.retired.map((sha256) => ['retired', sha256] as const),
        ['locked out', String(record.locked_out)],
      ]),
    );
  }
}
