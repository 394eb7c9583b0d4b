import { renderPairs } from '../../model/table.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class CaRotate extends ConsoleCommand {
  static override summary = 'Make the next CA; the present one stays trusted until it is retired.';
  static override description = describe(
    'The present CA signs the new one, so agents and consoles come to trust it by themselves, those that are away when they ' +
      'come back. Then "ca status" says who follows, and "ca retire" ends the old one.',
  );
  static override examples = ['<%= config.bin %> ca rotate'];

  async run(): Promise<void> {
    const { flags } = await this.parse(CaRotate);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const made = await client.rotateCa();
    const record = {
      sha256: made.sha256 ?? '',
      former_sha256: made.formerSha256 ?? '',
      agents_told: made.agentsTold ?? 0,
    };
    output.show(record, () =>
      renderPairs([
        ['new CA', record.sha256],
        ['former CA', `${record.former_sha256}, trusted until it is retired`],
        ['agents told', `${record.agents_told}, the others when they come`],
      ]),
    );
  }
}
