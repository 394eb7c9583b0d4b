import { ConsoleError } from '../model/console-error.ts';
import type { Invocation } from './invocation.ts';

/** Refuses where there is no terminal: before anything else is looked for. */
export function needTerminal({ stdin, stdout }: Invocation): void {
  if (stdout.isTTY && (stdin as { isTTY?: boolean }).isTTY) return;
  throw new ConsoleError('usage', 'the dashboard needs a terminal; "threatguard alerts watch" works in a pipe');
}
