import { beginInvocation, invocation } from './commands/invocation.ts';
import { runQuickDashboard } from './commands/quick-dashboard.ts';
import { printableLines } from './model/printable.ts';

const stop = new AbortController();
/** How many commands at work must end what they began before the process may. */
let orderly = 0;

// Whoever reads us may stop reading (`| head`), or the terminal is closed: that is no error, and nobody is left to tell.
function outputGone(error: NodeJS.ErrnoException): void {
  if (orderly === 0) process.exit(error.code === 'EPIPE' ? 0 : 1);
  stop.abort();
}
process.stdout.on('error', outputGone);
for (const stream of [process.stderr, process.stdin]) stream.on('error', () => undefined);

// React reads it when it is loaded: without, every frame is drawn by the build for those who debug React.
process.env.NODE_ENV ??= 'production';

/** Who takes Ctrl-C, the newest last; where nobody does, the process stops. */
const interrupted: (() => void)[] = [];
// On while the process lives: a second Ctrl-C, or npm passing on the first, must not cut an orderly stop short.
process.on('SIGINT', () => (interrupted.at(-1) ?? (() => stop.abort()))());
for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());

const argv = process.argv.slice(2);
beginInvocation({
  argv,
  env: process.env,
  isRoot: process.getuid?.() === 0,
  pid: process.pid,
  execPath: process.execPath,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  stopped: stop.signal,
  endsInOrder() {
    orderly++;
    // oclif has a listener of its own by now, which throws.
    process.stdout.removeAllListeners('error').on('error', outputGone);
    return {
      [Symbol.dispose]: () => {
        orderly--;
      },
    };
  },
  takeInterrupts(onInterrupt) {
    interrupted.push(onInterrupt);
    return {
      [Symbol.dispose]: () => {
        interrupted.splice(interrupted.lastIndexOf(onInterrupt), 1);
      },
    };
  },
});

const { message, exitCode } = await runInvocation();
if (message) process.stderr.write(`${printableLines(message)}\n`);
process.stdout.write('', () => process.exit(exitCode));

async function runInvocation(): Promise<{ message: string; exitCode: number }> {
  try {
    if (await runQuickDashboard(invocation())) return { message: '', exitCode: 0 };
  } catch (error) {
    const { explain } = await import('./commands/explain.ts');
    return explain(error);
  }
  const { runWords } = await import('./commands/run-words.ts');
  return runWords(argv);
}
