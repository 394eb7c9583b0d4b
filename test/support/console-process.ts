import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from './source-files.ts';

const BIN = join(ROOT, 'console', 'bin', 'threatguard.js');
const NODE = ['--disable-warning=ExperimentalWarning', BIN];

export interface ConsoleResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a console command as a process of its own, in a pipe, to its end; an `undefined` of `env` takes a variable away. */
export function runConsole(
  args: string[],
  env: Record<string, string | undefined> = {},
  input?: string,
): Promise<ConsoleResult> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 };
    const child = execFile(process.execPath, [...NODE, ...args], options, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr });
    });
    if (input !== undefined) child.stdin?.end(input);
  });
}

/** A console command that goes on until it is stopped, its output line by line. */
export class RunningConsole implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly notes: string[] = [];
  readonly child: ChildProcess;
  readonly #ended: Promise<number | null>;

  constructor(args: string[], env: Record<string, string> = {}) {
    const child = spawn(process.execPath, [...NODE, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    this.#ended = new Promise((resolve) => child.once('close', resolve));
    createInterface({ input: child.stdout }).on('line', (line) => this.lines.push(line));
    createInterface({ input: child.stderr }).on('line', (line) => this.notes.push(line));
  }

  /** Ends it as Ctrl-C does; resolves with its exit code. */
  stop(): Promise<number | null> {
    this.child.kill('SIGINT');
    return this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null) await this.stop();
  }
}
