import type { Readable, Writable } from 'node:stream';
import type { ParseArgsConfig } from 'node:util';

/** Arguments that cannot be carried out; the message says which, and what would be right. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What a command is given of the process it runs in. */
export interface Invocation {
  /** As `options` of the command describes them, and `home`. */
  values: Readonly<Record<string, string | boolean | undefined>>;
  /** What stands after the command's own words. */
  operands: readonly string[];
  environment: Readonly<Record<string, string | undefined>>;
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
  /** Settles once at the first SIGTERM or SIGINT; from the call on these no longer end the process by themselves. */
  untilSignal(): Promise<NodeJS.Signals>;
  /** Acts at each SIGHUP from the call on; of a process in a terminal it means that the terminal is gone, and ends it. */
  onHangUp(act: () => void): void;
}

/** One command: a file of its own, loaded only when it is called. */
export interface Command {
  options: NonNullable<ParseArgsConfig['options']>;
  /** Whether it takes words that are no options; one that does not refuses them. */
  operands?: boolean;
  /** What `--help` after the command prints. */
  usage: string;
  /** Gives the exit code; nothing is 0. */
  run(invocation: Invocation): Promise<number | undefined>;
}

/** The text of an option, undefined where it was not given. */
export function text({ values }: Invocation, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

/** The deployment's state directory. Throws UsageError where none is named. */
export function homeOf(invocation: Invocation): string {
  const home = text(invocation, 'home') ?? invocation.environment.THREATGUARD_HOME;
  if (!home) throw new UsageError('--home DIR, or THREATGUARD_HOME, says where the state is');
  return home;
}
