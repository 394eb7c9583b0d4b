import { Args, Flags } from '@oclif/core';
import { parseSeverity } from '@threatguard/proto';
import { ConsoleError } from '../../model/console-error.ts';
import { parseDuration } from '../../model/duration.ts';
import { huntRecord, readHunt } from '../../model/hunt.ts';
import { renderPairs } from '../../model/table.ts';
import { ConsoleCommand, describe, oneOf } from '../console-command.ts';

const SEVERITIES = ['informational', 'low', 'medium', 'high', 'critical'] as const;

export class HuntSave extends ConsoleCommand {
  static override summary =
    'Save a hunt by a name; with --every it runs by itself and alerts where it finds something.';
  static override description = describe(
    'What a run finds on one host is one alert, which grows as long as it goes on.',
  );
  static override examples = [
    "<%= config.bin %> hunt save curl-as-root 'user:root process.executable:*/curl'",
    "<%= config.bin %> hunt save cron-written 'path:/etc/cron* and not process.executable:/usr/bin/dpkg' --every 10m --severity high",
  ];
  static override args = {
    name: Args.string({ required: true, description: 'Lower case letters, digits and dashes.' }),
    query: Args.string({ required: true, description: 'The hunt.' }),
  };
  static override flags = {
    every: Flags.string({ summary: 'Run it so often: from 1m to 1d.', helpValue: 'DURATION' }),
    severity: Flags.string({ summary: 'Of the alert.', default: 'medium', helpValue: 'LEVEL' }),
    replace: Flags.boolean({ summary: 'Replace the one that has this name.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(HuntSave);
    const output = this.outputFor(flags);
    readHunt(args.query);
    const everySeconds = flags.every === undefined ? 0 : (parseDuration(flags.every) ?? Number.NaN);
    if (Number.isNaN(everySeconds)) {
      throw new ConsoleError('usage', `--every "${flags.every}" must be a duration such as 10m or 1h`);
    }
    const severity = parseSeverity(oneOf('severity', SEVERITIES, flags.severity.toLowerCase())) ?? 0;
    const { client } = await this.connect(flags);
    using _ = client;
    const request = { name: args.name, query: args.query, everySeconds, severity, replace: flags.replace ?? false };
    const record = huntRecord(await client.saveHunt(request));
    output.show(record, () =>
      renderPairs([
        ['saved', String(record.name)],
        ['query', String(record.query)],
        ['runs', everySeconds ? `every ${flags.every}` : 'when it is asked for'],
      ]),
    );
  }
}
