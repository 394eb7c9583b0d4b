// Before the tests: brings the servers they run against, where this user may, and says so in one line. What cannot be had is
// skipped by name, so nothing here fails the tests.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { missingServers, SERVERS } from './servers.ts';

const LISTS = '/var/lib/apt/lists';
/** A mirror that stalls is asked again; another apt at work, as after a boot, is waited for. */
const PATIENCE = ['-o', 'Acquire::Retries=3', '-o', 'Acquire::http::Timeout=30', '-o', 'DPkg::Lock::Timeout=300'];

/** Debian starts a service as it is installed; with a runlevel of 1 it does not. */
function apt(...words: string[]): boolean {
  const { status, stderr } = spawnSync('apt-get', [...PATIENCE, '-q', ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  });
  if (status !== 0) console.error(`apt-get ${words.join(' ')} failed:\n${stderr?.trim()}`);
  return status === 0;
}

const missing = missingServers();
const mayInstall =
  process.getuid?.() === 0 && existsSync('/usr/bin/apt-get') && process.env.THREATGUARD_NO_INSTALL !== '1';

if (missing.length > 0 && mayInstall) {
  const packages = missing.map((name) => SERVERS[name].debianPackage);
  console.log(`installing ${packages.join(', ')} with apt, for the tests (THREATGUARD_NO_INSTALL=1 forbids it)`);
  const install = () => apt('install', '-y', '--no-install-recommends', ...packages);
  const listed = existsSync(LISTS) && readdirSync(LISTS).some((name) => /Packages(\.lz4)?$/.test(name));
  // Lists of long ago name versions that the mirror does not have any more.
  if (!(listed && install())) {
    apt('update');
    install();
  }
}

const stillMissing = missingServers();
if (stillMissing.length > 0) console.log(`tests that need ${stillMissing.join(', ')} will be skipped by name`);
