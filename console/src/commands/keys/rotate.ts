import { Flags } from '@oclif/core';
import { ConsoleError } from '../../model/console-error.ts';
import { keysLines, keysRecord, planLines, planRecord } from '../../model/keys.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class KeysRotate extends ConsoleCommand {
  static override summary = 'Make a new ML-KEM (Kyber) epoch and bring the fleet to it.';
  static override description = describe(
    'Each agent verifies the announcement, seals for the new epoch and confirms that with its signature. The old ' +
      "epoch's key is destroyed once every agent has confirmed and holds nothing sealed for it. It goes on by itself, " +
      'whatever becomes of this command or of the collector; "keys status --watch" shows how far it is.',
  );
  static override examples = [
    '<%= config.bin %> keys rotate --dry-run',
    '<%= config.bin %> keys rotate --canary 5% --wait',
    '<%= config.bin %> keys rotate --compromised',
  ];
  static override flags = {
    canary: Flags.string({ summary: 'Tell this share of the fleet first, and wait for it.', helpValue: 'PERCENT' }),
    compromised: Flags.boolean({
      summary: 'The present key is known to others: refuse it at once; agents seal anew what they have spooled.',
    }),
    wait: Flags.boolean({ summary: 'Show how it goes until it is over. Ctrl-C leaves the rotation running.' }),
    'dry-run': Flags.boolean({ summary: 'Only say what would happen, and who is not connected.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(KeysRotate);
    const output = this.outputFor(flags);
    const { compromised, 'dry-run': dryRun } = flags;
    const canaryPermille = flags.canary === undefined ? 0 : readShare(flags.canary);
    if (compromised && canaryPermille > 0) {
      throw new ConsoleError('usage', '--compromised refuses the old epoch for all at once; it goes without --canary');
    }
    const { client } = await this.connect(flags);
    using _ = client;
    const { keys = {}, plan } = await client.rotateKeys({ canaryPermille, compromised, dryRun });
    if (dryRun) {
      const columns = output.columns;
      output.show(planRecord(plan ?? {}), () => planLines(plan ?? {}, { compromised, columns }));
    } else if (flags.wait) {
      const { watchRotation } = await import('../../services/keys-watch.ts');
      await watchRotation({ client, output, stopped: this.invocation.stopped, epoch: keys?.rotation?.epoch ?? 0 });
    } else {
      output.show(keysRecord(keys ?? {}), () => keysLines(keys ?? {}, output));
    }
  }
}

/** `5%`, `0.5%` or `5` as parts of a thousand. */
function readShare(text: string): number {
  const match = /^(\d{1,3}(?:\.\d)?)%?$/.exec(text);
  const permille = Math.round(Number(match?.[1]) * 10);
  if (match && permille >= 1 && permille <= 1000) return permille;
  throw new ConsoleError('usage', `--canary "${text}" must be a share of the fleet such as 5% or 0.5%, at most 100%`);
}
