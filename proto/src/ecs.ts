// The one mapping between HostEvent and the Elastic Common Schema: queries, JSON output, rules and exports read it.
import { Activity, Direction, EventClass, type HostEvent, Outcome } from './v1.ts';

export type EcsValue = string | number | boolean | string[] | undefined;

interface EcsField {
  read(event: HostEvent): EcsValue;
}

const text = (value: string | undefined) => value || undefined;
const count = (value: number | null | undefined) => value || undefined;
const list = (value: string[] | undefined) => (value?.length ? value : undefined);
const flag = (value: boolean | undefined) => value || undefined;
const present = (value: number | null | undefined) => value ?? undefined;
const mode = (value: number | undefined) => (value ? value.toString(8).padStart(4, '0') : undefined);

/** By bit number, capabilities(7). */
const CAPABILITIES = [
  'CHOWN',
  'DAC_OVERRIDE',
  'DAC_READ_SEARCH',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE',
  'NET_BROADCAST',
  'NET_ADMIN',
  'NET_RAW',
  'IPC_LOCK',
  'IPC_OWNER',
  'SYS_MODULE',
  'SYS_RAWIO',
  'SYS_CHROOT',
  'SYS_PTRACE',
  'SYS_PACCT',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_NICE',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'MKNOD',
  'LEASE',
  'AUDIT_WRITE',
  'AUDIT_CONTROL',
  'SETFCAP',
  'MAC_OVERRIDE',
  'MAC_ADMIN',
  'SYSLOG',
  'WAKE_ALARM',
  'BLOCK_SUSPEND',
  'AUDIT_READ',
  'PERFMON',
  'BPF',
  'CHECKPOINT_RESTORE',
].map((name) => `CAP_${name}`);

/** In the order of their bits; a bit nobody named is left out. Undefined where the set is not known. */
function capabilityNames(set: number | null | undefined): string[] | undefined {
  if (set === null || set === undefined) return undefined;
  // By division: beyond bit 31 the operators of JavaScript do not reach.
  return CAPABILITIES.filter((_, bit) => Math.floor(set / 2 ** bit) % 2 === 1);
}

const CATEGORY: Record<number, string> = {
  [EventClass.AUTHENTICATION]: 'authentication',
  [EventClass.PROCESS]: 'process',
  [EventClass.NETWORK]: 'network',
  [EventClass.FILE]: 'file',
  [EventClass.ACCOUNT]: 'iam',
  [EventClass.HOST]: 'host',
};

/** The first and last instant a Date can hold, ECMA-262 21.4.1.1. */
const DATE_MS_MAX = 8.64e15;

function isoTime(timeUs: number): string {
  return new Date(Math.min(Math.max(timeUs / 1000, -DATE_MS_MAX), DATE_MS_MAX)).toISOString();
}

// A number no one has named is no action: what a hostile agent sends must not throw here.
const ACTION: Record<number, string> = Object.fromEntries(
  Object.entries(Activity)
    .filter(([, value]) => typeof value === 'number' && value > 0)
    .map(([name, value]) => [value, name.toLowerCase().replaceAll('_', '-')]),
);

