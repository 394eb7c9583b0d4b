import { Flags } from '@oclif/core';
import { ConsoleError } from '../../model/console-error.ts';
import { parseDuration } from '../../model/duration.ts';
import { keysRecord, scheduleText } from '../../model/keys.ts';
import { renderPairs } from '../../model/table.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class KeysSchedule extends ConsoleCommand {
  static override summary = 'Rotate the ML-KEM epoch regularly, by the collector itself, or no longer.';
  static override description = describe(
    'The first rotation is one such time from now. One that is due while another runs, or while the collector is ' +
      'stopped, begins after that. Without --every it shows the schedule.',
  );
  static override examples = [
    '<%= config.bin %> keys schedule --every 30d',
    '<%= config.bin %> keys schedule --every off',
  ];
  static override flags = {
    every: Flags.string({ summary: 'How often: from 1d to 3650d, or off.', helpValue: 'DURATION|off' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(KeysSchedule);
    const output = this.outputFor(flags);
    const everySeconds = flags.every === undefined ? undefined : readEvery(flags.every);
    const { client } = await this.connect(flags);
    using _ = client;
    const report = everySeconds === undefined ? await client.getKeys() : await client.scheduleRotation(everySeconds);
    output.show(keysRecord(report), () => renderPairs([['schedule', scheduleText(report, output.utc)]]));
  }
}

function readEvery(text: string): number {
  if (text === 'off') return 0;
  const seconds = parseDuration(text) ?? 0;
  if (seconds >= 86_400 && seconds <= 3_650 * 86_400) return seconds;
  throw new ConsoleError('usage', `--every "${text}" must be a duration from 1d to 3650d, such as 30d, or "off"`);
}
