import { Args, Flags } from '@oclif/core';
import { ConsoleError } from '../../model/console-error.ts';
import { contextRecord } from '../../model/context.ts';
import { printable } from '../../model/printable.ts';
import { contextHome, makeContextHome } from '../../services/context-home.ts';
import { lookAtContext } from '../../services/known-context.ts';
import { stateDirectory } from '../../services/xdg.ts';
import { ConsoleCommand, describe } from '../console-command.ts';

const FILES = ['collector', 'ca', 'certificate', 'key'] as const;

export class ContextAdd extends ConsoleCommand {
  static override summary = 'Name a collector, so that commands can say --context NAME.';
  static override description = describe(
    'Of a deployment whose state directory is here: --home. Of one elsewhere: its address, and the files a console has there ' +
      '(HOME/console: ca.crt, console.crt, console.key), which are copied to $XDG_STATE_HOME/threatguard/contexts. ' +
      'The names are kept in $XDG_CONFIG_HOME/threatguard/contexts.json.',
  );
  static override examples = [
    '<%= config.bin %> context add lab --home /srv/lab/threatguard',
    '<%= config.bin %> context add prod --collector tg.example.com:7443 --ca ca.crt --certificate console.crt --key console.key',
  ];
  static override args = { name: Args.string({ required: true, description: 'Name of the context.' }) };
  static override flags = {
    collector: Flags.string({ summary: 'Where the collector listens.', helpValue: 'HOST:PORT' }),
    ca: Flags.string({ summary: 'CAs to trust, in PEM.', helpValue: 'FILE' }),
    certificate: Flags.string({ summary: 'Certificate of this console, in PEM.', helpValue: 'FILE' }),
    key: Flags.string({ summary: 'Its private key, in PEM.', helpValue: 'FILE' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ContextAdd);
    const output = this.outputFor(flags);
    const { name } = args;
    const contexts = this.contexts();
    contexts.mayAdd(name);
    const missing = FILES.filter((file) => flags[file] === undefined);
    const made = contextHome(stateDirectory(this.invocation.env), name);
    if (flags.home !== undefined && missing.length === FILES.length) {
      const { problem, home } = lookAtContext({ name, home: this.placeOf(flags).home }, '');
      if (problem) throw new ConsoleError('usage', `${home}: ${problem}`);
      contexts.add({ name, home });
    } else if (flags.home === undefined && missing.length === 0) {
      const { collector = '', ca = '', certificate = '', key = '' } = flags;
      makeContextHome(made, { collector, ca, certificate, key });
      contexts.add({ name, home: made });
    } else {
      const all = FILES.map((file) => `--${file}`).join(', ');
      throw new ConsoleError('usage', `a context is of a --home, or of all of ${all}`);
    }
    const added = lookAtContext(contexts.find(name), contexts.current().name);
    output.show(contextRecord(added), () => [`added ${name}: ${printable(added.collector ?? '')}`]);
    output.note(`"threatguard context use ${name}" makes it the one commands speak to`);
  }
}
