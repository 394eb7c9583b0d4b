// An ordinary hour of a busy server, for benches of detection: programs of builds, services and people, their connections,
// logons and files. Hardly any of it is what a rule looks for; no two of the same kind are alike.
import type { HostEvent } from '@threatguard/proto';
import { hostEvent } from '../support/rule-events.ts';

/** Executable, then arguments; `{n}` is another number in each event. */
const COMMANDS = [
  ['/usr/bin/dash', 'sh', '-c', 'test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }'],
  ['/usr/bin/gcc', 'gcc', '-O2', '-Wall', '-Iinclude', '-c', 'src/parser/unit{n}.c', '-o', 'build/unit{n}.o'],
  ['/usr/lib/gcc/x86_64-linux-gnu/12/cc1', 'cc1', '-quiet', '-I', 'include', 'src/unit{n}.c', '-o', '/tmp/cc{n}.s'],
  ['/usr/bin/as', 'as', '--64', '-o', 'build/unit{n}.o', '/tmp/cc{n}.s'],
  ['/usr/bin/make', 'make', '-j4', 'check', 'BUILD_ID={n}'],
  ['/usr/bin/git', 'git', 'fetch', '--prune', 'origin', 'refs/pull/{n}/head'],
  ['/usr/bin/git', 'git', '-C', '/srv/builds/{n}', 'rev-parse', '--verify', 'HEAD'],
  ['/usr/lib/git-core/git', 'git', 'rev-list', '--objects', '--stdin', '--not', '--all', '--quiet'],
  ['/usr/bin/node', 'node', '--experimental-strip-types', 'scripts/build.ts', '--watch', '--shard={n}'],
  ['/usr/bin/node', 'node', '/srv/app/node_modules/.bin/vitest', 'run', 'test/unit/case-{n}.test.ts'],
  ['/usr/bin/python3.11', 'python3', '/opt/app/manage.py', 'migrate', '--noinput', '--database=shard{n}'],
  ['/usr/bin/python3.11', '/usr/bin/python3', '-m', 'http_check', '--job', '{n}', '--timeout=10'],
  ['/usr/bin/ls', 'ls', '-la', '/var/lib/postgresql/15/main/base/{n}'],
  ['/usr/bin/stat', 'stat', '-c', '%Y', '/srv/data/{n}.db'],
  ['/usr/bin/systemctl', 'systemctl', 'is-active', 'app@{n}.service'],
  ['/usr/bin/grep', 'grep', '-rn', 'TODO', '/home/alice/src/project/module{n}'],
  ['/usr/bin/sed', 'sed', '-n', '{n}p', '/var/lib/app/journal.txt'],
  ['/usr/bin/mawk', 'awk', '-F:', '{ print $1, $3 }', '/var/lib/app/report-{n}.csv'],
  ['/usr/bin/sort', 'sort', '-k2', '-n', '/tmp/report.{n}'],
  ['/usr/bin/rsync', 'rsync', '-a', '--delete', '/srv/data/{n}/', '/mnt/backup/daily/{n}/'],
  ['/usr/bin/tar', 'tar', '-C', '/srv', '-caf', '/mnt/backup/weekly-{n}.tar.zst', 'data'],
  ['/usr/bin/date', 'date', '+%s'],
  ['/usr/bin/cp', 'cp', '-a', 'dist/app-{n}.js', '/srv/app/releases/{n}/app.js'],
  ['/usr/bin/mv', 'mv', '/srv/app/releases/{n}.new', '/srv/app/releases/{n}'],
  ['/usr/bin/mkdir', 'mkdir', '-p', '/srv/app/releases/{n}'],
  ['/usr/sbin/logrotate', '/usr/sbin/logrotate', '/etc/logrotate.conf'],
  ['/usr/bin/dpkg-query', 'dpkg-query', '--show', '--showformat=%v-{n}', 'libc6'],
  ['/usr/bin/curl', 'curl', '-fsS', '--max-time', '5', 'http://127.0.0.1:8080/health?request={n}'],
  ['/usr/bin/psql', 'psql', '-At', '-c', 'select count(*) from orders where id > {n}', 'shop'],
  ['/usr/bin/java', 'java', '-Xmx2g', '-cp', '/opt/app/lib/all.jar', 'org.example.Worker', '--partition', '{n}'],
  ['/usr/bin/docker', 'docker', 'inspect', '--format', '{{.State.Health.Status}}', 'shop-{n}'],
  ['/usr/bin/sleep', 'sleep', '5'],
] as const;
const PARENTS = [
  ['bash', '/usr/bin/bash', '-bash'],
  ['make', '/usr/bin/make', 'make'],
  ['systemd', '/usr/lib/systemd/systemd', '/usr/lib/systemd/systemd', '--system'],
  ['dash', '/usr/bin/dash', 'sh'],
  ['node', '/usr/bin/node', 'node'],
] as const;
const USERS = ['alice', 'bob', 'deploy', 'postgres', 'www-data', 'root', 'carol'];
const FILES = ['/etc/app/conf.d/{n}.conf', '/srv/app/releases/{n}/app.js', '/var/lib/app/state-{n}', '/tmp/report.{n}'];

