// Before the tests: brings the servers they run against, where this user may, and says so in one line.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { missingServers, SERVERS } from './servers.ts';

const missing = missingServers();
const mayInstall =
  process.getuid?.() === 0 && existsSync('/usr/bin/apt-get') && process.env.THREATGUARD_NO_INSTALL !== '1';

if (missing.length > 0 && mayInstall) {
  const packages = missing.map((name) => SERVERS[name].debianPackage);
  console.log(`installing ${packages.join(', ')} with apt, for the tests (THREATGUARD_NO_INSTALL=1 forbids it)`);
  // Debian starts a service as it is installed; a policy script that answers 101 keeps it from that.
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const lists = existsSync('/var/lib/apt/lists') ? readdirSync('/var/lib/apt/lists') : [];
  if (!lists.some((name) => name.endsWith('Packages') || name.endsWith('Packages.lz4'))) {
    execFileSync('apt-get', ['update', '-q'], { stdio: ['ignore', 'ignore', 'inherit'], env: environment });
  }
  const installed = spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    env: environment,
  });
  if (installed.status !== 0) console.error(`apt-get install failed:\n${installed.stderr.trim()}`);
}

const stillMissing = missingServers();
if (stillMissing.length > 0) {
  console.log(`tests that need ${stillMissing.join(', ')} will be skipped by name`);
  if (process.env.CI === 'true') process.exitCode = 1;
}
