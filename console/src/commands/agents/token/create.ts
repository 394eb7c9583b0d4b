import { Flags } from '@oclif/core';
import { ConsoleError } from '../../../model/console-error.ts';
import { parseDuration } from '../../../model/duration.ts';
import { renderPairs } from '../../../model/table.ts';
import { humanTime, isoTime, zoneName } from '../../../model/time.ts';
import { ConsoleCommand, describe, wholeNumber } from '../../console-command.ts';

/** A token is a secret that lies around; longer than this it will be forgotten. */
const VALID_SECONDS_MAX = 90 * 86_400;

export class AgentsTokenCreate extends ConsoleCommand {
  static override summary = 'Create a token that enrols agents.';
  static override description = describe(
    "The token is shown once: it names the collector's CA, so an agent trusts this fleet from the first byte. " +
      'On the new host: threatguard-agent enroll --collector HOST:PORT --token TOKEN',
  );
  static override examples = [
    '<%= config.bin %> agents token create',
    '<%= config.bin %> agents token create --uses 50 --valid 7d --group web --label "web servers"',
    '<%= config.bin %> agents token create --replace',
  ];
  static override flags = {
    uses: Flags.string({ summary: 'How many agents it may enrol.', default: '1', helpValue: 'N' }),
    valid: Flags.string({ summary: 'How long it is valid: 30m, 24h, 7d.', default: '24h', helpValue: 'DURATION' }),
    group: Flags.string({ summary: 'What the agents it enrols belong to.', default: '' }),
    replace: Flags.boolean({
      summary: 'A host takes the place of the agent that has its name, as after a new install.',
    }),
    label: Flags.string({ summary: 'What it is for, for whoever reads the list later.', default: '' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(AgentsTokenCreate);
    const output = this.outputFor(flags);
    const request = {
      uses: wholeNumber('uses', flags.uses, { min: 1, max: 100_000 }),
      validSeconds: readValidity(flags.valid),
      label: flags.label,
      group: flags.group,
      replace: flags.replace ?? false,
    };
    const { client } = await this.connect(flags);
    using _ = client;
    const made = await client.createToken(request);
    const record = {
      token: made.token ?? '',
      uses: made.uses ?? 0,
      expires_at: isoTime(made.expiresAtUs),
      label: flags.label,
      group: flags.group,
      replace: request.replace,
    };
    output.show(record, () =>
      renderPairs([
        ['token', record.token],
        ['uses', String(record.uses)],
        ['expires', `${humanTime(made.expiresAtUs, output.utc)} ${zoneName(Date.now(), output.utc)}`],
      ]),
    );
  }
}

function readValidity(text: string): number {
  const seconds = parseDuration(text) ?? 0;
  if (seconds > 0 && seconds <= VALID_SECONDS_MAX) return seconds;
  throw new ConsoleError('usage', `--valid "${text}" must be a duration such as 30m, 24h or 7d, at most 90d`);
}
