// What happens on one host, told as the sensors of a real agent would: with process ids that fit together.
import { Activity, Direction, EventClass, type HostEvent, Outcome } from '@threatguard/proto';
import type { DemoHost, DemoUser } from './cast.ts';
import type { Seeded } from './seeded.ts';

export interface StagedEvent {
  host: string;
  event: HostEvent;
}

/** Whose child a program is. */
export interface Shell {
  pid: number;
  executable: string;
  user: DemoUser;
  /** loginuid, kept through sudo; none for services. */
  login?: number;
  directory?: string;
}

const BASH = '/usr/bin/bash';
const EPHEMERAL_FIRST = 32_768;
const EPHEMERAL_PORTS = 28_000;
const PID_FIRST = 1_200;
const PIDS = 60_000;

export class Stage {
  readonly host: DemoHost;
  readonly into: StagedEvent[];
  readonly #random: Seeded;
  #pid: number;

  constructor(host: DemoHost, random: Seeded, into: StagedEvent[]) {
    this.host = host;
    this.#random = random;
    this.into = into;
    this.#pid = PID_FIRST + random.integer(PIDS);
  }

  /** A service's process: what it starts has no login. */
  service(user: DemoUser, executable: string): Shell {
    return { pid: this.#nextPid(), executable, user };
  }

  logon(atUs: number, user: string, source: string, said: { ok: boolean; method?: string; unknown?: boolean }): void {
    const { ok, method = ok ? 'publickey' : 'password', unknown = false } = said;
    this.#push('auth.journald', {
      observedAtUs: atUs,
      class: EventClass.AUTHENTICATION,
      activity: Activity.LOGON,
      outcome: ok ? Outcome.SUCCESS : Outcome.FAILURE,
      serviceName: 'sshd',
      user: { name: user },
      authentication: { method, sourceAddress: source, sourcePort: this.#port(), invalidUser: unknown },
    });
  }

