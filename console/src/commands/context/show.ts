import { Args } from '@oclif/core';
import { contextRecord } from '../../model/context.ts';
import { renderPairs } from '../../model/table.ts';
import { humanTime } from '../../model/time.ts';
import { lookAtContext } from '../../services/known-context.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class ContextShow extends ConsoleCommand {
  static override summary = 'Show a context; without a name the one commands speak to.';
  static override description = describe('What is known without asking its collector.');
  static override examples = [
    '<%= config.bin %> context show',
    '<%= config.bin %> context show prod --fields collector',
  ];
  static override args = { name: Args.string({ description: 'Name of the context.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ContextShow);
    const output = this.outputFor(flags);
    const { home, context } = this.placeOf(args.name === undefined ? flags : { context: args.name });
    const chosen = this.placeOf(flags).context ?? '';
    const shown = lookAtContext({ name: context ?? '', home }, chosen);
    const expires = shown.certificateExpiresAtMs;
    output.show(contextRecord(shown), () =>
      renderPairs([
        ['name', `${shown.name || 'none: a directory was named'}${shown.current ? ' (in use)' : ''}`],
        ['collector', shown.collector ?? shown.problem],
        ['home', home],
        ['certificate until', expires === undefined ? '' : humanTime(expires * 1000, output.utc)],
      ]),
    );
  }
}
