import { Args } from '@oclif/core';
import { labelText } from '../../model/agent.ts';
import { readLabelChange } from '../../model/agent-labels.ts';
import { ConsoleError } from '../../model/console-error.ts';
import { renderPairs } from '../../model/table.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class AgentsLabel extends ConsoleCommand {
  static override summary = 'Say something of an agent: env=prod sets a label, env- takes it away.';
  static override description = describe(
    'Labels stand in "agents list" and "agents show", and "agents list --label env=prod" chooses by them. At most 32 of an agent: ' +
      'names of a-z, 0-9, ".", "_" and "-", values of at most 128 characters. Each change is in the audit log.',
  );
  static override usage = 'agents label NAME KEY=VALUE...|KEY-...';
  static override examples = [
    '<%= config.bin %> agents label web-1 env=prod role=web',
    '<%= config.bin %> agents label web-1 role-',
  ];
  static override strict = false;
  static override args = { name: Args.string({ required: true, description: 'Name or id of the agent.' }) };

  async run(): Promise<void> {
    const { args, argv, flags } = await this.parse(AgentsLabel);
    const output = this.outputFor(flags);
    const change = readLabelChange((argv as string[]).slice(1));
    if (Object.keys(change.set).length + change.remove.length === 0) {
      throw new ConsoleError('usage', 'write what to say of it: env=prod sets a label, env- takes it away');
    }
    const { client } = await this.connect(flags);
    using _ = client;
    const { agentId, labels } = await client.labelAgent({ agent: args.name, ...change });
    output.show({ 'agent.id': agentId ?? '', name: args.name, labels: labels ?? {} }, () =>
      renderPairs([['labels', `${args.name}: ${labelText(labels) || 'none'}`]]),
    );
  }
}
