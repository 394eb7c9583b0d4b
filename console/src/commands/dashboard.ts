import { Args, Flags } from '@oclif/core';
import { ConsoleCommand, describe } from './console-command.ts';
import { needTerminal } from './terminal.ts';

export class DashboardCommand extends ConsoleCommand {
  static override summary = 'The full-screen console: alerts, incidents, entities, agents, keys, audit, live.';
  static override description = describe(
    ': goes to a view, / filters, enter opens, esc goes back, ? shows every key. Works in 80x24, over ssh and in tmux. ' +
      'Without block characters (a locale that is not UTF-8, or --ascii) charts are drawn in ASCII.',
  );
  static override examples = [
    '<%= config.bin %> dashboard',
    '<%= config.bin %> dashboard alerts',
    '<%= config.bin %> dashboard "alert 01kah2" --readonly',
  ];
  static override args = { view: Args.string({ description: 'Where to begin, as typed after ":".', default: '' }) };
  static override flags = {
    readonly: Flags.boolean({ summary: 'Change nothing: no acts on alerts, agents or keys.' }),
    ascii: Flags.boolean({ summary: 'Draw charts and trees with ASCII characters alone.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(DashboardCommand);
    const output = this.outputFor(flags);
    needTerminal(this.invocation);
    const connected = await this.connect(flags);
    using _ = connected.client;
    const { startDashboard } = await import('./start-dashboard.ts');
    const { readonly = false, ascii = false } = flags;
    await startDashboard(
      { view: args.view, readonly, ascii, utc: output.utc, context: this.placeOf(flags).context },
      connected,
      this.invocation,
    );
  }
}
