import { Args } from '@oclif/core';
import { contextRecord } from '../../model/context.ts';
import { printable } from '../../model/printable.ts';
import { lookAtContext } from '../../services/known-context.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class ContextUse extends ConsoleCommand {
  static override summary = 'Choose the collector commands speak to from now on.';
  static override description = describe('--home, --context, THREATGUARD_CONTEXT and THREATGUARD_HOME go before it.');
  static override examples = ['<%= config.bin %> context use prod', '<%= config.bin %> context use local'];
  static override args = { name: Args.string({ required: true, description: 'Name of the context.' }) };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ContextUse);
    const output = this.outputFor(flags);
    const used = lookAtContext(this.contexts().use(args.name), args.name);
    output.show(contextRecord(used), () => [
      printable(`commands speak to ${used.name}: ${used.collector ?? used.problem}`),
    ]);
    if (this.placeOf({}).context !== used.name) {
      const { THREATGUARD_CONTEXT: named } = this.invocation.env;
      output.note(`here ${named ? `THREATGUARD_CONTEXT=${named}` : 'THREATGUARD_HOME'} goes before it`);
    }
  }
}
