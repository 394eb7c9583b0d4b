import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConsoleError } from '../../model/console-error.ts';
import { logTail } from './log-tail.ts';

/** A command that makes files and ends; longer than this it hangs. */
const RUN_MS_MAX = 60_000;
/** How the agent ends where no collector answers it. */
const EXIT_UNREACHABLE = 3;

const PROGRAMS = {
  collector: () => import.meta.resolve('@threatguard/collector/bin'),
  agent: () => import.meta.resolve('@threatguard/agent/bin'),
};
type Program = keyof typeof PROGRAMS;

/** How the collector and the agent are started: on our own Node, from the packages installed beside us. */
export function programArgs(program: Program, args: readonly string[]): string[] {
  return ['--disable-warning=ExperimentalWarning', fileURLToPath(locate(program)), ...args];
}

/** Debian's packages of the three may be installed one by one; then the link to another leads nowhere. */
function locate(program: Program): string {
  try {
    return PROGRAMS[program]();
  } catch (cause) {
    const advice =
      'a whole deployment on this host needs the packages threatguard-collector and threatguard-agent beside this one';
    throw new ConsoleError('failure', `there is no ${program} here; ${advice}`, { cause });
  }
}

/** Runs one to its end, its output in `logFile`. Throws with what the log ends with where it fails or finds no collector. */
export async function runProgram(run: {
  what: string;
  execPath: string;
  args: string[];
  env: Record<string, string | undefined>;
  logFile: string;
  signal: AbortSignal;
}): Promise<void> {
  const log = createWriteStream(run.logFile, { flags: 'a', mode: 0o600 });
  await once(log, 'open');
  const signal = AbortSignal.any([run.signal, AbortSignal.timeout(RUN_MS_MAX)]);
  const child = spawn(run.execPath, run.args, { env: run.env, detached: true, stdio: ['ignore', log, log], signal });
  const { ending, code } = await new Promise<{ ending: string; code?: number | null }>((resolve) => {
    child.once('error', (error) => resolve({ ending: error.message }));
    child.once('close', (code) => resolve({ ending: `exit code ${code}`, code }));
  });
  log.close();
  run.signal.throwIfAborted();
  if (code === 0) return;
  const tail = logTail(run.logFile, 5).map((line) => `  ${line}`);
  const message = [`${run.what} failed (${ending}); ${run.logFile} ends with:`, ...tail].join('\n');
  throw new ConsoleError(code === EXIT_UNREACHABLE ? 'unreachable' : 'failure', message);
}
