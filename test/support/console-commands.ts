import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { HostedCommand } from './console-host.ts';
import type { ConsoleResult } from './console-process.ts';

const PROGRAM = fileURLToPath(new URL('console-host.ts', import.meta.url));

let host: ChildProcess | undefined;
let asked = 0;
const waiting = new Map<number, (result: ConsoleResult) => void>();

/**
 * Runs a console command to its end in one process for all of a test file, one at a time, with nothing on its standard input. An
 * `undefined` of `env` takes a variable away.
 */
export function runCommand(args: string[], env: Record<string, string | undefined> = {}): Promise<ConsoleResult> {
  const id = ++asked;
  const all = Object.entries({ ...process.env, ...env }).filter(([, value]) => value !== undefined);
  const command: HostedCommand = { id, args, env: Object.fromEntries(all) as Record<string, string> };
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    hostOf().send(command);
  });
}

function hostOf(): ChildProcess {
  if (host) return host;
  host = fork(PROGRAM, {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  host.on('message', ({ id, ...result }: ConsoleResult & { id: number }) => {
    waiting.get(id)?.(result);
    waiting.delete(id);
  });
  // Whoever waits is told, and the next command has another.
  host.once('exit', (code) => {
    host = undefined;
    for (const resolve of waiting.values()) resolve({ code, stdout: '', stderr: 'the process of the commands ended' });
    waiting.clear();
  });
  // It ends when the file has: it is disconnected then.
  host.unref();
  host.channel?.unref();
  return host;
}
