import { setTimeout as wait } from 'node:timers/promises';
import type { ParsedHunt } from '@threatguard/proto';
import type { CollectorClient } from '../client/collector-client.ts';
import { ConsoleError, isUnreachable } from '../model/console-error.ts';
import { gatherHunt, groupColumns } from '../model/hunt.ts';
import { renderTable } from '../model/table.ts';
import { clockTime } from '../model/time.ts';
import { printEvents } from './follow-events.ts';
import type { Output } from './output.ts';

/** Between two counts; after one that took longer, as long as it took, so that the collector has half of its time for others. */
const COUNT_MS = 2_000;

/** What cannot be followed. Throws `usage`. */
export function refuseToFollow(hunt: ParsedHunt, { format, view }: { format: string; view: string }): void {
  if (hunt.countBy && format !== 'table') {
    const help = 'leave out "| count", or --follow for the counts as they are now';
    throw new ConsoleError('usage', `--follow paints counts again and again, which --output ${format} cannot; ${help}`);
  }
  if (hunt.sort && !hunt.countBy) {
    throw new ConsoleError('usage', '--follow prints events as they come; leave out "| sort"');
  }
  if (view !== 'table') throw new ConsoleError('usage', `--follow prints a line for each event; leave out --view`);
}

/** Events of a hunt a line each as they come; counts as a table that is painted again. Until the signal fires. */
export async function printHunt(options: {
  client: CollectorClient;
  query: string;
  hunt: ParsedHunt;
  /** Anew each time: a duration counts back from now. */
  span: () => { sinceUs?: number };
  output: Output;
  version: string;
  signal: AbortSignal;
}): Promise<void> {
  const { hunt, span, ...rest } = options;
  if (hunt.countBy) return printCounts(options);
  await printEvents({ ...rest, limit: hunt.limit, sinceUs: span().sinceUs });
}

async function printCounts({ client, query, span, output, signal }: Parameters<typeof printHunt>[0]): Promise<void> {
  let last = '';
  let begun = false;
  let away = false;
  while (!signal.aborted) {
    const startedMs = performance.now();
    try {
      const { groups, columns, cut } = await gatherHunt(client.runHunt({ query, ...span() }, signal));
      if (signal.aborted) return;
      if (away) output.note('the collector is back');
      begun = true;
      away = false;
      const table = renderTable(groupColumns(columns), groups, output.columns);
      const lines = groups.length > 0 ? table : ['nothing matches so far'];
      if (cut) lines.push(cut);
      // In a pipe only what has changed is worth another table.
      if (output.columns !== undefined || lines.join('\n') !== last) {
        output.repaint([`at ${clockTime(Date.now() * 1000, output.utc)}`, ...lines]);
      }
      last = lines.join('\n');
    } catch (error) {
      if (!begun || !isUnreachable(error)) throw error;
      if (!away) output.note(`${error.message}; trying again`);
      away = true;
    }
    const pauseMs = Math.max(COUNT_MS, performance.now() - startedMs);
    await wait(pauseMs, undefined, { signal }).catch(() => undefined); // stopped: the loop ends
  }
}
