import { Args, Flags } from '@oclif/core';
import type { ActRequest } from '@threatguard/proto';
import { ConsoleError } from '../model/console-error.ts';
import { ACTS, type ActWord, RESULT_KEYS, resultColumns, resultRecord } from '../model/triage.ts';
import { ConsoleCommand, wholeNumber } from './console-command.ts';

/** Alerts one command names; the collector takes as many. */
const IDS_MAX = 200;

/** What every act takes: alerts, and which state of them was seen. */
export const actArgs = {
  id: Args.string({ required: true, description: 'Ids of alerts, or how they begin; several are allowed.' }),
};
export const actFlags = {
  seen: Flags.string({
    summary: 'The triage_version that was seen: refused where somebody acted on the alert since.',
    helpValue: 'N',
  }),
};

/** One act on the alerts that are named. Each is changed or says why not; where one was not, the command fails. */
export abstract class AlertActCommand extends ConsoleCommand {
  protected async act(
    word: ActWord,
    parsed: {
      argv: readonly unknown[];
      flags: {
        home?: string | undefined;
        output: string;
        utc: boolean;
        fields?: string | undefined;
        seen?: string | undefined;
      };
    },
    request: Pick<ActRequest, 'text' | 'assignee' | 'verdict'>,
  ): Promise<void> {
    const { argv, flags } = parsed;
    const output = this.outputFor(flags);
    if (argv.length > IDS_MAX) throw new ConsoleError('usage', `at most ${IDS_MAX} alerts at once, not ${argv.length}`);
    const seen =
      flags.seen === undefined ? {} : { triageVersion: wholeNumber('seen', flags.seen, { min: 0, max: 1_000_000 }) };
    const targets = argv.map((id) => ({ id: String(id).toLowerCase(), ...seen }));
    const { client } = await this.connect(flags);
    using _ = client;
    const results = await client.actOnAlerts({ targets, action: ACTS[word].action, ...request });
    output.list({ rows: results, columns: resultColumns(word), keys: RESULT_KEYS, record: resultRecord });
    const left = results.filter(({ alert }) => !alert);
    if (left.length === 0) return;
    const code = left.every(({ refusal }) => refusal === 'not_found') ? 'not_found' : 'failure';
    throw new ConsoleError(code, `${left.length} of ${results.length} alerts were not changed`);
  }
}
