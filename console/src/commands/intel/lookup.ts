import { Args, Flags } from '@oclif/core';
import type { FieldFilter, StoredEvent } from '@threatguard/proto';
import type { CollectorClient } from '../../client/collector-client.ts';
import { eventColumns, eventRecord } from '../../model/event.ts';
import { indicatorRecord, lookupLines } from '../../model/intel.ts';
import { renderTable } from '../../model/table.ts';
import { isoTime } from '../../model/time.ts';
import { readTimeRange } from '../alert-flags.ts';
import { ConsoleCommand, describe, wholeNumber } from '../console-command.ts';

export class IntelLookup extends ConsoleCommand {
  static override summary = 'Say what sources know of a value, why, and which stored events had it.';
  static override description = describe(
    'An address, a network, a domain, a URL, a digest or ADDRESS:PORT, also defanged (hxxp, [.]). Networks around an address and ' +
      'names above a name that stand for those below count as well.',
  );
  static override examples = [
    '<%= config.bin %> intel lookup 203.0.113.7',
    "<%= config.bin %> intel lookup 'hxxps://login[.]example[.]org/a' --since 7d --output json",
  ];
  static override args = { value: Args.string({ required: true, description: 'What to look up.' }) };
  static override flags = {
    since: Flags.string({
      summary: 'Events since a time, or for a duration up to now.',
      default: '30d',
      helpValue: 'TIME',
    }),
    until: Flags.string({ summary: 'Events until a time.', helpValue: 'TIME' }),
    limit: Flags.string({ summary: 'At most this many events.', default: '20', helpValue: 'N' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(IntelLookup);
    const output = this.outputFor(flags);
    const nowMs = Date.now();
    const range = readTimeRange(flags, { nowMs, utc: flags.utc });
    const limit = wholeNumber('limit', flags.limit, { min: 0, max: 1_000 });
    const { client } = await this.connect(flags);
    using _ = client;
    const found = await client.lookupIntel(args.value);
    const searches = (found.searches ?? []).map(({ filters }) => filters ?? []);
    const { events, backToUs } = await eventsOf(client, searches, range, limit);
    const record = {
      kind: found.kind ?? '',
      value: found.value ?? '',
      listed: (found.indicators?.length ?? 0) > 0,
      indicators: (found.indicators ?? []).map(indicatorRecord),
      withdrawn: (found.withdrawn ?? []).map(({ source, by, atUs }) => ({
        source: source ?? '',
        by: by ?? '',
        at: isoTime(atUs),
      })),
      events: events.map(eventRecord),
    };
    output.show(record, () => [
      ...lookupLines(found, { ...output, nowMs }),
      '',
      ...(events.length > 0
        ? renderTable(eventColumns({ ...output, nowMs }), events, output.columns)
        : [limit === 0 ? 'events were not searched' : `no stored event since ${flags.since} has it`]),
    ]);
    if (backToUs !== undefined)
      output.note(`events were searched back to ${isoTime(backToUs)} so far; --until goes on from there`);
    if (events.length === limit && limit > 0) output.note(`${limit} events shown; --limit shows more`);
  }
}

/** Newest first, each once. */
async function eventsOf(
  client: Pick<CollectorClient, 'searchEvents'>,
  searches: readonly FieldFilter[][],
  range: { sinceUs?: number; untilUs?: number },
  limit: number,
): Promise<{ events: StoredEvent[]; backToUs: number | undefined }> {
  const events = new Map<string, StoredEvent>();
  let backToUs: number | undefined;
  for (const filters of limit > 0 ? searches : []) {
    const { rows, searchedBackToUs } = await client.searchEvents({ filters, ...range }, limit);
    if (searchedBackToUs !== undefined) backToUs = Math.max(backToUs ?? 0, searchedBackToUs);
    for (const row of rows) {
      const { agentId, streamId, sequence, index } = row.reference ?? {};
      events.set(`${agentId} ${Buffer.from(streamId ?? []).toString('hex')} ${sequence} ${index}`, row);
    }
  }
  const newest = [...events.values()].sort((a, b) => (b.eventAtUs ?? 0) - (a.eventAtUs ?? 0));
  return { events: newest.slice(0, limit), backToUs };
}
