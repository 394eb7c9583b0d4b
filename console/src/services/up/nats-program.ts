import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Installing a package of 4 MB over a slow line; after that we go on without. */
const INSTALL_MS_MAX = 120_000;

interface Search {
  env: Record<string, string | undefined>;
  isRoot: boolean;
  onNote(note: string): void;
}

/** nats-server from PATH or where Debian puts it, else installed with apt where we may; undefined where there is none. */
export async function findNatsServer(search: Search): Promise<string | undefined> {
  const found = onPath(search.env);
  if (found) return found;
  const why = whyNotInstall(search);
  if (why) {
    search.onNote(`nats-server is not installed (${why}): alerts come from the collector's own stream`);
    return undefined;
  }
  search.onNote('installing nats-server with apt (THREATGUARD_NO_INSTALL=1 forbids it)');
  // A policy of 101 keeps Debian from starting the service: we run our own.
  const env = { ...search.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' } as NodeJS.ProcessEnv;
  const install = () =>
    run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'nats-server'], { env, timeout: INSTALL_MS_MAX });
  try {
    await install().catch(async () => {
      await run('apt-get', ['update', '-q'], { env, timeout: INSTALL_MS_MAX });
      return install();
    });
  } catch (error) {
    const reason = ((error as { stderr?: string }).stderr || (error as Error).message).trim().split('\n').at(-1);
    search.onNote(`nats-server could not be installed (${reason}): alerts come from the collector's own stream`);
    return undefined;
  }
  return onPath(search.env);
}

function onPath(env: Search['env']): string | undefined {
  const folders = [...(env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/usr/local/bin'];
  return folders.map((folder) => join(folder, 'nats-server')).find(isExecutable);
}

function isExecutable(path: string): boolean {
  if (!existsSync(path)) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // A file that is there but not ours to run is as good as none.
    return false;
  }
}

function whyNotInstall({ env, isRoot }: Search): string | undefined {
  if (env.THREATGUARD_NO_INSTALL === '1') return 'THREATGUARD_NO_INSTALL=1';
  if (!isRoot) return 'only root may install it: apt install nats-server';
  return existsSync('/usr/bin/apt-get') ? undefined : 'there is no apt on this system';
}
