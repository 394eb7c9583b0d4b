#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
// Runs on Node 26. Where the PATH offers an older one, the one npm installed beside us is started instead.
import { spawn } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { createRequire, enableCompileCache } from 'node:module';
import { constants, homedir } from 'node:os';
import { dirname, join } from 'node:path';

if (Number(process.versions.node.split('.')[0]) >= 26) {
  keepCompiled(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'threatguard', 'compiled'));
  await import('../src/main.ts');
} else {
  const node = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', ...process.argv.slice(1)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

/**
 * Keeps what V8 made of our sources for the next start, which is then several times quicker and takes a quarter less memory.
 * It is code: only in a directory of our own that nobody else may write, and without one there is none.
 */
function keepCompiled(directory) {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const { uid, mode } = statSync(directory);
    if (uid === process.getuid() && (mode & 0o022) === 0) enableCompileCache(directory);
  } catch {
    // A home that cannot be written, or none at all: it starts as it did the first time.
  }
}
