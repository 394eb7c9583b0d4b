// auditd as a Debian host runs it, with a rule for every execve, writing to disk. Kernel audit is as it was found in the end.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endChild, startChild } from '../support/child-server.ts';
import { until } from '../support/until.ts';
import { cpuSeconds } from './process-usage.ts';

const RULE = ['always,exit', '-F', 'arch=b64', '-S', 'execve,execveat', '-k', 'tgbench'];
const READY_MS_MAX = 10_000;

export function auditdAvailable(): boolean {
  const found = (name: string) => spawnSync('which', [name]).status === 0;
  return process.getuid?.() === 0 && found('auditd') && found('auditctl') && auditStatus().pid === '0';
}

export class Auditd implements AsyncDisposable {
  readonly #child: ReturnType<typeof startChild>['child'];
  readonly #found: Record<string, string>;
  readonly #log: string;

  private constructor(child: ReturnType<typeof startChild>['child'], found: Record<string, string>, log: string) {
    this.#child = child;
    this.#found = found;
    this.#log = log;
  }

  /** Running with its rule in force when this resolves. `directory` is for its configuration and log. */
  static async start(directory: string): Promise<Auditd> {
    const found = auditStatus();
    const log = join(directory, 'audit.log');
    mkdirSync(join(directory, 'plugins.d'), { mode: 0o750 });
    writeFileSync(join(directory, 'auditd.conf'), settings(directory, log), { mode: 0o640 });
    writeFileSync(log, '', { mode: 0o600 });
    const { child, output } = startChild('auditd', ['-n', '-s', 'enable', '-c', directory]);
    const auditd = new Auditd(child, found, log);
    try {
      const what = () => `auditd to run; it said ${output()}`;
      await until(() => auditStatus().pid === String(child.pid), { limitMs: READY_MS_MAX, what });
      execFileSync('auditctl', ['-b', '8192'], { stdio: 'ignore' });
      execFileSync('auditctl', ['-a', ...RULE], { stdio: 'ignore' });
    } catch (error) {
      await auditd[Symbol.asyncDispose]();
      throw error;
    }
    return auditd;
  }

  /** CPU of the daemon, and of the kernel's thread that hands records to it. */
  cpuSeconds(): number {
    return cpuSeconds(this.#child.pid!) + cpuSeconds(kernelAuditThread());
  }

  /** Execve records on disk whose arguments contain `tag`. */
  written(tag: string): number {
    const hex = Buffer.from(tag).toString('hex').toUpperCase();
    const lines = readFileSync(this.#log, 'latin1').split('\n');
    // The shells that start them carry the tag too.
    const started = lines.filter((line) => line.includes('type=EXECVE') && line.includes('a0="/bin/true"'));
    return started.filter((line) => line.includes(tag) || line.includes(hex)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    spawnSync('auditctl', ['-d', ...RULE]);
    await endChild(this.#child, 'SIGTERM');
    const { enabled, failure, backlog_limit: backlog, backlog_wait_time: wait } = this.#found;
    spawnSync('auditctl', ['-b', backlog!, '-f', failure!, '--backlog_wait_time', wait!, '-e', enabled!]);
  }
}

/** What `auditctl -s` says, by name. */
function auditStatus(): Record<string, string> {
  const text = spawnSync('auditctl', ['-s'], { encoding: 'utf8' }).stdout ?? '';
  return Object.fromEntries(text.split('\n').map((line) => line.split(/\s+/, 2) as [string, string]));
}

/** The thread kauditd, by its name in /proc. */
export function kernelAuditThread(): number {
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      if (readFileSync(`/proc/${entry}/comm`, 'utf8') === 'kauditd\n') return Number(entry);
    } catch (error) {
      if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  throw new Error('this kernel runs no kauditd');
}

function settings(directory: string, log: string): string {
  return [
    'local_events = yes',
    'write_logs = yes',
    `log_file = ${log}`,
    'log_group = root',
    'log_format = RAW',
    'flush = INCREMENTAL_ASYNC',
    'freq = 50',
    'max_log_file = 4096',
    'max_log_file_action = IGNORE',
    'space_left = 75',
    'space_left_action = IGNORE',
    'admin_space_left = 50',
    'admin_space_left_action = IGNORE',
    'disk_full_action = IGNORE',
    'disk_error_action = IGNORE',
    `plugin_dir = ${join(directory, 'plugins.d')}`,
    '',
  ].join('\n');
}
