#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
// Runs on Node 26. Where the PATH offers an older one, the one npm installed beside us is started instead.
import { spawn } from 'node:child_process';
import module, { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';

if (Number(process.versions.node.split('.')[0]) >= 26) {
  // What V8 made of our sources, types already erased, for the next start. Beside the code and not in a temporary directory,
  // where another user could put code into it; where it cannot be written, it is done without. Threads heed the variable alone.
  const compiled = join(import.meta.dirname, '..', 'node_modules', '.cache', 'compile');
  process.env.NODE_COMPILE_CACHE ??= compiled;
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE);
  await import('../src/main.ts');
} else {
  const node = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', ...process.argv.slice(1)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}
