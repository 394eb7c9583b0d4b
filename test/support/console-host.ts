// A process that runs console commands one after the other, each as if it were alone in one: for tests that run many, and would wait
// for a start of Node each time. What is about the process itself (signals, pipes, help, start) has one of its own: console-process.ts.
import { Readable, Writable } from 'node:stream';
import { beginInvocation } from '../../console/src/commands/invocation.ts';
import { runWords } from '../../console/src/commands/run-words.ts';
import { printableLines } from '../../console/src/model/printable.ts';

export interface HostedCommand {
  id: number;
  args: string[];
  env: Record<string, string>;
}

let before = Promise.resolve();

process.on('message', (command: HostedCommand) => {
  before = before.then(() => run(command));
});
process.on('disconnect', () => process.exit(0));

async function run({ id, args, env }: HostedCommand): Promise<void> {
  const stdout = new Collected();
  const stderr = new Collected();
  beginInvocation({
    argv: args,
    env,
    isRoot: process.getuid?.() === 0,
    pid: process.pid,
    execPath: process.execPath,
    stdin: Readable.from([]),
    stdout,
    stderr,
    stopped: new AbortController().signal,
    endsInOrder: () => ({ [Symbol.dispose]: () => undefined }),
    takeInterrupts: () => ({ [Symbol.dispose]: () => undefined }),
  });
  const { message, exitCode } = await runWords(args);
  const ending = message ? `${printableLines(message)}\n` : '';
  process.send!({ id, code: exitCode, stdout: stdout.text, stderr: stderr.text + ending });
}

class Collected extends Writable {
  readonly #parts: Buffer[] = [];

  override _write(part: Buffer, _encoding: string, done: () => void): void {
    this.#parts.push(part);
    done();
  }

  get text(): string {
    return Buffer.concat(this.#parts).toString();
  }
}
