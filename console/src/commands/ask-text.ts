import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { ConsoleError } from '../model/console-error.ts';
import { printable } from '../model/printable.ts';
import type { Invocation } from './invocation.ts';

/** Asks on the terminal; `hidden` shows nothing of what is typed. Throws ConsoleError `failure` where it was broken off. */
export async function askText(
  question: string,
  { stdin, stderr, stopped }: Pick<Invocation, 'stdin' | 'stderr' | 'stopped'>,
  { hidden = false } = {},
): Promise<string> {
  // In a raw terminal Ctrl-C is a key like any other, which readline reports.
  const broken = new AbortController();
  const prompt = `${printable(question)} `;
  // Of what readline writes nothing is shown, so the question is asked beside it.
  if (hidden) stderr.write(prompt);
  const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : stderr;
  const lines = createInterface({ input: stdin, output, terminal: true, historySize: 0 });
  lines.on('SIGINT', () => broken.abort());
  lines.on('close', () => broken.abort());
  try {
    const answer = await lines.question(hidden ? '' : prompt, { signal: AbortSignal.any([stopped, broken.signal]) });
    if (hidden) stderr.write('\n');
    return answer;
  } catch (cause) {
    stderr.write('\n');
    throw new ConsoleError('failure', 'not logged in', { cause });
  } finally {
    lines.close();
  }
}
