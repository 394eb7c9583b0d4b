import { ConsoleError } from '../model/console-error.ts';
import { renderPairs } from '../model/table.ts';
import { ConsoleCommand, describe } from './console-command.ts';

export class LogOutCommand extends ConsoleCommand {
  static override summary = 'End the login of this console: its tokens are refused from now on.';
  static override description = describe(
    'Also where the collector does not answer; then the login there ends by itself.',
  );
  static override examples = ['<%= config.bin %> logout'];

  async run(): Promise<void> {
    const { flags } = await this.parse(LogOutCommand);
    const output = this.outputFor(flags);
    const { client, deployment, login } = await this.connect(flags);
    using _ = client;
    if (!login.isThere) return output.note(`nobody is logged in to ${deployment.collector} here`);
    let ended = true;
    try {
      await client.logOut();
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
    const record = { collector: deployment.collector, ended };
    output.show(record, () => renderPairs([['logged out of', deployment.collector]]));
  }
}
