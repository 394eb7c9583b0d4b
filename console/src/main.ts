import { beginInvocation, invocation } from './commands/invocation.ts';
import { runQuickDashboard } from './commands/quick-dashboard.ts';
import { printable } from './model/printable.ts';

// Whoever reads us may stop reading (`| head`): that is no error, and nobody is left to tell.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
process.stderr.on('error', () => undefined);

// React reads it when it is loaded: without, every frame is drawn by the build for those who debug React.
process.env.NODE_ENV ??= 'production';

const stop = new AbortController();
// On while the process lives: a second Ctrl-C, or npm passing on the first, must not cut an orderly stop short.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());

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
});

let exitCode = 0;
try {
  if (!(await runQuickDashboard(invocation()))) {
    const { runCommand } = await import('./commands/run-command.ts');
    await runCommand(argv);
  }
} catch (error) {
  const { explain } = await import('./commands/explain.ts');
  const ending = explain(error);
  exitCode = ending.exitCode;
  // Each line on its own through the gate: messages are ours, but name what hosts and people wrote.
  if (ending.message) process.stderr.write(`${ending.message.split('\n').map(printable).join('\n')}\n`);
}
process.stdout.write('', () => process.exit(exitCode));
