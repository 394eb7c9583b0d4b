import { Flags } from '@oclif/core';
import { keysLines, keysRecord } from '../../model/keys.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class KeysStatus extends ConsoleCommand {
  static override summary = 'Show ML-KEM epochs, how far a rotation is, and whom it waits for.';
  static override description = describe(
    'SEALING counts the agents that proved to seal for an epoch, HOLDING those that still hold envelopes of it. With ' +
      '--watch it goes on until a running rotation is over; --output json then prints an object for each change.',
  );
  static override examples = ['<%= config.bin %> keys status', '<%= config.bin %> keys status --watch'];
  static override flags = {
    watch: Flags.boolean({ summary: 'Go on until the rotation is over or Ctrl-C.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(KeysStatus);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    if (flags.watch) {
      const { watchRotation } = await import('../../services/keys-watch.ts');
      await watchRotation({ client, output, stopped: this.invocation.stopped, epoch: undefined });
      return;
    }
    const report = await client.getKeys();
    output.show(keysRecord(report), () => keysLines(report, output));
  }
}
