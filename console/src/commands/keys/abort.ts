import { keysLines, keysRecord } from '../../model/keys.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class KeysAbort extends ConsoleCommand {
  static override summary = 'End a rotation that not all agents have joined.';
  static override description = describe(
    'The epoch before is announced again. An agent never goes back: those that seal for the new epoch stay with it, and its key is kept for them until the next rotation. After --compromised the old epoch is taken again.',
  );
  static override examples = ['<%= config.bin %> keys abort'];

  async run(): Promise<void> {
    const { flags } = await this.parse(KeysAbort);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const report = await client.controlRotation('abort');
    output.show(keysRecord(report), () => keysLines(report, output));
  }
}
