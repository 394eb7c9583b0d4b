import { Args } from '@oclif/core';
import { renderPairs } from '../../model/table.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class AgentsRevoke extends ConsoleCommand {
  static override summary = 'Revoke an agent: its certificate is refused from now on, its stream ends at once.';
  static override description = describe(
    'What it sent so far is kept. To bring the host back, enrol it with a new token.',
  );
  static override examples = ['<%= config.bin %> agents revoke web-1'];
  static override args = { name: Args.string({ required: true, description: 'Name or id of the agent.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(AgentsRevoke);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const revoked = await client.revokeAgent(args.name);
    const record = { 'agent.id': revoked.agentId ?? '', name: args.name, stream_ended: revoked.streamEnded ?? false };
    output.show(record, () =>
      renderPairs([
        ['revoked', `${args.name} (${record['agent.id']})`],
        ['stream', record.stream_ended ? 'ended' : 'was not connected'],
      ]),
    );
  }
}
