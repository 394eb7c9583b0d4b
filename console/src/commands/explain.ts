import { suggest } from '@threatguard/proto';
import { ConsoleError, EXIT_CODES } from '../model/console-error.ts';

/** How a command ended, for main.ts: what to write on stderr, and the exit code. */
export interface Ending {
  message: string;
  exitCode: number;
}

interface ParseError extends Error {
  /** Of arguments that are missing. */
  args?: { name?: string; description?: string }[];
  flags?: string[];
  parse?: { input?: { flags?: Record<string, unknown> } };
  oclif?: { exit?: number };
}

/** Of a command that ends with the code of another, which was said already: a shell. */
export class EndedWith extends Error {
  override readonly name = 'EndedWith';
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`ended with ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** One place turns whatever a command threw into words and a code. A bug keeps its stack. */
export function explain(error: unknown): Ending {
  if (error instanceof ConsoleError) {
    return { message: `error: ${unwrapped(error.message)}`, exitCode: EXIT_CODES[error.code] };
  }
  if (error instanceof EndedWith) return { message: '', exitCode: error.exitCode };
  if (!(error instanceof Error)) return { message: `error: ${String(error)}`, exitCode: EXIT_CODES.failure };
  const parseError = error as ParseError;
  const flags = Object.keys(parseError.parse?.input?.flags ?? {}).map((name) => `--${name}`);
  const wrong = parseError.flags?.[0];
  if (Array.isArray(parseError.flags) && typeof wrong === 'string') {
    return { message: `error: there is no flag ${wrong}${suggest(wrong, flags)}`, exitCode: EXIT_CODES.usage };
  }
  const missing = parseError.args?.[0];
  if (parseError.parse !== undefined && missing?.name) {
    const what = missing.description ? `: ${missing.description.replace(/\.$/, '')}` : '';
    const message = `error: ${missing.name.toUpperCase()} is missing${what}; --help shows how it is used`;
    return { message, exitCode: EXIT_CODES.usage };
  }
  if (parseError.parse !== undefined || parseError.oclif?.exit === 2) {
    return { message: `error: ${firstLine(error.message)}; --help shows how it is used`, exitCode: EXIT_CODES.usage };
  }
  if (parseError.oclif?.exit === 0) return { message: '', exitCode: 0 };
  return { message: `error: ${error.stack ?? error.message}`, exitCode: EXIT_CODES.failure };
}

/** oclif writes what it was doing around the message of whatever reads the value of a flag. */
function unwrapped(message: string): string {
  return message.replace(/^Parsing --\S+\s*\n\t/, '').replace(/\nSee more help with --help$/, '');
}

/** With the second where the first only announces it ("Missing 1 required arg:"). */
function firstLine(text: string): string {
  const [first = '', second = ''] = text.split('\n').map((line) => line.trim().replaceAll(/\s+/g, ' '));
  if (/^The following errors? occurred:$/.test(first)) return second;
  return first.endsWith(':') ? `${first} ${second}` : first;
}
