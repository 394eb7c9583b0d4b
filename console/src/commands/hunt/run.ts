import { Args, Flags } from '@oclif/core';
import type { ParsedHunt } from '@threatguard/proto';
import { ConsoleError } from '../../model/console-error.ts';
import { EVENT_KEYS, eventColumns, eventRecord } from '../../model/event.ts';
import { gatherHunt, groupColumns, groupRecord, readHunt, timelineLines, treeLines } from '../../model/hunt.ts';
import { readTimeRange } from '../alert-flags.ts';
import { ConsoleCommand, describe, oneOf } from '../console-command.ts';
import { printHunt, refuseToFollow } from '../follow-hunt.ts';
import { isUtf8 } from '../locale.ts';

/** Of a hunt that names no time. */
const SINCE = '24h';
const VIEWS = ['table', 'timeline', 'tree'] as const;

export class HuntRun extends ConsoleCommand {
  static override summary = 'Search events in the hunt language, and count them.';
  static override description = describe(
    'Conditions are field:value with ECS names or short ones (user, host, ip, process, cmd, path), joined by and, or, not ' +
      'and brackets; labels.NAME is a label of the agent; * is any text, 10.0.0.0/8 any address in it, field:(a or b) one of several, pid>1000 compares. After | ' +
      'come "count by FIELD,...", "sort FIELD" or "sort -FIELD", "limit N". Ctrl-C ends it on the collector too. The name ' +
      'of a saved hunt runs that one.',
  );
  static override usage = 'hunt run QUERY [--since TIME] [--until TIME] [--view table|timeline|tree] [--follow]';
  static override examples = [
    "<%= config.bin %> hunt run 'user:root and process.executable:*/curl and not ip:10.0.0.0/8 | count by host.name | sort -count | limit 20'",
    '<%= config.bin %> hunt run \'cmd:"*base64 -d*" or path:/etc/cron.d/*\' --since 7d --view timeline',
    "<%= config.bin %> hunt run 'host:web-1 category:process' --since 1h --view tree",
    "<%= config.bin %> hunt run 'labels.env:prod and outcome:failure | count by labels.role, user' --since 1h",
    "<%= config.bin %> hunt run 'labels.env:prod and exe:*/nc' --follow --output json",
  ];
  static override args = {
    query: Args.string({ required: true, description: 'The hunt, or the name of a saved one.' }),
  };
  static override flags = {
    since: Flags.string({
      summary: `Since a time, or for a duration up to now; ${SINCE} unless told otherwise.`,
      helpValue: 'TIME',
    }),
    until: Flags.string({ summary: 'Until a time; a duration counts back from now.', helpValue: 'TIME' }),
    view: Flags.string({ summary: `How events are shown: ${VIEWS.join(', ')}.`, default: 'table', helpValue: 'VIEW' }),
    follow: Flags.boolean({
      summary:
        'Print events as they come, a line each, with --since those since then first; "| limit N" ends it. Counts are a table ' +
        'that is painted again.',
      exclusive: ['until'],
    }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(HuntRun);
    const output = this.outputFor(flags);
    const nowMs = Date.now();
    const view = oneOf('view', VIEWS, flags.view);
    const spanOf = (since: string | undefined) =>
      readTimeRange({ since, until: flags.until }, { nowMs: Date.now(), utc: flags.utc });
    spanOf(flags.since);
    const named = /^[a-z][a-z0-9-]*$/.test(args.query);
    const check = (hunt: ParsedHunt) => flags.follow && refuseToFollow(hunt, { format: output.format, view });
    if (!named) check(readHunt(args.query));
    const { client } = await this.connect(flags);
    using _ = client;
    const query = named ? await this.#saved(client, args.query) : args.query;
    const hunt = readHunt(query);
    const counts = hunt.countBy !== undefined;
    const { stopped: signal } = this.invocation;
    if (flags.follow) {
      check(hunt);
      const span = () => spanOf(counts ? (flags.since ?? SINCE) : flags.since);
      return await printHunt({ client, query, hunt, span, output, version: this.config.version, signal });
    }
    const answer = await gatherHunt(client.runHunt({ query, ...spanOf(flags.since ?? SINCE) }, signal));
    const { events, groups, columns } = answer;
    if (counts) {
      output.list({
        rows: groups,
        columns: groupColumns(columns),
        keys: columns,
        record: groupRecord(columns),
        flat: true,
      });
    } else if (view === 'table' || output.format !== 'table') {
      output.list({
        rows: events,
        columns: eventColumns({ ...output, nowMs }),
        keys: EVENT_KEYS,
        record: eventRecord,
        flat: true,
      });
    } else {
      output.lines(
        view === 'tree' ? treeLines(events, !isUtf8(this.invocation.env)) : timelineLines(events, output.utc),
      );
    }
    if (events.length + groups.length === 0) output.note('nothing matches');
    if (answer.cut) {
      const back = answer.searchedBackToUs;
      output.note(back ? `${answer.cut}; it came back to ${new Date(back / 1000).toISOString()}` : answer.cut);
    }
  }

  async #saved(client: { listHunts(): Promise<{ name?: string; query?: string }[]> }, name: string): Promise<string> {
    const hunts = await client.listHunts();
    const found = hunts.find((hunt) => hunt.name === name);
    if (found?.query) return found.query;
    throw new ConsoleError(
      'not_found',
      `no hunt is saved as "${name}"; a condition is written field:value, such as user:${name}`,
    );
  }
}
