import { huntOf, parseEventQuery } from '../../model/event-query.ts';
import { readTimeRange } from '../alert-flags.ts';
import { ConsoleCommand, describe } from '../console-command.ts';
import { exportOutput } from '../export-output.ts';
import { printEvents } from '../follow-events.ts';
import { timeRangeFlags } from '../list-flags.ts';

export class EventsTail extends ConsoleCommand {
  static override summary = 'Print events as they are stored.';
  static override description = describe(
    'Filters as of "events search". One line per event; with --output json one object per line. Events are looked for every second, and a collector that is away is waited for; Ctrl-C ends it.',
  );
  static override usage = 'events tail [FIELD:VALUE...]';
  static override examples = [
    '<%= config.bin %> events tail host.name:web-1',
    "<%= config.bin %> events tail event.category:process 'not user.name:root' --output json | jq '.[\"process.command_line\"]'",
  ];
  static override strict = false;
  static override flags = { ...exportOutput, since: timeRangeFlags.since };

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(EventsTail);
    const output = this.outputFor(flags);
    const filters = parseEventQuery(argv as string[]);
    const { client } = await this.connect(flags);
    using _ = client;
    const { sinceUs } = readTimeRange(flags, { nowMs: Date.now(), utc: flags.utc });
    const { stopped: signal } = this.invocation;
    await printEvents({ client, query: huntOf(filters), sinceUs, output, version: this.config.version, signal });
  }
}
