import { Args } from '@oclif/core';
import { agentDetailPairs, agentDetailRecord, lossColumns } from '../../model/agent-detail.ts';
import { renderTable } from '../../model/table.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class AgentsShow extends ConsoleCommand {
  static override summary = 'Show one agent: who it is, how far behind, and what it could not observe.';
  static override description = describe(
    'Every loss is counted by sensor and reason with the time between its first and its last; the share says how much of the last hour and day was observed.',
  );
  static override examples = [
    '<%= config.bin %> agents show web-1',
    '<%= config.bin %> agents show web-1 --output json',
  ];
  static override args = { name: Args.string({ required: true, description: 'Name or id of the agent.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(AgentsShow);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const detail = await client.getAgent(args.name);
    output.show(agentDetailRecord(detail), () => [
      ...agentDetailPairs(detail, { utc: output.utc, nowMs: Date.now() }),
      '',
      ...(detail.losses?.length
        ? renderTable(lossColumns(output.utc), detail.losses, output.columns)
        : ['it lost nothing that it knows of']),
    ]);
  }
}
