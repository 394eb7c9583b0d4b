import { Args } from '@oclif/core';
import { exceptionPairs, exceptionRecord } from '../../../model/exception.ts';
import { ConsoleCommand, describe } from '../../console-command.ts';

export class ExceptionsRemove extends ConsoleCommand {
  static override summary = 'Take an exception back: from now on its rule alerts again.';
  static override description = describe('What it hid stays recorded, and "alerts exceptions list --ended" shows it.');
  static override examples = ['<%= config.bin %> alerts exceptions remove 01kah2'];
  static override args = { id: Args.string({ required: true, description: 'Id of the exception, or how it begins.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ExceptionsRemove);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const exception = await client.removeException(args.id);
    output.show(exceptionRecord(exception), () => exceptionPairs(exception, { utc: flags.utc, nowMs: Date.now() }));
  }
}
