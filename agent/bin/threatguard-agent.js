#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
// Runs on Node 26. Where the PATH offers an older one, the one npm installed beside us is started instead.
import { spawn } from 'node:child_process';
import module, { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';

if (Number(process.versions.node.split('.')[0]) >= 26) {
  // A young generation of 1 MiB and one C heap for all threads: 30 MiB less for a process that mostly waits. Both must be
  // known before Node starts, so the program is put in its own place again with them: same process id, same descriptors.
  const small = '--max-semi-space-size=1';
  if (process.argv[2] === 'run' && !process.execArgv.includes(small)) {
    const args = [process.execPath, ...process.execArgv, small, ...process.argv.slice(1)];
    process.execve(process.execPath, args, { ...process.env, MALLOC_ARENA_MAX: '1' });
  }
  // With a cache the type stripper is not even loaded: 33 MiB less. Beside the code and not in a temporary directory,
  // where another user could put code into it; where it cannot be written, it is done without.
  module.enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'compile'));
  await import('../src/main.ts');
} else {
  const node = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', ...process.argv.slice(1)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}
