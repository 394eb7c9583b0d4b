// What an intruder changes to stay, to rise, or to hide.
import { dirname, join } from 'node:path';

export interface WatchedPath {
  path: string;
  /** A directory and what is in it, this many levels down; 0 is one file. */
  depth: number;
}

const file = (path: string): WatchedPath => ({ path, depth: 0 });
const directory = (path: string, depth = 1): WatchedPath => ({ path, depth });

/** The built-in list. A path that does not exist is waited for. */
export const CRITICAL_PATHS: WatchedPath[] = [
  ...['passwd', 'shadow', 'group', 'gshadow', 'subuid', 'sudoers', 'crontab', 'ld.so.preload'].map((name) =>
    file(`/etc/${name}`),
  ),
  ...['rsyslog.conf', 'login.defs', 'nsswitch.conf', 'hosts.allow', 'profile', 'rc.local'].map((name) =>
    file(`/etc/${name}`),
  ),
  file('/etc/ssh/sshd_config'),
  directory('/etc/sudoers.d'),
  directory('/etc/ssh/sshd_config.d'),
  directory('/etc/pam.d'),
  ...['cron.d', 'cron.hourly', 'cron.daily', 'cron.weekly', 'cron.monthly', 'rsyslog.d'].map((name) =>
    directory(`/etc/${name}`),
  ),
  directory('/etc/security'),
  directory('/etc/profile.d'),
  directory('/etc/ld.so.conf.d'),
  directory('/etc/audit', 2),
  directory('/etc/systemd/system', 2),
  directory('/var/spool/cron', 2),
];

/** What gives entry to an account's home. */
export function homePaths(home: string): WatchedPath[] {
  return [file(join(home, '.ssh/authorized_keys')), file(join(home, '.ssh/authorized_keys2'))];
}

/** Contents that may not leave the host: only their digests do. */
const SECRET = /(?:^|\/)(?:g?shadow-?|opasswd|.*\.(?:key|pem))$/;

export function isSecret(path: string): boolean {
  return SECRET.test(path);
}

/** Whether a path belongs to what is watched. */
export function isWatched(watched: WatchedPath, path: string): boolean {
  if (path === watched.path) return watched.depth === 0;
  if (!path.startsWith(`${watched.path}/`)) return false;
  let levels = 1;
  for (let parent = dirname(path); parent !== watched.path; parent = dirname(parent)) levels++;
  return levels <= watched.depth;
}
