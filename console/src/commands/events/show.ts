import { Args } from '@oclif/core';
import { eventRecord } from '../../model/event.ts';
import { cellText } from '../../model/fields.ts';
import { renderPairs } from '../../model/table.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class EventsShow extends ConsoleCommand {
  static override summary = 'Show every field of one event.';
  static override description = describe(
    'Its id is event.id of "events search" and "alerts show" (--output json), or EVENT in their tables: the agent may be named, ' +
      'the stream cut short.',
  );
  static override examples = [
    '<%= config.bin %> events search user.name:root --fields event.id,@timestamp',
    '<%= config.bin %> events show web-1/3f9c01de/1841/7',
  ];
  static override args = { event: Args.string({ required: true, description: 'AGENT/STREAM/SEQUENCE/INDEX.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(EventsShow);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const record = eventRecord(await client.getEvent(args.event));
    output.show(record, () =>
      renderPairs(
        Object.entries(record)
          .filter(([, value]) => value !== undefined)
          .map(([name, value]) => [name, cellText(value)] as const),
      ),
    );
  }
}
