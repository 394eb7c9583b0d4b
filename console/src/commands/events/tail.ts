import { setTimeout as wait } from 'node:timers/promises';
import type { StoredEvent } from '@threatguard/proto';
import { EVENT_KEYS, eventRecord, eventSummary, eventWhat } from '../../model/event.ts';
import { parseEventQuery } from '../../model/event-query.ts';
import { toJson } from '../../model/json.ts';
import { printable } from '../../model/printable.ts';
import { clockTime } from '../../model/time.ts';
import { NewEvents } from '../../services/new-events.ts';
import { ConsoleCommand, describe } from '../console-command.ts';
import type { Output } from '../output.ts';

const ASK_MS = 1_000;

export class EventsTail extends ConsoleCommand {
  static override summary = 'Print events as they are stored.';
  static override description = describe(
    'Filters as of "events search". One line per event; with --output json one object per line. Events are looked for every second; Ctrl-C ends it.',
  );
  static override usage = 'events tail [FIELD:VALUE...]';
  static override examples = [
    '<%= config.bin %> events tail host.name:web-1',
    "<%= config.bin %> events tail event.category:process 'not user.name:root' --output json | jq '.[\"process.command_line\"]'",
  ];
  static override strict = false;

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(EventsTail);
    const output = this.outputFor(flags);
    const filters = parseEventQuery(argv as string[]);
    const { client } = await this.connect(flags);
    using _ = client;
    const { stopped } = this.invocation;
    const news = new NewEvents({ sinceUs: Date.now() * 1000 });
    if (output.format === 'csv') output.csvHeader(EVENT_KEYS);
    while (!stopped.aborted) {
      const { rows } = await client.searchEvents({ filters, sinceUs: news.askSinceUs }, news.rowsMax);
      for (const stored of news.take(rows)) writeEvent(output, stored);
      if (news.missed) output.note(`more than ${news.rowsMax} events in a second: the older ones are not shown`);
      await wait(ASK_MS, undefined, { signal: stopped }).catch(() => undefined);
    }
  }
}

function writeEvent(output: Output, stored: StoredEvent): void {
  if (output.format === 'json') output.line(toJson(eventRecord(stored)));
  else if (output.format === 'csv') output.csv(EVENT_KEYS, eventRecord(stored));
  else {
    const text = `${stored.agentName ?? ''}  ${eventWhat(stored)}  ${eventSummary(stored)}`;
    output.line(`${clockTime(stored.eventAtUs, output.utc)}  ${printable(text)}`);
  }
}
