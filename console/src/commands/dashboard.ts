import { Args, Flags } from '@oclif/core';
import { ConsoleError } from '../model/console-error.ts';
import { configDirectory } from '../services/xdg.ts';
import { ConsoleCommand, describe } from './console-command.ts';
import { isUtf8 } from './locale.ts';

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
    const { stdin, stdout, env, stopped } = this.invocation;
    if (!stdout.isTTY || !(stdin as { isTTY?: boolean }).isTTY) {
      throw new ConsoleError('usage', 'the dashboard needs a terminal; "threatguard alerts watch" works in a pipe');
    }
    await import('../ui/lean-ink.ts');
    // Beside each other: what draws and what speaks to the collector take about as long to load.
    const [{ showDashboard }, { SavedViews }, { client, deployment }] = await Promise.all([
      import('../ui/dashboard/show-dashboard.ts'),
      import('../services/saved-views.ts'),
      this.connect(flags),
    ]);
    using _ = client;
    await showDashboard({
      client,
      ca: deployment.ca,
      collector: `${this.placeOf(flags).context ?? ''} ${deployment.collector}`.trim(),
      start: args.view,
      saved: new SavedViews(configDirectory(env)),
      readonly: flags.readonly ?? false,
      utc: output.utc,
      colour: output.colour,
      ascii: (flags.ascii ?? false) || !isUtf8(env),
      streams: this.invocation,
      stopped,
    });
  }
}
