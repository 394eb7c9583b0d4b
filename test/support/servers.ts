// The real servers that tests start for themselves, and where Debian puts them.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export const SERVERS = {
  'nats-server': { debianPackage: 'nats-server' },
  postgres: { debianPackage: 'postgresql' },
  'redis-server': { debianPackage: 'redis-server' },
  sshd: { debianPackage: 'openssh-server' },
} as const;

export type ServerName = keyof typeof SERVERS;

/** Absolute path of a server's program; undefined where it is not installed. */
export function serverPath(name: ServerName): string | undefined {
  const postgresBins = existsSync('/usr/lib/postgresql')
    ? readdirSync('/usr/lib/postgresql')
        .sort((a, b) => Number(b) - Number(a))
        .map((version) => `/usr/lib/postgresql/${version}/bin`)
    : [];
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin', ...postgresBins];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

export function missingServers(): ServerName[] {
  return (Object.keys(SERVERS) as ServerName[]).filter((name) => !serverPath(name));
}
