import type { Readable, Writable } from 'node:stream';

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
  /** Aborted when the process is asked to stop. */
  stopped: AbortSignal;
}

let current: Invocation | undefined;

export function beginInvocation(invocation: Invocation): void {
  current = invocation;
}

/** The invocation main.ts began. */
export function invocation(): Invocation {
  if (!current) throw new Error('a command ran before main.ts began the invocation');
  return current;
}
