import type { LogOutResponse } from '@threatguard/proto';
import { ConsoleError } from '../model/console-error.ts';
import { printable } from '../model/printable.ts';
import { renderPairs } from '../model/table.ts';
import { ConsoleCommand, describe } from './console-command.ts';

/** What became of the login where somebody vouched for it. */
const AT_PROVIDER: Readonly<Record<string, string>> = {
  ended: 'its tokens were revoked',
  kept: 'its tokens end by themselves: it has no way to revoke them',
  unreachable: 'it does not answer: its tokens end by themselves',
};

export class LogOutCommand extends ConsoleCommand {
  static override summary = 'End the login of this console: its tokens are refused from now on.';
  static override description = describe(
    'Also where the collector does not answer; then the login there ends by itself. A login by single sign-on is ended at the provider as well, where that can be; a browser that is logged in there stays so, and the address to end that is shown.',
  );
  static override examples = ['<%= config.bin %> logout'];

  async run(): Promise<void> {
    const { flags } = await this.parse(LogOutCommand);
    const output = this.outputFor(flags);
    const { client, deployment, login } = await this.connect(flags);
    using _ = client;
    if (!login.isThere) return output.note(`nobody is logged in to ${deployment.collector} here`);
    let ended = true;
    let atProvider: LogOutResponse = {};
    try {
      atProvider = await client.logOut();
    } catch (error) {
      if (!(error instanceof ConsoleError)) throw error;
      if (error.code === 'unreachable') {
        const text = `logged out here, but not there: ${error.message}; the login ends by itself within a day`;
        throw new ConsoleError('unreachable', text, { cause: error });
      }
      // It was over already.
      ended = false;
    } finally {
      login.remove();
    }
    const { provider, providerUrl } = atProvider;
    const record = {
      collector: deployment.collector,
      ended,
      ...(provider && { provider, provider_url: printable(providerUrl ?? '') }),
    };
    output.show(record, () =>
      renderPairs([
        ['logged out of', deployment.collector],
        ...(provider ? [['at the provider', AT_PROVIDER[provider] ?? printable(provider)] as [string, string]] : []),
        ...(providerUrl ? [['log a browser out', printable(providerUrl)] as [string, string]] : []),
      ]),
    );
  }
}
