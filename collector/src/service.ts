// Under systemd the collector is a service of Type=notify with a watchdog (sd_notify(3)). Node has no datagrams to unix
// sockets, so systemd-notify(1), which is wherever systemd is, says each word; the signs of life come from the event
// loop's own timer, so a loop that hangs falls silent.
import { spawn } from 'node:child_process';

const COMMAND_MS_MAX = 5000;
/** sd_watchdog_enabled(3) asks for half the time allowed; a third leaves room for one late turn. */
const WATCHDOG_SHARE = 3;

export interface ServiceManager extends Disposable {
  /** From now on the collector serves. */
  ready(status: string): void;
  stopping(): void;
}

/** The manager that started this process; one that hears nothing where none did. */
export function serviceManager(environment: Record<string, string | undefined>): ServiceManager {
  if (!environment.NOTIFY_SOCKET) return { ready() {}, stopping() {}, [Symbol.dispose]() {} };
  const watchdogMs = Number(environment.WATCHDOG_USEC ?? 0) / 1000;
  let timer: NodeJS.Timeout | undefined;
  const say = (...words: string[]) => {
    const child = spawn('systemd-notify', words, { env: environment, stdio: 'ignore', timeout: COMMAND_MS_MAX });
    // Not to be started, or too late: the manager draws its own conclusion from the silence.
    child.once('error', () => undefined);
    child.unref();
  };
  return {
    ready(status) {
      say('--ready', `--status=${status}`);
      if (watchdogMs > 0) timer = setInterval(() => say('WATCHDOG=1'), watchdogMs / WATCHDOG_SHARE).unref();
    },
    stopping() {
      clearInterval(timer);
      say('STOPPING=1', 'STATUS=stopping');
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
