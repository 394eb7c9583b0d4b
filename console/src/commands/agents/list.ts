import { AGENT_KEYS, agentColumns, agentRecord } from '../../model/agent.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class AgentsList extends ConsoleCommand {
  static override summary = 'List the agents of this fleet with their health.';
  static override description = describe('One line per agent: state, when it was last seen, events, losses, sensors.');
  static override examples = [
    '<%= config.bin %> agents list',
    '<%= config.bin %> agents list --output csv > agents.csv',
  ];

  async run(): Promise<void> {
    const { flags } = await this.parse(AgentsList);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const rows = await client.listAgents();
    output.list({ rows, columns: agentColumns(Date.now()), keys: AGENT_KEYS, record: agentRecord });
    if (rows.length === 0) output.note('no agents yet; "threatguard agents token create" makes a token to enrol one');
  }
}
