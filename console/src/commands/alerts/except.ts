import { Args, Flags } from '@oclif/core';
import { ConsoleError } from '../../model/console-error.ts';
import {
  EXPIRES_DEFAULT,
  exceptionRecord,
  exceptionRequest,
  previewLines,
  previewRecord,
  readExpiry,
} from '../../model/exception.ts';
import { canAsk, confirm } from '../confirm.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class AlertsExcept extends ConsoleCommand {
  static override summary = 'Make an exception from an alert: more of the same is recorded, and raises no alert.';
  static override description = describe(
    'It is an exception of the rule that raised the alert, and of no other, where every field has exactly the value the ' +
      'alert has: upper and lower case matter, and * is a star. Without --field it asks for all fields that can be the ' +
      'same another time, which is the narrowest there is; the column WITHOUT IT says how much more it would hide ' +
      'without each. What it would have hidden in the last 30 days is shown before it is saved. What it hides is counted ' +
      '("alerts exceptions list") and kept.',
  );
  static override examples = [
    '<%= config.bin %> alerts except 01kah2',
    '<%= config.bin %> alerts except 01kah2 --field process.executable --field user.name --expires 90d',
    '<%= config.bin %> alerts except 01kah2 --dry-run --output json',
    '<%= config.bin %> alerts except 01kah2 --yes --reason "nightly backup"',
  ];
  static override args = { id: Args.string({ required: true, description: 'Id of the alert, or how it begins.' }) };
  static override flags = {
    field: Flags.string({
      summary: 'Ask for this field of the alert, and others named so; agent.id is its host.',
      helpValue: 'NAME',
      multiple: true,
    }),
    expires: Flags.string({
      summary: 'When it ends: 12h, 30d, or never.',
      default: EXPIRES_DEFAULT,
      helpValue: 'DURATION',
    }),
    reason: Flags.string({ summary: 'Why, for those who read it later.', helpValue: 'TEXT' }),
    yes: Flags.boolean({ summary: 'Save it without asking.' }),
    'dry-run': Flags.boolean({ summary: 'Only show what it would have hidden.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(AlertsExcept);
    const output = this.outputFor(flags);
    const expiresSeconds = readExpiry(flags.expires);
    const { client } = await this.connect(flags);
    using _ = client;
    const preview = await client.previewException({ alertId: args.id, fields: flags.field ?? [] });
    const nowUs = Date.now() * 1000;
    const endsAtUs = expiresSeconds === undefined ? undefined : nowUs + expiresSeconds * 1e6;
    const table = output.format === 'table';
    if (table || flags['dry-run'])
      output.show(previewRecord(preview), () => previewLines(preview, { ...output, endsAtUs }));
    if (flags['dry-run']) return;
    if (!flags.yes) await this.#ask();
    const { exception } = await client.addException(
      exceptionRequest(preview, { reason: flags.reason ?? '', expiresSeconds }),
    );
    if (!table) output.show(exceptionRecord(exception ?? {}), () => []);
    output.note(
      `exception ${exception?.id} is in force; the alert itself stays as it is, and "threatguard alerts exceptions remove ${exception?.id}" takes it back`,
    );
  }

  async #ask(): Promise<void> {
    if (!canAsk(this.invocation)) {
      throw new ConsoleError(
        'usage',
        'nothing was saved: nobody can be asked here; --yes saves it, --dry-run only shows it',
      );
    }
    if (!(await confirm('Save this exception?', this.invocation))) {
      throw new ConsoleError('failure', 'nothing was saved');
    }
  }
}
