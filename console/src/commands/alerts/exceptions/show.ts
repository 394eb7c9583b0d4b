import { Args } from '@oclif/core';
import { detectionRecord, detectionTable, exceptionPairs, exceptionRecord } from '../../../model/exception.ts';
import { ConsoleCommand, describe } from '../../console-command.ts';

export class ExceptionsShow extends ConsoleCommand {
  static override summary = 'Show one exception and the newest of what it hides.';
  static override description = describe('The id may be cut short as long as only one exception begins with it.');
  static override examples = ['<%= config.bin %> alerts exceptions show 01kah2'];
  static override args = { id: Args.string({ required: true, description: 'Id of the exception, or how it begins.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ExceptionsShow);
    const output = this.outputFor(flags);
    const { client } = await this.connect(flags);
    using _ = client;
    const { exception, hidden } = await client.getException(args.id);
    const record = exceptionRecord(exception ?? {});
    output.show({ ...record, detections: (hidden ?? []).map(detectionRecord) }, () => [
      ...exceptionPairs(exception ?? {}, { utc: flags.utc, nowMs: Date.now() }),
      '',
      ...(hidden?.length ? detectionTable(hidden, output) : ['nothing that it hid is kept']),
    ]);
  }
}
