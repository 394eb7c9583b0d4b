// Under systemd the agent is a service of Type=notify with a watchdog (sd_notify(3)): it says when it is ready, what it
// does, that it lives, and that it stops. Every word is said from the event loop, so a loop that hangs falls silent.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { sendUnixDatagram } from './kernel/unix-datagram.ts';

export const UNIT = 'threatguard-agent.service';
const SYSTEMD_RUNS = '/run/systemd/system';
const SYSTEMCTL_MS_MAX = 90_000;
/** Without a watchdog the status is still kept true. */
const STATUS_INTERVAL_MS = 30_000;
/** sd_watchdog_enabled(3) asks for half the time allowed; a third leaves room for one late turn. */
const WATCHDOG_SHARE = 3;

export interface ServiceManager extends Disposable {
  /** From now on the agent works. `status` is asked again at every sign of life; one line. */
  ready(status: () => string): void;
  stopping(): void;
}

/** The manager that started this process; one that hears nothing where none did. */
export function serviceManager(environment: Record<string, string | undefined>, pid: number): ServiceManager {
  const { NOTIFY_SOCKET: path, WATCHDOG_USEC: watchdogUs, WATCHDOG_PID: watchdogPid } = environment;
  if (!path) return { ready() {}, stopping() {}, [Symbol.dispose]() {} };
  const watched = Number(watchdogUs) > 0 && (watchdogPid === undefined || Number(watchdogPid) === pid);
  const intervalMs = watched ? Math.max(1, Number(watchdogUs) / 1000 / WATCHDOG_SHARE) : STATUS_INTERVAL_MS;
  let timer: NodeJS.Timeout | undefined;
  // A manager that is being replaced (daemon-reexec) is not listening for a moment; the next sign reaches the new one.
  const say = (...lines: string[]) => sendUnixDatagram(path, Buffer.from(lines.join('\n')));
  const oneLine = (text: string) => `STATUS=${text.replaceAll(/\p{Cc}+/gu, ' ')}`;
  return {
    ready(status) {
      say('READY=1', oneLine(status()));
      timer = setInterval(() => say(...(watched ? ['WATCHDOG=1'] : []), oneLine(status())), intervalMs);
      timer.unref();
    },
    stopping() {
      clearInterval(timer);
      say('STOPPING=1', 'STATUS=stopping');
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** What came of asking systemd to start the agent: `none` where there is no systemd or no such unit. */
export type ServiceStart = { kind: 'none' } | { kind: 'started' } | { kind: 'failed'; reason: string };

/** Starts the packaged service, or starts it anew. */
export function startService(): ServiceStart {
  if (!existsSync(SYSTEMD_RUNS) || systemctl('cat', UNIT).status !== 0) return { kind: 'none' };
  const { status, stderr } = systemctl('restart', UNIT);
  return status === 0 ? { kind: 'started' } : { kind: 'failed', reason: stderr.trim() };
}

function systemctl(...args: string[]) {
  return spawnSync('systemctl', args, { encoding: 'utf8', timeout: SYSTEMCTL_MS_MAX });
}
