import { createInterface } from 'node:readline/promises';
import { ConsoleError } from '../model/console-error.ts';
import { printable } from '../model/printable.ts';
import type { Invocation } from './invocation.ts';

/** Whether somebody could be asked anything. */
export function canAsk({ stdin }: Pick<Invocation, 'stdin'>): boolean {
  return Boolean((stdin as { isTTY?: boolean }).isTTY);
}

/** Asks on the terminal; only a plain yes is one. Throws ConsoleError `failure` where the question was broken off. */
export async function confirm(
  question: string,
  { stdin, stderr, stopped }: Pick<Invocation, 'stdin' | 'stderr' | 'stopped'>,
): Promise<boolean> {
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    const answer = await lines.question(`${printable(question)} [y/N] `, { signal: stopped });
    return /^y(es)?$/i.test(answer.trim());
  } catch (cause) {
    throw new ConsoleError('failure', 'nothing was changed', { cause });
  } finally {
    lines.close();
  }
}
