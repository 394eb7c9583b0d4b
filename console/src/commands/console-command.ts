import { resolve } from 'node:path';
import { Command, Flags, type Interfaces } from '@oclif/core';
import { suggest } from '@threatguard/proto';
import { EXPORT_FORMATS } from '@threatguard/proto/export';
import type { CollectorClient } from '../client/collector-client.ts';
import type { Deployment } from '../client/deployment.ts';
import { defaultHome } from '../client/deployment.ts';
import { ConsoleError } from '../model/console-error.ts';
import { printable } from '../model/printable.ts';
import { invocation } from './invocation.ts';
import { OUTPUT_FORMATS, Output } from './output.ts';

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

/** What all commands share: where the deployment is, how to print, and errors that are ours. */
export abstract class ConsoleCommand extends Command {
  static override baseFlags = {
    home: Flags.string({
      summary: 'State directory of the deployment.',
      description: 'Default: THREATGUARD_HOME, else /var/lib/threatguard as root, else ~/.local/state/threatguard.',
      helpValue: 'DIR',
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

  protected homeOf(flags: { home?: string | undefined }): string {
    return resolve(flags.home ?? defaultHome(this.invocation.env, this.invocation.isRoot));
  }

  /** A client of the deployment's collector. gRPC is loaded here, so that help and wrong use answer without it. */
  protected async connect(flags: {
    home?: string | undefined;
  }): Promise<{ client: CollectorClient; deployment: Deployment }> {
    const [{ readDeployment }, { openCollector }] = await Promise.all([
      import('../client/deployment.ts'),
      import('../client/collector-client.ts'),
    ]);
    const deployment = readDeployment(this.homeOf(flags));
    const note = (text: string) => this.invocation.stderr.write(`${printable(text)}\n`);
    return { client: openCollector(deployment, note), deployment };
  }

  // main.ts prints and maps to exit codes; oclif must not.
  protected override async catch(error: Interfaces.CommandError): Promise<never> {
    throw error;
  }
}
