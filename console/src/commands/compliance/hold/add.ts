import { Flags } from '@oclif/core';
import { holdPairs, holdRecord } from '../../../model/hold.ts';
import { parseTime } from '../../../model/time.ts';
import { ConsoleCommand, describe } from '../../console-command.ts';

export class HoldAdd extends ConsoleCommand {
  static override summary = 'Keep what an agent, a user or a time has, past its retention.';
  static override description = describe(
    'Events, losses, evidence, alerts, incidents and risk that the hold names are not removed by age until it is removed, and a ' +
      'person it may be about cannot be erased. Envelopes are not cut by person: with --user all evidence of the agents and the ' +
      'time stays. Counts of events are not held. What was removed before does not come back.',
  );
  static override examples = [
    '<%= config.bin %> compliance hold add --agent web-1 --from 2026-11-01 --to 2026-11-08 --reason "case 4711"',
    '<%= config.bin %> compliance hold add --user alice --from 90d --reason "labour court, 12 Ca 34/26"',
  ];
  static override flags = {
    agent: Flags.string({ summary: 'Of this agent only, by name or id.', helpValue: 'NAME' }),
    user: Flags.string({ summary: 'Of this user name only, letter for letter.', helpValue: 'NAME' }),
    from: Flags.string({ summary: 'Since a time, or for a duration up to now.', helpValue: 'TIME' }),
    to: Flags.string({ summary: 'Until a time; without it, also what is still to come.', helpValue: 'TIME' }),
    reason: Flags.string({ summary: 'Why, for those who read it later.', helpValue: 'TEXT', required: true }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(HoldAdd);
    const output = this.outputFor(flags);
    const time = (flag: '--from' | '--to', text: string | undefined) =>
      text === undefined ? 0 : Math.max(1, parseTime(text, { flag, nowMs: Date.now(), utc: flags.utc }));
    const request = {
      agent: flags.agent ?? '',
      user: flags.user ?? '',
      fromUs: time('--from', flags.from),
      toUs: time('--to', flags.to),
      reason: flags.reason,
    };
    const { client } = await this.connect(flags);
    using _ = client;
    const hold = await client.addHold(request);
    output.show(holdRecord(hold), () => holdPairs(hold, output.utc));
  }
}
