// Which events matter at once, and which matter least when the queue is full. Pure.
import { Activity, EventClass, type HostEvent } from '@threatguard/proto';

const SHELLS = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'mksh', 'ash', 'fish', 'csh', 'tcsh', 'busybox', 'rbash']);
const INTERPRETERS =
  /^(?:python|perl|ruby|node|php|lua|tclsh|awk|gawk|mawk|socat|nc|ncat|netcat|busybox|sh|bash|dash|zsh|ksh|pwsh)[\d.]*(?:\.traditional|\.openbsd)?$/;
/** Prefixes of files whose change gives access or keeps it: accounts, sudo, ssh, cron, units, preload, PAM, login scripts. */
const CRITICAL_PREFIXES = [
  '/etc/passwd',
  '/etc/shadow',
  '/etc/group',
  '/etc/gshadow',
  '/etc/sudoers',
  '/etc/ssh/',
  '/etc/pam.d/',
  '/etc/cron',
  '/var/spool/cron',
  '/etc/systemd/system/',
  '/etc/ld.so.preload',
  '/etc/profile',
  '/etc/audit/',
  '/etc/rsyslog',
];
const CRITICAL_NAMES = /\/(?:authorized_keys2?|\.ssh\/[^/]+|\.bashrc|\.profile|\.bash_profile|\.zshrc|\.rhosts)$/;

/** Whether an event must leave within the fast lane's limit instead of waiting for its batch. */
export function isUrgent(event: HostEvent): boolean {
  switch (event.class) {
    case EventClass.AUTHENTICATION:
    case EventClass.ACCOUNT:
      return true;
    case EventClass.PROCESS:
      return event.activity === Activity.EXEC && isSocketShell(event);
    case EventClass.NETWORK:
      return event.activity === Activity.LISTENING && INTERPRETERS.test(imageName(event));
    case EventClass.FILE:
      return isCriticalPath(event.file?.path ?? '');
    case EventClass.HOST:
      return event.activity !== Activity.SAMPLE && event.activity !== Activity.INVENTORY_CHANGED;
    default:
      return false;
  }
}

/** How dear an event is when one must go: lower goes first. What changes rights or accounts is dearer than all that only happens. */
export function shedValue(event: HostEvent): number {
  if (event.class === EventClass.HOST && event.activity === Activity.SAMPLE) return 0;
  if (event.activity === Activity.CONNECTION_CLOSED) return 1;
  if (isUrgent(event)) return 6;
  if (event.class === EventClass.PROCESS && event.activity === Activity.EXIT) return 2;
  if (event.class === EventClass.PROCESS && event.activity === Activity.EXEC) return 3;
  if (event.class === EventClass.NETWORK) return 4;
  return 5;
}

/** One more than the highest value `shedValue` gives. */
export const SHED_VALUES = 7;

function isSocketShell(event: HostEvent): boolean {
  if ((event.process?.stdioSockets?.length ?? 0) === 0) return false;
  const { executable = '', name = '', parentName = '', parentExecutable = '' } = event.process ?? {};
  return [baseName(executable), name, parentName, baseName(parentExecutable)].some((image) => SHELLS.has(image));
}

function isCriticalPath(path: string): boolean {
  return CRITICAL_PREFIXES.some((prefix) => path.startsWith(prefix)) || CRITICAL_NAMES.test(path);
}

function imageName(event: HostEvent): string {
  return baseName(event.process?.executable ?? '') || (event.process?.name ?? '');
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
