// What an intruder changes to stay, to rise, or to hide.
import { release } from 'node:os';
import { dirname, join } from 'node:path';

export interface WatchedPath {
  path: string;
  /** A directory and what is in it, this many levels down; 0 is one file. */
  depth: number;
  /**
   * Content is read only below it, wherever symbolic links lead: who may write in the tree must not make us read, hash and
   * tell what is elsewhere.
   */
  root: string;
  /** The home it belongs to; absent for paths of the system. */
  home?: string;
}

const file = (path: string): WatchedPath => ({ path, depth: 0, root: dirname(path) });
const directory = (path: string, depth = 1): WatchedPath => ({ path, depth, root: path });

const ETC_FILES = [
  ...['passwd', 'shadow', 'group', 'gshadow', 'subuid', 'subgid', 'login.defs', 'shells', 'securetty'],
  ...['sudoers', 'doas.conf', 'pam.conf', 'hosts.allow', 'hosts.deny', 'hosts.equiv', 'shosts.equiv'],
  ...['crontab', 'anacrontab', 'cron.allow', 'cron.deny', 'at.allow', 'at.deny', 'inittab', 'rc.local'],
  ...['ld.so.preload', 'ld.so.conf', 'modules', 'environment', 'profile', 'bash.bashrc', 'bashrc', 'csh.cshrc'],
  ...['hosts', 'host.conf', 'resolv.conf', 'nsswitch.conf', 'rsyslog.conf', 'sysctl.conf', 'fstab', 'exports'],
];
const ETC_DIRECTORIES = [
  ...['sudoers.d', 'doas.d', 'pam.d', 'security', 'polkit-1/rules.d', 'profile.d', 'zsh', 'fish', 'skel'],
  ...['cron.d', 'cron.hourly', 'cron.daily', 'cron.weekly', 'cron.monthly', 'cron.yearly', 'init.d', 'init'],
  ...['ld.so.conf.d', 'modules-load.d', 'modprobe.d', 'udev/rules.d', 'sysctl.d', 'rsyslog.d', 'logrotate.d'],
  ...['systemd/system-generators', 'systemd/user-generators', 'NetworkManager/dispatcher.d', 'update-motd.d'],
  ...['apt/apt.conf.d', 'yum.repos.d', 'xdg/autostart', 'binfmt.d', 'tmpfiles.d'],
];
/** Where PAM modules lie: one that lets everybody in needs no other change. */
const PAM_MODULES = ['lib', 'lib64', 'lib/x86_64-linux-gnu', 'lib/aarch64-linux-gnu'].map(
  (path) => `/usr/${path}/security`,
);

/** The built-in list. A path that does not exist is waited for. */
export const CRITICAL_PATHS: WatchedPath[] = [
  ...ETC_FILES.map((name) => file(`/etc/${name}`)),
  ...ETC_DIRECTORIES.map((name) => directory(`/etc/${name}`)),
  directory('/etc/ssh', 2),
  directory('/etc/audit', 2),
  directory('/etc/rc.d', 2),
  directory('/etc/systemd/system', 2),
  directory('/etc/systemd/user', 2),
  directory('/run/systemd/system', 2),
  directory('/usr/lib/systemd/system', 2),
  directory('/usr/lib/systemd/system-generators'),
  directory('/usr/local/lib/systemd/system', 2),
  directory('/usr/local/lib/systemd/system-generators'),
  directory('/usr/lib/udev/rules.d'),
  directory('/run/udev/rules.d'),
  directory('/usr/lib/modprobe.d'),
  ...PAM_MODULES.map((path) => directory(path)),
  // Modules of the distribution come in packages; others are put here, and depmod then rewrites the lists above them.
  ...['', '/extra', '/updates', '/misc'].map((name) => directory(`/lib/modules/${release()}${name}`, name ? 3 : 1)),
  directory('/var/spool/cron', 2),
  directory('/var/spool/at'),
];

/** Relative to a home: what gives entry to it, and what its shell runs by itself. */
const HOME_FILES = [
  ...['.ssh/authorized_keys', '.ssh/authorized_keys2', '.ssh/rc', '.ssh/environment', '.ssh/config'],
  ...['.rhosts', '.shosts', '.pam_environment', '.profile', '.bash_profile', '.bash_login', '.bashrc'],
  ...['.bash_logout', '.bash_aliases', '.zshenv', '.zprofile', '.zshrc', '.zlogin', '.kshrc', '.cshrc', '.tcshrc'],
];
const HOME_DIRECTORIES = ['.config/systemd/user', '.config/autostart'];

export function homePaths(home: string): WatchedPath[] {
  const inHome = { root: home, home };
  return [
    ...HOME_FILES.map((name) => ({ path: join(home, name), depth: 0, ...inHome })),
    ...HOME_DIRECTORIES.map((name) => ({ path: join(home, name), depth: 2, ...inHome })),
  ];
}

/** Levels below a web root that are watched: frameworks nest deep, uploads rarely deeper. */
const WEB_ROOT_DEPTH = 8;

export function webRoot(path: string): WatchedPath {
  return directory(path, WEB_ROOT_DEPTH);
}

/** A path that was named may be a file or a directory, now or later: both are watched for. */
export function namedPaths(path: string): WatchedPath[] {
  return [file(path), directory(path)];
}

/** The same for a path of the list in any home, on any start: whether it was watched before is asked by it. */
export function watchKey({ path, depth, home }: WatchedPath): string {
  return `${depth} ${home === undefined ? path : `~${path.slice(home.length)}`}`;
}

/** Contents that may not leave the host: only their digests do. */
const SECRET = /(?:^|\/)(?:g?shadow-?|opasswd|\.netrc|ssh_host_\w+_key|id_\w+|.*\.(?:key|pem|kdbx|p12|pfx|jks))$/;

export function isSecret(path: string): boolean {
  return SECRET.test(path);
}
