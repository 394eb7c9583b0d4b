import { Flags } from '@oclif/core';
import { AGENT_KEYS, agentColumns, agentRecord } from '../../model/agent.ts';
import { hasLabels, readLabelFilter } from '../../model/agent-labels.ts';
import { ConsoleCommand, describe } from '../console-command.ts';
import { firstRows, wholeListFlags } from '../list-flags.ts';

export class AgentsList extends ConsoleCommand {
  static override summary = 'List the agents of this fleet with their health.';
  static override description = describe('One line per agent: state, when it was last seen, events, losses, sensors.');
  static override examples = [
    '<%= config.bin %> agents list',
    '<%= config.bin %> agents list --label env=prod',
    '<%= config.bin %> agents list --output csv > agents.csv',
  ];

  static override flags = {
    ...wholeListFlags,
    label: Flags.string({
      summary: 'Only agents with this label, or with (!=: without) this value of it; repeatable, and all must hold.',
      multiple: true,
      helpValue: 'NAME[=VALUE]',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(AgentsList);
    const output = this.outputFor(flags);
    const wanted = readLabelFilter(flags.label ?? []);
    const { client } = await this.connect(flags);
    using _ = client;
    const rows = (await client.listAgents()).filter((agent) => hasLabels(agent.labels ?? {}, wanted));
    output.list({
      rows: firstRows(rows, flags, output),
      columns: agentColumns(Date.now()),
      keys: AGENT_KEYS,
      record: agentRecord,
    });
    if (rows.length === 0 && wanted.length > 0) output.note('no agents have these labels');
    else if (rows.length === 0)
      output.note('no agents yet; "threatguard agents token create" makes a token to enrol one');
  }
}