/** Every field an event can have, by ECS name; names under `threatguard.` are ours. Order is output order. */
export const ECS_FIELDS: Record<string, EcsField> = {
  '@timestamp': { read: (e) => isoTime(e.observedAtUs ?? 0) },
  'event.category': { read: (e) => CATEGORY[e.class ?? 0] },
  'event.action': { read: (e) => ACTION[e.activity ?? 0] },
  'event.outcome': {
    read: (e) => (e.outcome === Outcome.SUCCESS ? 'success' : e.outcome === Outcome.FAILURE ? 'failure' : undefined),
  },
  'event.module': { read: (e) => text(e.sensor) },
  'event.reason': { read: (e) => text(e.authentication?.reason) },
  'service.name': { read: (e) => text(e.serviceName) },
  'user.name': { read: (e) => text(e.user?.name) },
  'user.id': { read: (e) => present(e.user?.id) },
  'user.target.name': { read: (e) => text(e.targetUser?.name) },
  'user.target.id': { read: (e) => present(e.targetUser?.id) },
  'user.target.group.name': { read: (e) => text(e.targetUser?.groupName) },
  'user.target.group.id': { read: (e) => present(e.targetUser?.groupId) },
  'threatguard.user.target.home': { read: (e) => text(e.targetUser?.home) },
  'threatguard.user.target.shell': { read: (e) => text(e.targetUser?.shell) },
  'source.ip': { read: (e) => text(e.network?.sourceAddress) ?? text(e.authentication?.sourceAddress) },
  'source.port': { read: (e) => count(e.network?.sourcePort) ?? count(e.authentication?.sourcePort) },
  'destination.ip': { read: (e) => text(e.network?.destinationAddress) },
  'destination.port': { read: (e) => count(e.network?.destinationPort) },
  'network.transport': { read: (e) => text(e.network?.transport) },
  'network.direction': {
    read: (e) =>
      e.network?.direction === Direction.INBOUND
        ? 'ingress'
        : e.network?.direction === Direction.OUTBOUND
          ? 'egress'
          : undefined,
  },
  'source.bytes': { read: (e) => count(e.network?.bytesSent) },
  'destination.bytes': { read: (e) => count(e.network?.bytesReceived) },
  'event.duration': { read: (e) => (e.network?.durationUs ? e.network.durationUs * 1000 : undefined) },
  'dns.question.name': { read: (e) => text(e.network?.questionName) },
  'dns.question.type': { read: (e) => text(e.network?.questionType) },
  'dns.answers.data': { read: (e) => list(e.network?.answers) },
  'process.pid': { read: (e) => count(e.process?.pid) },
  'process.name': { read: (e) => text(e.process?.name) },
  'process.executable': { read: (e) => text(e.process?.executable) },
  'process.command_line': { read: (e) => text(e.process?.args?.join(' ')) },
  'process.args': { read: (e) => list(e.process?.args) },
  'process.working_directory': { read: (e) => text(e.process?.workingDirectory) },
  'process.exit_code': { read: (e) => present(e.process?.exitCode) },
  'process.parent.pid': { read: (e) => count(e.process?.parentPid) },
  'process.parent.name': { read: (e) => text(e.process?.parentName) },
  'process.parent.executable': { read: (e) => text(e.process?.parentExecutable) },
  'process.parent.command_line': { read: (e) => text(e.process?.parentArgs?.join(' ')) },
  'process.tty.name': { read: (e) => text(e.process?.tty) ?? text(e.authentication?.tty) },
  'threatguard.process.login_uid': { read: (e) => present(e.process?.loginUid) },
  'threatguard.process.session_id': { read: (e) => present(e.process?.sessionId) },
  'threatguard.process.cgroup': { read: (e) => text(e.process?.cgroup) },
  'container.id': { read: (e) => text(e.process?.containerId) },
  'threatguard.process.stdio_socket': { read: (e) => (e.process?.stdioSockets?.length ? true : undefined) },
  'threatguard.process.stdio_socket.family': {
    read: (e) => text(inetStdio(e)?.family ?? e.process?.stdioSockets?.[0]?.family),
  },
  'threatguard.process.stdio_socket.remote_address': { read: (e) => text(inetStdio(e)?.remoteAddress) },
  'threatguard.process.stdio_socket.remote_port': { read: (e) => count(inetStdio(e)?.remotePort) },
  'threatguard.process.deleted_executable': { read: (e) => flag(e.process?.deletedExecutable) },
  'threatguard.process.memory_executable': { read: (e) => flag(e.process?.memoryExecutable) },
  'threatguard.process.executable_inode': { read: (e) => count(e.process?.executableInode) },
  'process.hash.sha256': { read: (e) => text(e.process?.executableSha256) },
  'user.effective.id': { read: (e) => present(e.process?.effectiveUserId) },
  'user.effective.group.id': { read: (e) => present(e.process?.effectiveGroupId) },
  'threatguard.process.previous_user_id': { read: (e) => present(e.process?.previousUserId) },
  'process.thread.capabilities.effective': { read: (e) => capabilityNames(e.process?.capabilities) },
  'threatguard.process.previous_capabilities': { read: (e) => capabilityNames(e.process?.previousCapabilities) },
  'threatguard.target.process.pid': { read: (e) => count(e.targetProcess?.pid) },
  'threatguard.target.process.name': { read: (e) => text(e.targetProcess?.name) },
  'threatguard.target.process.executable': { read: (e) => text(e.targetProcess?.executable) },
  'file.path': { read: (e) => text(e.file?.path) },
  'file.hash.sha256': { read: (e) => text(e.file?.sha256) },
  'threatguard.file.previous_sha256': { read: (e) => text(e.file?.previousSha256) },
  'file.size': { read: (e) => count(e.file?.size) },
  'file.mode': { read: (e) => mode(e.file?.mode) },
  'file.uid': { read: (e) => present(e.file?.ownerId) },
  'file.gid': { read: (e) => present(e.file?.groupId) },
  'threatguard.file.previous_mode': { read: (e) => mode(e.file?.previousMode) },
  'threatguard.file.previous_uid': { read: (e) => present(e.file?.previousOwnerId) },
  'threatguard.file.previous_gid': { read: (e) => present(e.file?.previousGroupId) },
  'threatguard.file.count': { read: (e) => count(e.file?.count) },
  'threatguard.file.added_lines': { read: (e) => list(e.file?.addedLines) },
  'threatguard.file.removed_lines': { read: (e) => list(e.file?.removedLines) },
  'threatguard.authentication.method': { read: (e) => text(e.authentication?.method) },
  'threatguard.authentication.key_fingerprint': { read: (e) => text(e.authentication?.keyFingerprint) },
  'threatguard.authentication.invalid_user': { read: (e) => flag(e.authentication?.invalidUser) },
  'threatguard.authentication.command': { read: (e) => text(e.authentication?.command) },
  'threatguard.authentication.count': { read: (e) => count(e.authentication?.count) },
  'host.os.name': { read: (e) => text(e.host?.osName) },
  'host.os.version': { read: (e) => text(e.host?.osVersion) },
  'host.os.kernel': { read: (e) => text(e.host?.kernel) },
  'host.cpu.usage': { read: (e) => present(e.host?.cpuPercent) },
  'threatguard.host.clock_offset_us': { read: (e) => present(e.host?.clockOffsetUs) },
  'threatguard.inventory.kind': { read: (e) => text(e.inventory?.kind) },
  'threatguard.inventory.added': { read: (e) => list(e.inventory?.added) },
  'threatguard.inventory.removed': { read: (e) => list(e.inventory?.removed) },
  'event.original': { read: (e) => text(e.original) },
  'threatguard.missing': { read: (e) => list(e.missing) },
};

function inetStdio(event: HostEvent) {
  return event.process?.stdioSockets?.find((socket) => socket.remoteAddress);
}

/** The event as a flat object with ECS names; absent fields are left out. */
export function toEcs(event: HostEvent): Record<string, Exclude<EcsValue, undefined>> {
  const flat: Record<string, Exclude<EcsValue, undefined>> = {};
  for (const [name, field] of Object.entries(ECS_FIELDS)) {
    const value = field.read(event);
    if (value !== undefined) flat[name] = value;
  }
  return flat;
}
