// The agent's own: settings, identity, room for the spool, the clock, and whether it runs.
import { accessSync, constants, existsSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AgentConfig } from '../config.ts';
import { isHomeHeld } from '../home-lock.ts';
import { type Identity, identityDirectory, readIdentity } from '../identity/identity-files.ts';
import { isClockSynchronised } from '../kernel/clock-state.ts';
import { type Finding, reporter } from './finding.ts';

const report = reporter('agent');
const DAY_MS = 86_400_000;
const EXPIRY_DAYS_MIN = 7;
const OTHERS = 0o077;

/** The settings where they are valid; the finding says where they are not. */
export function checkConfig(read: () => AgentConfig): { config?: AgentConfig; finding: Finding } {
  try {
    return { config: read(), finding: report.ok('settings', 'agent.yaml is valid') };
  } catch (error) {
    const message = (error as Error).message;
    return { finding: report.degraded('settings', message, 'correct it; threatguard-agent config checks it') };
  }
}

export function checkIdentity(home: string, nowMs: number): { identity?: Identity; finding: Finding } {
  const closed = closedDirectory(home) ?? closedDirectory(identityDirectory(home));
  if (closed) {
    return {
      finding: report.degraded(
        'identity',
        `${closed} may not be read by this user`,
        'run this as root: sudo threatguard-agent doctor',
      ),
    };
  }
  try {
    const identity = readIdentity(home);
    return { identity, finding: identityFinding(home, identity, nowMs) };
  } catch (error) {
    return {
      finding: report.degraded(
        'identity',
        (error as Error).message,
        'a token is made with: threatguard agents token create',
      ),
    };
  }
}

function identityFinding(home: string, identity: Identity, nowMs: number): Finding {
  const { name, agentId, certificate } = identity;
  const enrolAgain = 'enrol again: threatguard-agent enroll --force --collector HOST:PORT --token TOKEN';
  const until = certificate.validToDate.toISOString().slice(0, 10);
  const days = Math.floor((certificate.validToDate.getTime() - nowMs) / DAY_MS);
  if (nowMs < certificate.validFromDate.getTime()) {
    return report.degraded(
      'identity',
      `the certificate of ${name} is not valid yet: this clock is behind`,
      'set the clock (timedatectl)',
    );
  }
  if (days < 0) return report.degraded('identity', `the certificate of ${name} ended on ${until}`, enrolAgain);
  if (days < EXPIRY_DAYS_MIN)
    return report.degraded('identity', `the certificate of ${name} ends on ${until}, in ${days} days`, enrolAgain);
  const key = join(identityDirectory(home), 'agent.key');
  if ((statSync(key).mode & OTHERS) !== 0)
    return report.degraded('identity', `${key} can be read by others`, `chmod 600 ${key}`);
  return report.ok('identity', `${name} (${agentId}), certificate until ${until}`);
}

/** Whether a full spool has room here, beside what it holds already. */
export function checkSpool(home: string, bytesMax: number): Finding {
  const spool = join(home, 'spool');
  if (closedDirectory(home))
    return report.degraded('spool', `${home} may not be read by this user`, 'run this as root');
  let place = spool;
  while (!existsSync(place)) place = dirname(place);
  const { bavail, bsize } = statfsSync(place);
  const held = place === spool ? spoolBytes(spool) : 0;
  const mib = (bytes: number) => `${Math.floor(bytes / 1024 / 1024)} MiB`;
  const finding = `${mib(bavail * bsize)} free in ${place}, ${mib(held)} of at most ${mib(bytesMax)} in use`;
  if (bavail * bsize + held < bytesMax) {
    return report.degraded('spool', finding, 'free some space, or lower spool.bytesMax in agent.yaml');
  }
  return isWritable(place)
    ? report.ok('spool', finding)
    : report.degraded('spool', `${place} cannot be written`, 'run the agent as root');
}

export async function checkRunning(home: string): Promise<Finding> {
  if (closedDirectory(home))
    return report.degraded('service', `${home} may not be read by this user`, 'run this as root');
  if (await isHomeHeld(home)) return report.ok('service', 'an agent runs with this state directory');
  const start = existsSync('/run/systemd/system') ? 'systemctl start threatguard-agent' : 'threatguard-agent run';
  return report.degraded('service', 'no agent runs: nothing is seen', `enrol this host, or start it: ${start}`);
}

export function checkClock(): Finding {
  const { ok, degraded } = reporter('host');
  if (isClockSynchronised()) return ok('clock', 'kept right by a time service');
  return degraded(
    'clock',
    'no time service keeps it right: times of events may be off',
    'install chrony or systemd-timesyncd',
  );
}

/** The directory where it is there and closed to this user. */
function closedDirectory(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : path;
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false; // read-only, or not ours: the spool fails all the same
  }
}

function spoolBytes(spool: string): number {
  return readdirSync(spool).reduce((sum, name) => sum + statSync(join(spool, name)).size, 0);
}
