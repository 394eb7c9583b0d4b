// The bytes our kernel programs wrote, as values. Pure; refuses what cannot be a record instead of reading beyond it.
import { FLAG, formatIPv6, KIND, NAME_BYTES, RECORD, SOCKET, STDIO_COUNT, splitArgs } from './ebpf-record.ts';

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;

/** Both ends of a socket; a peer that is none yet has port 0 and no address. */
export interface SocketEnds {
  family: string;
  localAddress: string;
  localPort: number;
  remoteAddress: string;
  remotePort: number;
}

interface CommonFields {
  bootNs: number;
  startBootNs: number;
  pid: number;
  parentPid: number;
  userId: number;
  groupId: number;
  name: string;
}

export interface ExitRecord extends CommonFields {
  kind: 'exit';
  exitStatus: number;
}

/** What identifies the bytes of an executable: another content has another one of these. */
export interface FileIdentity {
  device: number;
  inode: number;
  sizeBytes: number;
  modifiedNs: bigint;
  changedNs: bigint;
}

/** A process and what it does at this moment. */
export interface ActorRecord extends CommonFields {
  kind: 'exec' | 'credentials' | 'trace' | 'socket';
  effectiveUserId: number;
  effectiveGroupId: number;
  capabilities: number;
  parentStartBootNs: number;
  grandparentPid: number;
  grandparentStartBootNs: number;
  parentName: string;
  tty: string;
  loginUserId: number;
  sessionId: number;
  file: FileIdentity;
  deletedExecutable: boolean;
  memoryExecutable: boolean;
  executable: string;
  workingDirectory: string;
  parentExecutable: string;
  cgroup: string;
  /** Paths whose upper part the program had no room for; they begin with an ellipsis instead of the root. */
  cut: { executable: boolean; workingDirectory: boolean; parentExecutable: boolean; cgroup: boolean };
  args: string[];
  argsTruncated: boolean;
  argsUnreadable: boolean;
  /** Standard streams at an exec. */
  stdio: (SocketEnds & { descriptor: number })[];
  /** Of `credentials`. */
  previousUserId: number;
  previousCapabilities: number;
  /** Of `trace`. */
  target: { pid: number; startBootNs: number; name: string };
  /** Of `socket`. */
  socket: SocketEnds & { key: number; state: number; transport: number };
}

/** Decodes one record, or returns undefined where it is none of ours: too short, or with lengths that do not fit. */
export function decodeRecord(bytes: Buffer): ActorRecord | ExitRecord | undefined {
  if (bytes.length < RECORD.exitEnd) return undefined;
  const common = {
    bootNs: u64(bytes, RECORD.bootNs),
    startBootNs: u64(bytes, RECORD.startBootNs),
    pid: bytes.readUInt32LE(RECORD.pid),
    parentPid: bytes.readUInt32LE(RECORD.parentPid),
    userId: bytes.readUInt32LE(RECORD.userId),
    groupId: bytes.readUInt32LE(RECORD.groupId),
    name: fixedText(bytes, RECORD.name),
  };
  const kind = bytes.readUInt32LE(RECORD.kind);
  if (kind === KIND.exit) return { kind: 'exit', ...common, exitStatus: bytes.readUInt32LE(RECORD.exitCode) };
  const actor = ACTORS.get(kind);
  return actor && bytes.length >= RECORD.variable ? decodeActor(bytes, actor, common) : undefined;
}

const ACTORS = new Map<number, ActorRecord['kind']>([
  [KIND.exec, 'exec'],
  [KIND.credentials, 'credentials'],
  [KIND.trace, 'trace'],
  [KIND.socket, 'socket'],
]);

function decodeActor(bytes: Buffer, kind: ActorRecord['kind'], common: CommonFields): ActorRecord | undefined {
  const u32 = (offset: number) => bytes.readUInt32LE(offset);
  const executableEnd = u32(RECORD.executableEnd);
  const directoryEnd = u32(RECORD.workingDirectoryEnd);
  const parentEnd = u32(RECORD.parentExecutableEnd);
  const cgroupEnd = u32(RECORD.cgroupEnd);
  const ordered = executableEnd <= directoryEnd && directoryEnd <= parentEnd && parentEnd <= cgroupEnd;
  if (!ordered || RECORD.variable + cgroupEnd > bytes.length) return undefined;
  const path = (start: number, end: number, cut: boolean) =>
    pathOf(bytes.toString('utf8', RECORD.variable + start, RECORD.variable + end), cut);
  const args = bytes.subarray(RECORD.variable + cgroupEnd);
  const flags = u32(RECORD.flags);
  const cut = {
    executable: (flags & FLAG.executableCut) !== 0,
    workingDirectory: (flags & FLAG.workingDirectoryCut) !== 0,
    parentExecutable: (flags & FLAG.parentExecutableCut) !== 0,
    cgroup: (flags & FLAG.cgroupCut) !== 0,
  };
  const executable = path(0, executableEnd, cut.executable);
  return {
    kind,
    ...common,
    effectiveUserId: u32(RECORD.effectiveUserId),
    effectiveGroupId: u32(RECORD.effectiveGroupId),
    capabilities: u64(bytes, RECORD.capabilities),
    parentStartBootNs: u64(bytes, RECORD.parentStartBootNs),
    grandparentPid: u32(RECORD.grandparentPid),
    grandparentStartBootNs: u64(bytes, RECORD.grandparentStartBootNs),
    parentName: fixedText(bytes, RECORD.parentName),
    tty: ttyName(fixedText(bytes, RECORD.tty)),
    loginUserId: u32(RECORD.loginUserId),
    sessionId: u32(RECORD.sessionId),
    file: fileOf(bytes),
    deletedExecutable: u32(RECORD.executableLinks) === 0,
    memoryExecutable: (flags & FLAG.executableApart) !== 0 && executable.startsWith('/memfd:'),
    executable,
    workingDirectory: path(executableEnd, directoryEnd, cut.workingDirectory),
    parentExecutable: path(directoryEnd, parentEnd, cut.parentExecutable),
    cgroup: path(parentEnd, cgroupEnd, cut.cgroup),
    cut,
    args: splitArgs(args),
    argsTruncated: u32(RECORD.argsBytes) > args.length,
    argsUnreadable: (flags & FLAG.argsUnreadable) !== 0,
    stdio: kind === 'exec' ? stdioOf(bytes) : [],
    previousUserId: u32(RECORD.previousUserId),
    previousCapabilities: u64(bytes, RECORD.previousCapabilities),
    target: {
      pid: u32(RECORD.targetPid),
      startBootNs: u64(bytes, RECORD.targetStartBootNs),
      name: fixedText(bytes, RECORD.targetName),
    },
    socket: {
      ...decodeSocket(bytes, RECORD.sockets),
      key: addressAt(bytes, RECORD.socketKey),
      state: u32(RECORD.socketState),
      transport: u32(RECORD.transport),
    },
  };
}