  /** Somebody is let in and has a shell. */
  session(atUs: number, user: DemoUser, source: string, method = 'publickey'): Shell {
    this.logon(atUs, user.name, source, { ok: true, method });
    const sshd: Shell = { pid: this.#nextPid(), executable: '/usr/sbin/sshd', user, login: user.id };
    return this.run(atUs + 200_000, sshd, BASH, ['-bash'], { directory: `/home/${user.name}` });
  }

  /** A program is started, and may be whose child the next is. */
  run(
    atUs: number,
    parent: Shell,
    executable: string,
    args: readonly string[],
    more: { user?: DemoUser; directory?: string; socket?: { address: string; port: number } } = {},
  ): Shell {
    const { user = parent.user, directory = parent.directory ?? '/' } = more;
    const pid = this.#nextPid();
    const streams = more.socket
      ? [0, 1, 2].map((descriptor) => ({
          descriptor,
          family: 'inet',
          localAddress: this.host.address,
          localPort: this.#port(),
          remoteAddress: more.socket!.address,
          remotePort: more.socket!.port,
        }))
      : [];
    this.#push('process.ebpf', {
      observedAtUs: atUs,
      class: EventClass.PROCESS,
      activity: Activity.EXEC,
      user: { name: user.name, id: user.id },
      process: {
        pid,
        parentPid: parent.pid,
        name: nameOf(executable),
        executable,
        args: [...args],
        workingDirectory: directory,
        parentName: nameOf(parent.executable),
        parentExecutable: parent.executable,
        ...(parent.login !== undefined && { loginUid: parent.login }),
        stdioSockets: streams,
      },
    });
    return { pid, executable, user, directory, ...(parent.login !== undefined && { login: parent.login }) };
  }

  /** Several, one after the other, each as it is typed. */
  type(fromUs: number, shell: Shell, lines: readonly string[], everyUs = 4_000_000): number {
    let atUs = fromUs;
    for (const line of lines) {
      const args = line.split(' ');
      this.run(atUs, shell, args[0]!.startsWith('/') ? args[0]! : `/usr/bin/${args[0]}`, args);
      atUs += everyUs;
    }
    return atUs;
  }

  /** Opened and, a while later, closed with what went over it. */
  connection(
    atUs: number,
    by: Shell,
    to: { address: string; port: number },
    bytes: { sent: number; received: number },
  ): void {
    const network = {
      transport: 'tcp',
      direction: Direction.OUTBOUND,
      sourceAddress: this.host.address,
      sourcePort: this.#port(),
      destinationAddress: to.address,
      destinationPort: to.port,
    };
    const { pid, executable, user } = by;
    const common = {
      class: EventClass.NETWORK,
      user: { name: user.name, id: user.id },
      process: { pid, executable, name: nameOf(executable) },
    };
    const durationUs = 2_000_000 + this.#random.integer(20_000_000);
    this.#push('network.ebpf', { ...common, observedAtUs: atUs, activity: Activity.CONNECTION_OPENED, network });
    this.#push('network.ebpf', {
      ...common,
      observedAtUs: atUs + durationUs,
      activity: Activity.CONNECTION_CLOSED,
      network: { ...network, bytesSent: bytes.sent, bytesReceived: bytes.received, durationUs },
    });
  }

  asked(atUs: number, by: Shell, name: string, answer: string): void {
    this.#push('dns.resolved', {
      observedAtUs: atUs,
      class: EventClass.NETWORK,
      activity: Activity.DNS_QUERY,
      process: { pid: by.pid, executable: by.executable, name: nameOf(by.executable) },
      network: { transport: 'udp', questionName: name, questionType: 'A', answers: [answer] },
    });
  }

  file(atUs: number, path: string, addedLines: readonly string[], activity: Activity = Activity.FILE_MODIFIED): void {
    const sha256 = Buffer.from(Array.from({ length: 32 }, () => this.#random.integer(256))).toString('hex');
    const file = { path, sha256, size: 200 + this.#random.integer(4_000), mode: 0o644, addedLines: [...addedLines] };
    this.#push('file.watch', { observedAtUs: atUs, class: EventClass.FILE, activity, file });
  }

  privilege(atUs: number, user: string, command: string, ok: boolean): void {
    this.#push('auth.journald', {
      observedAtUs: atUs,
      class: EventClass.AUTHENTICATION,
      activity: Activity.PRIVILEGE,
      outcome: ok ? Outcome.SUCCESS : Outcome.FAILURE,
      serviceName: 'sudo',
      user: { name: user },
      targetUser: { name: 'root' },
      authentication: { command, tty: 'pts/0', ...(!ok && { reason: 'incorrect password attempt' }) },
    });
  }

  account(atUs: number, name: string, id: number): void {
    this.#push('auth.journald', {
      observedAtUs: atUs,
      class: EventClass.ACCOUNT,
      activity: Activity.USER_CREATED,
      outcome: Outcome.SUCCESS,
      serviceName: 'useradd',
      targetUser: { name, id, home: `/home/${name}`, shell: '/bin/bash' },
    });
  }

  daemon(atUs: number, name: string, activity: Activity): void {
    this.#push('auth.journald', { observedAtUs: atUs, class: EventClass.HOST, activity, serviceName: name });
  }

  sample(atUs: number, cpuPercent: number): void {
    const memoryTotalBytes = 16 * 2 ** 30;
    this.#push('host', {
      observedAtUs: atUs,
      class: EventClass.HOST,
      activity: Activity.SAMPLE,
      host: {
        osName: this.host.os,
        kernel: this.host.kernel,
        cpuPercent,
        load1: cpuPercent / 25,
        memoryTotalBytes,
        memoryUsedBytes: Math.round(memoryTotalBytes * (0.3 + this.#random.uniform() * 0.2)),
        diskTotalBytes: 200 * 2 ** 30,
        diskUsedBytes: 90 * 2 ** 30,
      },
    });
  }

  #push(sensor: string, event: HostEvent): void {
    this.into.push({ host: this.host.name, event: { ...event, sensor } });
  }

  #nextPid(): number {
    this.#pid += 1 + this.#random.integer(4);
    return this.#pid;
  }

  #port(): number {
    return EPHEMERAL_FIRST + this.#random.integer(EPHEMERAL_PORTS);
  }
}

function nameOf(executable: string): string {
  return executable.slice(executable.lastIndexOf('/') + 1, executable.lastIndexOf('/') + 16);
}
