import { keysLines, keysRecord } from '../../model/keys.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class KeysPause extends ConsoleCommand {
  static override summary = 'Hold a rotation: nobody more is told, no key is destroyed.';
  static override description = describe(
    'Agents that seal for the new epoch already go on with it; what the others send is taken as before.',
  );
  static override examples = ['<%= config.bin %> keys pause'];

  async run(): Promise<void> {
    const { flags } = await this.parse(KeysPause);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const report = await client.controlRotation('pause');
    output.show(keysRecord(report), () => keysLines(report, output));
  }
}