/** The ends that stand at `base`, as laid out in SOCKET. */
export function decodeSocket(bytes: Buffer, base: number): SocketEnds {
  const family = bytes.readUInt16LE(base + SOCKET.family);
  const isV6 = family === AF_INET6;
  const isInet = isV6 || family === AF_INET;
  const address = (v4: number, v6: number) =>
    isV6
      ? formatIPv6(bytes.subarray(base + v6, base + v6 + 16))
      : isInet
        ? bytes.subarray(base + v4, base + v4 + 4).join('.')
        : '';
  const remotePort = isInet ? bytes.readUInt16BE(base + SOCKET.remotePort) : 0;
  return {
    family: isV6 ? 'inet6' : isInet ? 'inet' : family === AF_UNIX ? 'unix' : `family-${family}`,
    localAddress: address(SOCKET.localV4, SOCKET.localV6),
    localPort: isInet ? bytes.readUInt16LE(base + SOCKET.localPort) : 0,
    remoteAddress: remotePort === 0 ? '' : address(SOCKET.remoteV4, SOCKET.remoteV6),
    remotePort,
  };
}

/** An address of the kernel's as a number: the bits in which two of them can differ, and which a number holds. */
export function addressAt(bytes: Buffer, offset: number): number {
  return bytes.readUInt32LE(offset) + (bytes.readUInt32LE(offset + 4) & 0xf_ffff) * 2 ** 32;
}

export function u64(bytes: Buffer, offset: number): number {
  return bytes.readUInt32LE(offset) + bytes.readUInt32LE(offset + 4) * 2 ** 32;
}

function fileOf(bytes: Buffer): FileIdentity {
  const atNs = (seconds: number, nanoseconds: number) =>
    // Since Linux 6.13 the upper bit says that the time was asked for.
    bytes.readBigInt64LE(seconds) * 1_000_000_000n + BigInt(bytes.readUInt32LE(nanoseconds) & 0x7fff_ffff);
  return {
    device: bytes.readUInt32LE(RECORD.device),
    inode: u64(bytes, RECORD.inode),
    sizeBytes: u64(bytes, RECORD.sizeBytes),
    modifiedNs: atNs(RECORD.modifiedS, RECORD.modifiedNs),
    changedNs: atNs(RECORD.changedS, RECORD.changedNs),
  };
}

function stdioOf(bytes: Buffer): ActorRecord['stdio'] {
  const sockets: ActorRecord['stdio'] = [];
  for (let descriptor = 0; descriptor < STDIO_COUNT; descriptor++) {
    const base = RECORD.sockets + descriptor * SOCKET.bytes;
    if (bytes.readUInt32LE(base + SOCKET.isSocket) !== 0) sockets.push({ descriptor, ...decodeSocket(bytes, base) });
  }
  return sockets;
}

/** Paths as the kernel writes them, and as people do: a host runs the same programs in the same places all day. */
const paths = new Map<string, string>();
const PATHS_MAX = 1024;

/** Components from leaf to root, each ending in NUL, as a path; none at all is the root itself. */
function pathOf(components: string, cut: boolean): string {
  let path = paths.get(components);
  if (path === undefined) {
    path = `/${components.split('\0').slice(0, -1).reverse().join('/')}`;
    if (paths.size >= PATHS_MAX) paths.clear();
    paths.set(components, path);
  }
  return cut ? `…${path}` : path;
}

function fixedText(bytes: Buffer, offset: number): string {
  const end = bytes.indexOf(0, offset);
  return bytes.toString('utf8', offset, end < 0 ? offset + NAME_BYTES : Math.min(end, offset + NAME_BYTES));
}

/** The kernel calls a pseudo-terminal `pts3`; its name under /dev, which people and logs use, is `pts/3`. */
function ttyName(name: string): string {
  return name.replace(/^pts(?=\d)/, 'pts/');
}
