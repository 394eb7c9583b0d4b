import { Activity, EventClass, type HostEvent, Outcome } from '@threatguard/proto';

const USERS = ['root', 'alice', 'bob', 'carol', 'www-data', 'postgres', 'deploy'];
const PROGRAMS = [
  '/usr/bin/ls',
  '/usr/bin/git',
  '/usr/bin/make',
  '/usr/bin/python3',
  '/usr/bin/curl',
  '/usr/sbin/nginx',
];

/**
 * What an ordinary busy server says: six in ten are execs, three network, one authentication (mostly successes, some
 * failures spread over many users and addresses). `index` makes each different; `atUs` is when it happened.
 */
export function mixedEvent(index: number, atUs: number): HostEvent {
  const user = { name: USERS[index % USERS.length]!, id: 1000 + (index % USERS.length) };
  const executable = PROGRAMS[index % PROGRAMS.length]!;
  const common = { observedAtUs: atUs, user };
  const kind = index % 10;
  if (kind < 6) {
    return {
      ...common,
      class: EventClass.PROCESS,
      activity: Activity.EXEC,
      outcome: Outcome.SUCCESS,
      sensor: 'process.ebpf',
      process: {
        pid: 2000 + (index % 30_000),
        parentPid: 1000 + (index % 900),
        name: executable.slice(executable.lastIndexOf('/') + 1),
        executable,
        args: [executable, '-la', `/var/lib/app/${index % 5000}/state`, `--run=${index}`],
        parentName: 'bash',
        parentExecutable: '/usr/bin/bash',
        workingDirectory: '/srv/app',
        loginUid: 1000,
        sessionId: index % 400,
        cgroup: `/system.slice/app-${index % 40}.service`,
      },
    };
  }
  if (kind < 9) {
    return {
      ...common,
      class: EventClass.NETWORK,
      activity: Activity.CONNECTION_OPENED,
      sensor: 'network.diag',
      process: {
        pid: 2000 + (index % 30_000),
        name: 'nginx',
        executable: '/usr/sbin/nginx',
        args: ['nginx: worker process'],
      },
      network: {
        transport: 'tcp',
        direction: 1,
        sourceAddress: `10.${index % 200}.${(index >> 3) % 250}.${index % 250}`,
        sourcePort: 1024 + (index % 60_000),
        destinationAddress: '10.0.0.5',
        destinationPort: 443,
      },
    };
  }
  const failed = index % 50 === 9;
  return {
    ...common,
    class: EventClass.AUTHENTICATION,
    activity: Activity.LOGON,
    outcome: failed ? Outcome.FAILURE : Outcome.SUCCESS,
    sensor: 'auth.file',
    serviceName: 'sshd',
    authentication: {
      method: failed ? 'password' : 'publickey',
      sourceAddress: `198.51.${index % 250}.${(index >> 2) % 250}`,
      sourcePort: 1024 + (index % 60_000),
    },
    original: `sshd[${index}]: ${failed ? 'Failed password' : 'Accepted publickey'} for ${user.name} from 198.51.100.7 port 50273 ssh2`,
  };
}

/** sudo refused to a user: an alert of its own for each who was not seen before. */
export function refusedSudo(user: string, observedAtUs: number): HostEvent {
  return {
    observedAtUs,
    class: EventClass.AUTHENTICATION,
    activity: Activity.PRIVILEGE,
    outcome: Outcome.FAILURE,
    sensor: 'auth.file',
    serviceName: 'sudo',
    user: { name: user },
    targetUser: { name: 'root' },
    authentication: { reason: 'user NOT in sudoers', command: '/bin/id' },
  };
}
