import { Command, Flags, type Interfaces } from '@oclif/core';
import { suggest } from '@threatguard/proto';
import { EXPORT_FORMATS } from '@threatguard/proto/export';
import { ConsoleError } from '../model/console-error.ts';
import type { Contexts } from '../services/contexts.ts';
import { invocation } from './invocation.ts';
import { OUTPUT_FORMATS, Output } from './output.ts';
import { type Connected, connectTo, contextsOf, type Place, type PlaceFlags, placeOf } from './place.ts';

/** Stands in the help of every command. */
const EXIT_CODES_HELP =
  'Exit codes: 0 done, 1 failed, 2 wrong use, 3 no collector to reach, 4 not found, 5 refused or not allowed; of evidence 6 not proven, 7 not readable.';

/** One of a closed list, with "did you mean" for anything near. */
export function oneOf<const Choice extends string>(name: string, choices: readonly Choice[], text: string): Choice {
  const found = choices.find((choice) => choice === text);
  if (found) return found;
  throw new ConsoleError('usage', `--${name} "${text}" is not known${suggest(text, choices)}`);
}

/** A whole number in a range; anything else is wrong use. */
export function wholeNumber(name: string, text: string, range: { min: number; max: number }): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= range.min && value <= range.max) return value;
  throw new ConsoleError('usage', `--${name} "${text}" must be a whole number from ${range.min} to ${range.max}`);
}

function readFields(text: string): string[] {
  const fields = text
    .split(',')
    .map((field) => field.trim())
    .filter(Boolean);
  if (fields.length === 0) throw new ConsoleError('usage', '--fields names no key; write --fields id,severity');
  return fields;
}

export function describe(text: string): string {
  return `${text}\n\n${EXIT_CODES_HELP}`;
}

type FlagOutput = Interfaces.OutputFlags<Interfaces.FlagInput>;
type ArgOutput = Interfaces.OutputArgs<Interfaces.ArgInput>;

/** What all commands share: where the deployment is, how to print, and errors that are ours. */
export abstract class ConsoleCommand extends Command {
  static override baseFlags = {
    home: Flags.string({
      summary: 'State directory of the deployment.',
      description: 'Default: THREATGUARD_HOME, else /var/lib/threatguard as root, else ~/.local/state/threatguard.',
      helpValue: 'DIR',
    }),
    context: Flags.string({
      summary: 'Which collector, by the name "context add" gave it.',
      description: 'Default: THREATGUARD_CONTEXT, else what "context use" chose, else local.',
      helpValue: 'NAME',
      exclusive: ['home'],
    }),
    output: Flags.string({
      summary: 'How to print: table, json or csv.',
      default: 'table',
      helpValue: 'table|json|csv',
      parse: async (text) => oneOf('output', OUTPUT_FORMATS, text),
    }),
    utc: Flags.boolean({ summary: 'Print times in UTC instead of local time.' }),
    fields: Flags.string({
      summary: 'Print only these keys, in this order: those of --output json, dotted.',
      helpValue: 'KEY,...',
    }),
  };

  protected readonly invocation = invocation();

  protected outputFor(flags: { output: string; utc: boolean; fields?: string | undefined }): Output {
    return new Output({
      fields: flags.fields === undefined ? undefined : readFields(flags.fields),
      format: oneOf('output', [...OUTPUT_FORMATS, ...EXPORT_FORMATS], flags.output),
      utc: flags.utc,
      invocation: this.invocation,
    });
  }

  protected placeOf(flags: PlaceFlags): Place {
    return placeOf(this.invocation, flags);
  }

  protected contexts(): Contexts {
    return contextsOf(this.invocation);
  }

  protected connect(flags: PlaceFlags): Promise<Connected> {
    return connectTo(this.invocation, flags);
  }

  /** What was not written is missing. oclif would look for it on stdin, which belongs to a shell, a feed, or nobody. */
  protected override parse<F extends FlagOutput, B extends FlagOutput, A extends ArgOutput>(
    options: Interfaces.Input<F, B, A> = this.ctor as Interfaces.Input<F, B, A>,
    argv?: string[],
  ): Promise<Interfaces.ParserOutput<F, B, A>> {
    const args = Object.entries(options.args ?? {}).map(([name, arg]) => [name, { ...arg, ignoreStdin: true }]);
    const { flags, baseFlags } = options;
    return super.parse({ ...options, flags, baseFlags, args: Object.fromEntries(args) } as typeof options, argv);
  }

  // main.ts prints and maps to exit codes; oclif must not.
  protected override async catch(error: Interfaces.CommandError): Promise<never> {
    throw error;
  }
}
