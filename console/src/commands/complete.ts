import { completeWords } from './complete-words.ts';
import { ConsoleCommand, describe } from './console-command.ts';
import { wholeConfig } from './run-words.ts';

/** What the completion scripts call: the words so far, the last of which is being typed. */
export class Complete extends ConsoleCommand {
  static override hidden = true;
  static override strict = false;
  static override summary = 'Print what the last word could become.';
  static override description = describe('For the scripts of "completion".');
  static override examples = ['<%= config.bin %> complete -- alerts sh'];

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(Complete);
    const { invocation } = this;
    const { commands } = await wholeConfig();
    this.outputFor(flags).lines(await completeWords(argv as string[], commands, { invocation, flags }));
  }
}
