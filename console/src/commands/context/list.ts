import { CONTEXT_COLUMNS, CONTEXT_KEYS, contextRecord } from '../../model/context.ts';
import { lookAtContext } from '../../services/known-context.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class ContextList extends ConsoleCommand {
  static override summary = 'List the collectors this console knows by name.';
  static override description = describe(
    '"local" is the deployment of "threatguard up" on this host. * is the one commands speak to.',
  );
  static override examples = ['<%= config.bin %> context list', '<%= config.bin %> context list --output json'];

  async run(): Promise<void> {
    const { flags } = await this.parse(ContextList);
    const { context = '' } = this.placeOf(flags);
    const rows = this.contexts()
      .list()
      .map((each) => lookAtContext(each, context));
    this.outputFor(flags).list({ rows, columns: CONTEXT_COLUMNS, keys: CONTEXT_KEYS, record: contextRecord });
  }
}
