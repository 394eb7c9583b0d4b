// A small office for tests of models: what hosts and their users do at ordinary hours, and things they never do.
import { Activity, Direction, EventClass, type HostEvent, Outcome } from '@threatguard/proto';

const HOUR_US = 3_600_000_000;

/** `hours` hours of one host from a time on: its user logs on, starts programs, sends some kilobytes. */
export function ordinaryHours(parts: { user: string; fromUs: number; hours: number; source?: string }): HostEvent[] {
  const { user, fromUs, hours, source = '192.0.2.10' } = parts;
  return Array.from({ length: hours }, (_, hour) => {
    const at = (minute: number) => fromUs + hour * HOUR_US + minute * 60e6;
    const wobble = (hour * 7) % 5;
    return [
      logon({ user, atUs: at(2), source, ok: true }),
      ...['/usr/bin/ls', '/usr/bin/git', '/usr/bin/make'].map((image, nth) => exec({ user, image, atUs: at(5 + nth) })),
      sent({ user, image: '/usr/bin/git', atUs: at(12), bytesOut: 40_000 + wobble * 9_000, to: '198.51.100.7' }),
    ];
  }).flat();
}

export function logon(parts: { user: string; atUs: number; source: string; ok: boolean }): HostEvent {
  return {
    observedAtUs: parts.atUs,
    class: EventClass.AUTHENTICATION,
    activity: Activity.LOGON,
    outcome: parts.ok ? Outcome.SUCCESS : Outcome.FAILURE,
    sensor: 'auth.file',
    serviceName: 'sshd',
    user: { name: parts.user },
    authentication: { method: 'publickey', sourceAddress: parts.source },
  };
}

export function exec(parts: { user: string; atUs: number; image: string; parent?: string }): HostEvent {
  return {
    observedAtUs: parts.atUs,
    class: EventClass.PROCESS,
    activity: Activity.EXEC,
    sensor: 'process.ebpf',
    user: { name: parts.user, id: 1001 },
    process: {
      pid: 7,
      executable: parts.image,
      args: [parts.image],
      parentExecutable: parts.parent ?? '/usr/bin/bash',
    },
  };
}

export function sent(parts: { user: string; atUs: number; image: string; bytesOut: number; to: string }): HostEvent {
  return {
    observedAtUs: parts.atUs,
    class: EventClass.NETWORK,
    activity: Activity.CONNECTION_CLOSED,
    sensor: 'network.ebpf',
    user: { name: parts.user, id: 1001 },
    process: { pid: 7, executable: parts.image },
    network: {
      transport: 'tcp',
      direction: Direction.OUTBOUND,
      destinationAddress: parts.to,
      destinationPort: 443,
      bytesSent: parts.bytesOut,
      bytesReceived: 2_000,
    },
  };
}
