import { Flags } from '@oclif/core';
import { VERDICTS, type VerdictName } from '../../model/triage.ts';
import { AlertActCommand, actArgs, actFlags } from '../alert-act.ts';
import { describe, oneOf } from '../console-command.ts';

const NAMES = Object.keys(VERDICTS) as VerdictName[];

export class AlertsClose extends AlertActCommand {
  static override summary = 'Close alerts with what they were found to be.';
  static override description = describe(
    'true-positive: it happened and matters. false-positive: it did not happen. benign: it happened and was allowed. ' +
      'Triage learns from it. An incident is closed with the last of its alerts.',
  );
  static override usage = `alerts close ID... --verdict ${NAMES.join('|')} [--reason TEXT] [--seen N]`;
  static override examples = [
    '<%= config.bin %> alerts close 01kah2 --verdict benign --reason "nightly backup"',
    '<%= config.bin %> alerts close 01kah2 01kah3 --verdict false-positive',
  ];
  static override strict = false;
  static override args = actArgs;
  static override flags = {
    ...actFlags,
    verdict: Flags.string({ summary: `What they are: ${NAMES.join(', ')}.`, required: true, helpValue: 'VERDICT' }),
    reason: Flags.string({ summary: 'Why, for whoever sees the next one.', default: '', helpValue: 'TEXT' }),
  };

  async run(): Promise<void> {
    const parsed = await this.parse(AlertsClose);
    const verdict = VERDICTS[oneOf('verdict', NAMES, parsed.flags.verdict.toLowerCase())];
    await this.act('close', parsed, { verdict, text: parsed.flags.reason });
  }
}
