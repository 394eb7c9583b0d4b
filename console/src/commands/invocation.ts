import type { Readable, Writable } from 'node:stream';
import type { Connections } from '../client/connections.ts';

/** What the process was given. Made by main.ts, which alone looks at `process`; oclif makes the commands, so it waits here. */
export interface Invocation {
  argv: readonly string[];
  env: Record<string, string | undefined>;
  isRoot: boolean;
  pid: number;
  /** The Node that runs us; it runs the collector and the agent, too. */
  execPath: string;
  stdin: Readable;
  stdout: Writable & { isTTY?: boolean; columns?: number; rows?: number };
  stderr: Writable;
  /** Aborted when the process is asked to stop; in a shell, when this command is. */
  stopped: AbortSignal;
  /** Ctrl-C goes to this from now on, instead of stopping the process, until what it gives is disposed of. */
  takeInterrupts(onInterrupt: () => void): Disposable;
  /** Until it is disposed of, the process is only asked to stop where its output has gone, instead of ending at once. */
  endsInOrder(): Disposable;
  /** Connections that outlive a command, in a shell; absent where a command makes its own. */
  connections?: Connections;
}

let current: Invocation | undefined;

export function beginInvocation(invocation: Invocation): void {
  current = invocation;
}

/** The invocation main.ts began, or the command of a shell within it. */
export function invocation(): Invocation {
  if (!current) throw new Error('a command ran before main.ts began the invocation');
  return current;
}

/** Runs a command of a shell with an invocation of its own; one after another, because there is one current. */
export async function withInvocation<Result>(own: Invocation, run: () => Promise<Result>): Promise<Result> {
  const outer = current;
  current = own;
  try {
    return await run();
  } finally {
    current = outer;
  }
}
