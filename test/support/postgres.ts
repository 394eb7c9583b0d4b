import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { endChild, freePort, startChild } from './child-server.ts';
import { copyWhole, madeOnce } from './made-once.ts';
import { listens } from './nats.ts';
import { serverPath } from './servers.ts';
import { until } from './until.ts';

export function postgresAvailable(): boolean {
  return serverPath('postgres') !== undefined;
}

export interface PostgresServer extends AsyncDisposable {
  /** Of the postmaster. */
  readonly pid: number;
  /** A new empty database. */
  createDatabase(): string;
  /** Ends it; SIGQUIT is PostgreSQL's "as by a crash". Its data stays. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  restart(): Promise<void>;
}

let databases = 0;

/**
 * A private PostgreSQL on a free loopback port, as user postgres where we are root; trust authentication. Unless `flushing`, it
 * leaves its files to the kernel to write: they outlive its processes all the same, and tests do not wait for the disk.
 */
export async function startPostgres({ flushing = false } = {}): Promise<PostgresServer> {
  const bin = dirname(realpathSync(serverPath('postgres')!));
  const directory = mkdtempSync(join(tmpdir(), 'threatguard-postgres-'));
  const user = postgresUser();
  if (user) chownSync(directory, user.uid, user.gid);
  const data = join(directory, 'data');
  const initialise = (path: string) => {
    const init = ['-D', path, '-U', 'threatguard', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'];
    execFileSync(join(bin, 'initdb'), init, { ...user, cwd: directory, stdio: 'pipe' });
  };
  const made = await madeOnce('postgres', initialise);
  if (made) copyWhole(made, data, user);
  else initialise(data);
  const port = await freePort();
  const launch = async () => {
    const settings = ['listen_addresses=127.0.0.1', `fsync=${flushing ? 'on' : 'off'}`];
    const args = ['-D', data, '-p', `${port}`, '-k', directory, ...settings.flatMap((setting) => ['-c', setting])];
    const started = startChild(join(bin, 'postgres'), args, user);
    const ready = () => {
      if (started.child.exitCode !== null) throw new Error(`postgres: ${started.output()}`);
      return listens(port).then((open) => open && started.output().includes('ready to accept connections'));
    };
    await until(ready, { limitMs: 20_000, what: () => `postgres: ${started.output()}` });
    return started;
  };
  let server = await launch();
  return {
    get pid() {
      return server.child.pid!;
    },
    createDatabase: () => {
      const name = `test_${process.pid}_${databases++}`;
      const where = ['-h', '127.0.0.1', '-p', `${port}`, '-U', 'threatguard'];
      execFileSync(join(bin, 'createdb'), [...where, '-T', 'template0', name], { cwd: directory });
      return `postgres://threatguard@127.0.0.1:${port}/${name}`;
    },
    stop: (signal = 'SIGQUIT') => endChild(server.child, signal),
    restart: async () => {
      server = await launchAgain(launch);
    },
    [Symbol.asyncDispose]: async () => {
      await endChild(server.child, 'SIGQUIT');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** After kill -9 of the postmaster its memory is in use until the last of its processes has noticed. */
function launchAgain<T>(launch: () => Promise<T>): Promise<T> {
  return until(() => launch().catch(() => undefined), { limitMs: 60_000, what: 'PostgreSQL to start again' });
}

/** PostgreSQL refuses to run as root. */
function postgresUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}
