import { Args } from '@oclif/core';
import { ConsoleError } from '../../model/console-error.ts';
import { eventRecord } from '../../model/event.ts';
import { eventReference, searchFor } from '../../model/event-reference.ts';
import { cellText } from '../../model/fields.ts';
import { renderPairs } from '../../model/table.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

/** Events of one agent in one microsecond. */
const SAME_TIME_MAX = 1_000;

export class EventsShow extends ConsoleCommand {
  static override summary = 'Show every field of one event.';
  static override description = describe(
    'Its reference is the key threatguard.reference of "events search --output json".',
  );
  static override examples = [
    '<%= config.bin %> events search user.name:root --fields threatguard.reference,@timestamp',
    '<%= config.bin %> events show 6f1c0f8e-0b59-4a4e-9d8e-3c2e6f0f9a11.a1b2.7.0.1795255200000000',
  ];
  static override args = { reference: Args.string({ required: true, description: 'Reference of the event.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(EventsShow);
    const output = this.outputFor(flags);
    const query = searchFor(args.reference);
    if (!query) {
      throw new ConsoleError(
        'usage',
        `"${args.reference}" is no reference of an event; see threatguard.reference in "events search --output json"`,
      );
    }
    const { client } = await this.connect(flags);
    using _ = client;
    const { rows } = await client.searchEvents(query, SAME_TIME_MAX);
    const found = rows.find((stored) => eventReference(stored) === args.reference);
    if (!found) throw new ConsoleError('not_found', 'no event that is kept has this reference');
    const record = eventRecord(found);
    output.show(record, () =>
      renderPairs(
        Object.entries(record)
          .filter(([, value]) => value !== undefined)
          .map(([name, value]) => [name, cellText(value)] as const),
      ),
    );
  }
}
