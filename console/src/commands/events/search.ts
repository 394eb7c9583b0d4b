import { Flags } from '@oclif/core';
import { HUNT_FIELDS } from '@threatguard/proto';
import { EVENT_KEYS, eventColumns, eventRecord } from '../../model/event.ts';
import { huntOf, parseEventQuery } from '../../model/event-query.ts';
import { readTimeRange } from '../alert-flags.ts';
import { ConsoleCommand, describe, wholeNumber } from '../console-command.ts';
import { exportFormat, exportOutput, writeExport } from '../export-output.ts';
import { printEvents } from '../follow-events.ts';

export class EventsSearch extends ConsoleCommand {
  static override summary = 'Search stored events by time and fields, newest first.';
  static override description = describe(
    'Filters are written field:value with ECS names and all must hold; * matches any text, 10.0.0.0/8 any address in it, ' +
      `"not" before a filter turns it round. Fields: ${HUNT_FIELDS.join(', ')}, and labels.NAME for a label of the agent.`,
  );
  static override usage = 'events search [FIELD:VALUE...] [--since TIME] [--until TIME] [--limit N]';
  static override examples = [
    '<%= config.bin %> events search user.name:root event.outcome:failure --since 1h',
    '<%= config.bin %> events search host.name:web-1 --follow',
    "<%= config.bin %> events search labels.env:prod 'not labels.role:db*' --since 1h",
    "<%= config.bin %> events search 'process.executable:*/curl' 'not destination.ip:10.0.0.0/8'",
  ];
  static override strict = false;
  static override flags = {
    ...exportOutput,
    since: Flags.string({ summary: 'Since a time, or for a duration up to now: 15m, 24h, 7d.', helpValue: 'TIME' }),
    until: Flags.string({ summary: 'Until a time; a duration counts back from now.', helpValue: 'TIME' }),
    limit: Flags.string({ summary: 'At most this many.', default: '100', helpValue: 'N' }),
    follow: Flags.boolean({
      summary: 'Print events as they are stored, as "events tail" does; with --since those since then first.',
      exclusive: ['until', 'limit'],
    }),
  };

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(EventsSearch);
    const output = this.outputFor(flags);
    const nowMs = Date.now();
    const query = { filters: parseEventQuery(argv as string[]), ...readTimeRange(flags, { nowMs, utc: flags.utc }) };
    const limit = wholeNumber('limit', flags.limit, { min: 1, max: 100_000 });
    const { client } = await this.connect(flags);
    using _ = client;
    if (flags.follow) {
      const { filters, sinceUs } = query;
      const { stopped: signal } = this.invocation;
      const { version } = this.config;
      return await printEvents({ client, query: huntOf(filters), sinceUs, output, version, signal });
    }
    const { rows, searchedBackToUs } = await client.searchEvents(query, limit);
    const format = exportFormat(output);
    if (format) writeExport(output, { events: rows, format, version: this.config.version });
    else
      output.list({
        rows,
        columns: eventColumns({ ...output, nowMs }),
        keys: EVENT_KEYS,
        record: eventRecord,
        flat: true,
      });
    if (searchedBackToUs !== undefined) {
      const back = new Date(Math.floor(searchedBackToUs / 1000) + 1).toISOString();
      output.note(`${rows.length} found, searched back to ${back} so far; --until ${back} goes on from there`);
    } else if (rows.length === 0) output.note('no events match');
    if (rows.length === limit) output.note(`${limit} shown; --limit shows more`);
  }
}
