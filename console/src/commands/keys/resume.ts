import { keysLines, keysRecord } from '../../model/keys.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class KeysResume extends ConsoleCommand {
  static override summary = 'Go on with a rotation that was paused.';
  static override description = describe('Agents on live streams are told at once, the others when they connect.');
  static override examples = ['<%= config.bin %> keys resume'];

  async run(): Promise<void> {
    const { flags } = await this.parse(KeysResume);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const report = await client.controlRotation('resume');
    output.show(keysRecord(report), () => keysLines(report, output));
  }
}
