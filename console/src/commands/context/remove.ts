import { Args } from '@oclif/core';
import { contextHome, removeContextHome } from '../../services/context-home.ts';
import { stateDirectory } from '../../services/xdg.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class ContextRemove extends ConsoleCommand {
  static override summary = 'Forget a context, with what "context add" copied for it.';
  static override description = describe(
    'A --home that was only named stays as it is. Nothing changes at the collector.',
  );
  static override examples = ['<%= config.bin %> context remove lab'];
  static override args = { name: Args.string({ required: true, description: 'Name of the context.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ContextRemove);
    const output = this.outputFor(flags);
    const contexts = this.contexts();
    const { name, home } = contexts.remove(args.name);
    const copied = home === contextHome(stateDirectory(this.invocation.env), name);
    if (copied) removeContextHome(home);
    output.show({ name, home, copies_removed: copied }, () => [`forgot ${name}${copied ? ' and its copied key' : ''}`]);
  }
}
