import { renderPairs } from '../model/table.ts';
import { ConsoleCommand, describe } from './console-command.ts';

export class WhoAmI extends ConsoleCommand {
  static override summary = 'Show who this console is to the collector, and what that allows.';
  static override description = describe('Without a login it is its certificate.');
  static override examples = ['<%= config.bin %> whoami', '<%= config.bin %> whoami --output json | jq -r .role'];

  async run(): Promise<void> {
    const { flags } = await this.parse(WhoAmI);
    const output = this.outputFor(flags);
    const { client, deployment } = await this.connect(flags);
    using _ = client;
    const { kind, name, role, scopes, source } = await client.whoAmI();
    const record = {
      kind: kind ?? '',
      name: name ?? '',
      role: role ?? '',
      source: source ?? '',
      collector: deployment.collector,
      scopes: scopes ?? [],
    };
    output.show(record, () =>
      renderPairs([
        [record.kind, record.name],
        ['role', record.role],
        ...(record.source ? [['vouched for by', record.source] as const] : []),
        ['collector', record.collector],
        ['may', record.scopes.join(' ') || 'nothing but log in'],
      ]),
    );
  }
}
