// A host to install packages on: a throw-away copy of this one, with a real systemd (see systemd-root.sh).
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.ts';

const SCRIPT = join(import.meta.dirname, 'systemd-root.sh');
const NAMESPACES = ['--mount', '--pid', '--fork', '--uts', '--ipc', '--net', '--cgroup', '--kill-child'];
const COMMAND_MS_MAX = 150_000;
const TOOLS = ['/lib/systemd/systemd', '/usr/bin/dpkg', '/usr/bin/unshare', '/usr/bin/nsenter', '/usr/sbin/ip'];

export interface CommandOutcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Whether this user and kernel allow it, tried on an overlay of its own. */
export function canRunSystemd(): boolean {
  if (process.getuid?.() !== 0 || !TOOLS.every((path) => existsSync(path)) || !cgroupMount()) return false;
  const script =
    'mount -t tmpfs tmpfs /tmp && mkdir /tmp/a /tmp/b /tmp/c && mount -t overlay overlay -o lowerdir=/,upperdir=/tmp/a,workdir=/tmp/b /tmp/c';
  return spawnSync('unshare', ['--mount', '--pid', '--fork', '--net', 'sh', '-c', script]).status === 0;
}

export class SystemdRoot implements AsyncDisposable {
  readonly #unshare: ChildProcess;
  readonly #base: string;
  readonly #cgroup: string;
  #pid = 0;

  private constructor(packages: string) {
    this.#base = mkdtempSync(join(tmpdir(), 'threatguard-root-'));
    this.#cgroup = join(cgroupMount()!, `threatguard-test-${process.pid}`);
    mkdirSync(this.#cgroup);
    // Into a cgroup of its own first, so that this systemd's tree of them begins there.
    const enter = 'echo $$ > "$1/cgroup.procs"; shift; exec unshare "$@"';
    const args = [this.#cgroup, ...NAMESPACES, 'sh', SCRIPT, this.#base, packages];
    this.#unshare = spawn('sh', ['-c', enter, 'sh', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  }

  /** `packages` is seen there as /mnt/packages. Resolves once systemd and its journal run. */
  static async start(packages: string): Promise<SystemdRoot> {
    const root = new SystemdRoot(packages);
    const pid = root.#unshare.pid;
    await until(
      () => {
        if (root.#unshare.exitCode !== null) throw new Error(`systemd did not start (${root.#unshare.exitCode})`);
        const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
        if (!child || !readFileSync(`/proc/${child}/comm`, 'utf8').startsWith('systemd')) return false;
        root.#pid = Number(child);
        return root.run('systemctl', 'is-system-running').stdout.trim() === 'running';
      },
      { limitMs: 20_000, what: 'systemd to run' },
    );
    root.run(
      'systemctl',
      'start',
      'systemd-journald.socket',
      'systemd-journald-dev-log.socket',
      'systemd-journald.service',
    );
    return root;
  }

  /** Runs a command there to its end. */
  run(...command: string[]): CommandOutcome {
    const enter = ['--target', `${this.#pid}`, '--mount', '--pid', '--uts', '--ipc', '--net', '--cgroup', '--root'];
    const clean = [
      'env',
      '--chdir=/',
      '-i',
      'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
      'HOME=/root',
      'NO_COLOR=1',
      'DEBIAN_FRONTEND=noninteractive',
    ];
    const { status, stdout, stderr } = spawnSync('nsenter', [...enter, ...clean, ...command], {
      cwd: '/',
      encoding: 'utf8',
      timeout: COMMAND_MS_MAX,
    });
    return { code: status, stdout, stderr };
  }

  /** The same, of a command that must succeed; gives its standard output. */
  must(...command: string[]): string {
    const { code, stdout, stderr } = this.run(...command);
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  /** Files there that are not as on this host, absolute. */
  changes(): string[] {
    return this.must('find', '/mnt/changes', '-xdev', '-not', '-type', 'd', '-printf', '/%P\\n')
      .trim()
      .split('\n')
      .sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = new Promise((resolve) => this.#unshare.once('close', resolve));
    // Process 1 of its namespace: with it goes every process in it, and with the last the namespaces.
    if (this.#unshare.exitCode === null) {
      if (this.#pid > 0) process.kill(this.#pid, 'SIGKILL');
      else this.#unshare.kill('SIGKILL');
      await gone;
    }
    await until(() => removeCgroup(this.#cgroup), { limitMs: 10_000, what: 'the cgroup to be empty' });
    rmSync(this.#base, { recursive: true, force: true });
  }
}

function cgroupMount(): string | undefined {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  return mounts.find(([, , type]) => type === 'cgroup2')?.[1];
}

/** Innermost first: a cgroup's files cannot be removed, only its directory. */
function removeCgroup(path: string): boolean {
  if (!existsSync(path)) return true;
  try {
    if (existsSync(join(path, 'cgroup.kill'))) writeFileSync(join(path, 'cgroup.kill'), '1');
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isDirectory()) removeCgroup(join(path, entry.name));
    }
    rmdirSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBUSY') return false;
    throw error;
  }
}