/** Of 100: 62 programs, 22 connections, 8 logons, 5 files, 3 samples; two of the logons are failures. */
export function ordinaryEvent(n: number, atUs: number): HostEvent {
  const kind = n % 100;
  const user = { name: USERS[n % USERS.length]!, id: 1000 + (n % USERS.length) };
  const numbered = (text: string) => text.replaceAll('{n}', String(n));
  if (kind < 62) {
    const [executable, ...args] = COMMANDS[(n * 7) % COMMANDS.length]!.map(numbered);
    const [parentName, parentExecutable, ...parentArgs] = PARENTS[n % PARENTS.length]!;
    const parent = { parentPid: 900 + (n % 50), parentName, parentExecutable, parentArgs };
    const process = { pid: 1000 + n, name: args[0], executable, args, loginUid: 1000, workingDirectory: '/srv/builds' };
    const written = { class: 'PROCESS', activity: 'EXEC', sensor: 'process.ebpf', user };
    return hostEvent(
      { ...written, process: { ...process, ...parent, cgroup: `/system.slice/app-${n % 40}.service` } },
      atUs,
    );
  }
  if (kind < 84) {
    const network = { transport: 'tcp', direction: 2, sourceAddress: '10.0.0.5', sourcePort: 40_000 + (n % 20_000) };
    const peer = { destinationAddress: `10.1.${n % 200}.7`, destinationPort: 443 };
    const process = { pid: 800, executable: '/usr/bin/node', name: 'node' };
    return hostEvent(
      { class: 'NETWORK', activity: 'CONNECTION_OPENED', process, network: { ...network, ...peer } },
      atUs,
    );
  }
  if (kind < 92) {
    const outcome = kind < 86 ? 'FAILURE' : 'SUCCESS';
    const sourceAddress = `192.0.${n % 250}.${(n >> 8) % 250}`;
    const authentication = { method: 'password', sourceAddress, sourcePort: 5022 };
    const said = `${outcome === 'FAILURE' ? 'Failed' : 'Accepted'} password for user${n % 300} from ${sourceAddress}`;
    return hostEvent(
      {
        class: 'AUTHENTICATION',
        activity: 'LOGON',
        outcome,
        serviceName: 'sshd',
        user: { name: `user${n % 300}` },
        authentication,
        original: `sshd[${n}]: ${said} port 5022 ssh2`,
      },
      atUs,
    );
  }
  if (kind < 97) {
    return hostEvent(
      { class: 'FILE', activity: 'FILE_MODIFIED', file: { path: numbered(FILES[n % FILES.length]!) }, user },
      atUs,
    );
  }
  return hostEvent({ class: 'HOST', activity: 'SAMPLE', host: { cpuPercent: 12, load1: 0.4 } }, atUs);
}
