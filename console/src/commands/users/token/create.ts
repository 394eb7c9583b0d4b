import { Args, Flags } from '@oclif/core';
import { ConsoleError } from '../../../model/console-error.ts';
import { parseDuration } from '../../../model/duration.ts';
import { renderPairs } from '../../../model/table.ts';
import { humanTime, isoTime, zoneName } from '../../../model/time.ts';
import { ConsoleCommand, describe } from '../../console-command.ts';

const VALID_SECONDS_MAX = 365 * 86_400;

export class UsersTokenCreate extends ConsoleCommand {
  static override summary = 'Create a token with which a script asks the HTTP service.';
  static override description = describe(
    'The token is shown once, and has some of the scopes of its user. In a script: curl -H "Authorization: Bearer TOKEN".',
  );
  static override examples = [
    '<%= config.bin %> users token create ana --scope alerts:read --scope incidents:read --label soar',
    '<%= config.bin %> users token create prometheus --scope monitoring:read --valid 365d',
  ];
  static override args = { user: Args.string({ required: true, description: 'Whose token it is.' }) };
  static override flags = {
    scope: Flags.string({ summary: 'What it may; several times for several.', multiple: true, required: true }),
    valid: Flags.string({ summary: 'How long it is valid: 12h, 90d.', default: '90d', helpValue: 'DURATION' }),
    label: Flags.string({ summary: 'What it is for, for whoever reads the list later.', default: '' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(UsersTokenCreate);
    const output = this.outputFor(flags);
    const validSeconds = parseDuration(flags.valid) ?? 0;
    if (validSeconds <= 0 || validSeconds > VALID_SECONDS_MAX) {
      throw new ConsoleError('usage', `--valid "${flags.valid}" must be a duration such as 12h or 90d, at most 365d`);
    }
    const { client } = await this.connect(flags);
    using _ = client;
    const made = await client.makeUserToken({ user: args.user, scopes: flags.scope, label: flags.label, validSeconds });
    const record = {
      token: made.token ?? '',
      id: made.record?.id ?? '',
      user: made.record?.user ?? '',
      scopes: made.record?.scopes ?? [],
      expires_at: isoTime(made.record?.expiresAtUs),
    };
    output.show(record, () =>
      renderPairs([
        ['token', record.token],
        ['id', record.id],
        ['scopes', record.scopes.join(' ')],
        ['expires', `${humanTime(made.record?.expiresAtUs, output.utc)} ${zoneName(Date.now(), output.utc)}`],
      ]),
    );
  }
}
