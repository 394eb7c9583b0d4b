import { Args, Flags } from '@oclif/core';
import { ConsoleError } from '../../model/console-error.ts';
import { renderPairs } from '../../model/table.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class AgentsRotateKey extends ConsoleCommand {
  static override summary = 'Have an agent, or all, make a new signing key.';
  static override description = describe(
    'The old key signs the new one, so what was sent before stays proven. Agents that are away do it when they come back; ' +
      'until an agent has come with its new key the old one is good.',
  );
  static override examples = ['<%= config.bin %> agents rotate-key web-1', '<%= config.bin %> agents rotate-key --all'];
  static override args = { name: Args.string({ description: 'Name or id of the agent.' }) };
  static override flags = { all: Flags.boolean({ summary: 'Every agent that is not revoked.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(AgentsRotateKey);
    const output = this.outputFor(flags);
    if ((args.name === undefined) === (flags.all !== true)) {
      throw new ConsoleError('usage', 'name one agent, or all of them with --all');
    }
    const { client } = await this.connect(flags);
    using _ = client;
    const ordered = await client.orderKeys(args.name ?? '');
    const record = { ordered: ordered.ordered ?? 0, connected: ordered.connected ?? 0 };
    output.show(record, () =>
      renderPairs([
        ['agents asked', String(record.ordered)],
        ['connected now', `${record.connected}, the others when they come`],
      ]),
    );
  }
}
