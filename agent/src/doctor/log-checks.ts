// What the auth, file and network sensors can read here.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import type { AgentConfig } from '../config.ts';
import { DEFAULT_LOGS } from '../sensors/auth/file-source.ts';
import { CRITICAL_PATHS } from '../sensors/file/watched-paths.ts';
import { DiagSource } from '../sensors/network/diag-source.ts';
import { type Finding, reporter } from './finding.ts';

const JOURNAL_SOCKET = '/run/systemd/journal/socket';
const JOURNAL_MS_MAX = 10_000;
const NAMED_MAX = 5;
const READ_BY_ROOT = 'run the agent as root, or add its user to the group that may read it';

export function checkAuth(config: AgentConfig['sensors']['auth']): Finding[] {
  const report = reporter('auth');
  const journal = config.journal !== 'off' && (config.journal === 'on' || existsSync(JOURNAL_SOCKET));
  const rows: Finding[] = [];
  if (journal) {
    const problem = journalProblem();
    if (problem) rows.push(report.degraded('journald', problem.finding, problem.remedy));
    else rows.push(report.ok('journald', 'read with a saved place, from the first entry after the agent started'));
  } else {
    const found = DEFAULT_LOGS.filter((path) => existsSync(path));
    for (const path of found) rows.push(logFinding(path));
    if (found.length === 0) {
      const missing = `neither journald nor ${DEFAULT_LOGS.join(' nor ')}: no logon is seen`;
      rows.push(
        report.degraded(
          'logs',
          missing,
          'start systemd-journald or rsyslog, or name the log in agent.yaml (sensors.auth.logs)',
        ),
      );
    }
  }
  for (const path of config.logs) {
    if (existsSync(path)) rows.push(logFinding(path));
    else
      rows.push(
        report.degraded(
          path,
          'named in agent.yaml and not there; it is waited for',
          'correct sensors.auth.logs in agent.yaml',
        ),
      );
  }
  return rows;

  function logFinding(path: string): Finding {
    return isReadable(path)
      ? report.ok(path, 'readable')
      : report.degraded(path, 'may not be read by this user', READ_BY_ROOT);
  }
}

/** journalctl shows an ordinary user only its own entries, and says so on standard error. */
function journalProblem(): { finding: string; remedy: string } | undefined {
  const args = ['--quiet', '--lines=1', '--output=json', '_TRANSPORT=syslog'];
  const { status, stderr, error } = spawnSync('journalctl', args, { encoding: 'utf8', timeout: JOURNAL_MS_MAX });
  if (error)
    return {
      finding: `journalctl cannot be run (${error.message})`,
      remedy: 'install systemd, or set sensors.auth.journal: off',
    };
  if (status !== 0)
    return { finding: `journalctl ended with ${status}: ${stderr.trim()}`, remedy: 'journalctl --verify says more' };
  const files = ['/var/log/journal', '/run/log/journal'].filter((path) => existsSync(path));
  if (files.some(isReadable)) return undefined;
  return { finding: 'this user sees only its own entries of the journal', remedy: `${READ_BY_ROOT} (systemd-journal)` };
}

export function checkFile(config: AgentConfig['sensors']['file']): Finding[] {
  const report = reporter('file');
  const paths = [...CRITICAL_PATHS.map(({ path }) => path), ...config.paths].filter((path) => existsSync(path));
  const hidden = paths.filter((path) => !isReadable(path));
  if (hidden.length === 0) return [report.ok('critical paths', `${paths.length} are readable`)];
  const some = hidden.slice(0, NAMED_MAX).join(', ') + (hidden.length > NAMED_MAX ? ', ...' : '');
  const finding = `${hidden.length} of ${paths.length} cannot be read, so changes are seen without what changed: ${some}`;
  return [report.degraded('critical paths', finding, 'run the agent as root (CAP_DAC_READ_SEARCH)')];
}

export function checkNetwork(): Finding[] {
  const report = reporter('network');
  let source: DiagSource | undefined;
  try {
    source = new DiagSource();
    const { tcp, udp, complete } = source.snapshot();
    const found = `${tcp.length} TCP and ${udp.length} UDP sockets${complete ? '' : ', and more than are read at once'}`;
    return [report.ok('sock_diag', found)];
  } catch (error) {
    return [
      report.degraded('sock_diag', (error as Error).message, 'load the modules tcp_diag and udp_diag (modprobe)'),
    ];
  } finally {
    source?.close();
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false; // why does not matter: the sensor could not read it either
  }
}
