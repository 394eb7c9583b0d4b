import { Args } from '@oclif/core';
import { COMPLETION_SCRIPTS } from '../model/completion.ts';
import { ConsoleCommand, describe, oneOf } from './console-command.ts';

const SHELLS = Object.keys(COMPLETION_SCRIPTS) as (keyof typeof COMPLETION_SCRIPTS)[];

export class Completion extends ConsoleCommand {
  static override summary =
    'Print a script that completes commands, flags, and live values: agents, alerts, incidents, hunts.';
  static override description = describe(
    'bash: source <(threatguard completion bash). zsh: source <(threatguard completion zsh). fish: threatguard completion fish | source.',
  );
  static override examples = ['source <(<%= config.bin %> completion bash)'];
  static override args = { shell: Args.string({ required: true, description: `One of ${SHELLS.join(', ')}.` }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Completion);
    this.outputFor(flags).line(COMPLETION_SCRIPTS[oneOf('shell', SHELLS, args.shell)]);
  }
}
