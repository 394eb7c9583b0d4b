import { Args, Flags } from '@oclif/core';
import { ConsoleError } from '../../model/console-error.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

export class IntelRemove extends ConsoleCommand {
  static override summary = 'Remove a source with all it says, or take one value out.';
  static override description = describe(
    'A value that is taken out stays out of this source, or without --source of all of them, whatever later imports say; --undo ' +
      'lets it in again. "threatguard intel lookup" says who took it out. Both are entries of the audit log.',
  );
  static override usage = 'intel remove (--source NAME | VALUE [--source NAME] [--undo])';
  static override examples = [
    '<%= config.bin %> intel remove --source isac',
    '<%= config.bin %> intel remove cdn.example.org',
    '<%= config.bin %> intel remove cdn.example.org --undo',
  ];
  static override args = { value: Args.string({ description: 'The value to take out.' }) };
  static override flags = {
    source: Flags.string({ summary: 'The source to remove, or to take the value out of.', helpValue: 'NAME' }),
    undo: Flags.boolean({ summary: 'Let a value in again that was taken out.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(IntelRemove);
    const output = this.outputFor(flags);
    const { value } = args;
    if (value === undefined && flags.source === undefined) {
      throw new ConsoleError('usage', 'name a value, or a source with --source NAME');
    }
    if (value === undefined && flags.undo) throw new ConsoleError('usage', '--undo needs the value that was taken out');
    const { client } = await this.connect(flags);
    using _ = client;
    const { source, undo } = flags;
    const done = await client.removeIntel({ value: value ?? '', source: source ?? '', undo });
    const record = {
      kind: done.kind || undefined,
      value: done.value || undefined,
      source,
      undone: undo,
      removed: done.removed ?? 0,
    };
    const whose = source === undefined ? 'of all sources' : `of ${source}`;
    output.show(record, () => [
      value === undefined
        ? `${source} is removed with its ${done.removed ?? 0} indicators`
        : `${done.kind} ${done.value} is ${undo ? 'let in again' : 'taken out'} ${whose}`,
    ]);
  }
}
