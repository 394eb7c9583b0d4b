import { Args, Flags } from '@oclif/core';
import { ConsoleError } from '../../model/console-error.ts';
import { renderPairs } from '../../model/table.ts';
import { canAsk, confirm } from '../confirm.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class AgentsRemove extends ConsoleCommand {
  static override summary = 'Take an agent that is revoked or long gone off the list.';
  static override description = describe(
    'What it sent, its alerts and its evidence are kept. One that is not revoked is revoked with it: the host comes back by ' +
      'enrolling. Refused while it is connected, unless --force.',
  );
  static override examples = [
    '<%= config.bin %> agents remove web-1',
    '<%= config.bin %> agents remove web-1 --yes --force',
  ];
  static override args = { name: Args.string({ required: true, description: 'Name or id of the agent.' }) };
  static override flags = {
    force: Flags.boolean({ summary: 'Also where it is connected: its stream ends at once.' }),
    yes: Flags.boolean({ summary: 'Do not ask.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(AgentsRemove);
    const output = this.outputFor(flags);
    if (!flags.yes && !canAsk(this.invocation)) {
      throw new ConsoleError('usage', 'nobody can be asked here; --yes removes it without');
    }
    const { client } = await this.connect(flags);
    using _ = client;
    const { agent } = await client.getAgent(args.name);
    const state = agent?.state ?? '';
    const question = `Remove ${agent?.name} (${state}) from the list${state === 'revoked' ? '' : ', and revoke it'}? Its events and evidence stay.`;
    if (!flags.yes && !(await confirm(question, this.invocation))) {
      throw new ConsoleError('failure', 'nothing was changed');
    }
    const removed = await client.removeAgent({ agent: agent?.id ?? args.name, force: flags.force ?? false });
    const record = {
      'agent.id': removed.agentId ?? '',
      name: removed.name ?? '',
      revoked: removed.revoked ?? false,
    };
    output.show(record, () =>
      renderPairs([
        ['removed', `${record.name} (${record['agent.id']})`],
        ['revoked', record.revoked ? 'now' : 'before'],
      ]),
    );
  }
}
