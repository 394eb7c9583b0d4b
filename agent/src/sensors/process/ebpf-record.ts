// What the kernel program writes for one exec or exit, and how it is read: one table serves both sides.
// After the fixed part come, each as long as its length field says: executable, working directory, parent's executable
// and cgroup as path components from leaf to root, each ending in NUL; then the arguments as they stand in memory.

/** Byte offsets in the fixed part, little-endian. */
export const RECORD = {
  kind: 0, // u32, KIND
  flags: 4, // u32, FLAG
  bootNs: 8, // u64, nanoseconds since boot, suspended time counted
  startBootNs: 16, // u64, when the process began (fork), same clock
  parentStartBootNs: 24, // u64
  pid: 32, // u32, process (thread group), as the initial pid namespace numbers it
  parentPid: 36, // u32
  userId: 40, // u32
  groupId: 44, // u32
  exitCode: 48, // u32, wait(2) status
  name: 52, // 16 bytes
  exitEnd: 72, // an exit record ends here
  parentName: 72, // 16 bytes
  tty: 88, // 16 bytes
  loginUserId: 104, // u32
  sessionId: 108, // u32
  executableLinks: 112, // u32, 0 for an unlinked file or a memfd
  argsBytes: 116, // u32, as the process has them; what follows may be fewer
  executableEnd: 120, // u32, offsets in the variable part
  workingDirectoryEnd: 124, // u32
  parentExecutableEnd: 128, // u32
  cgroupEnd: 132, // u32
  grandparentStartBootNs: 136, // u64
  grandparentPid: 144, // u32
  sockets: 152, // STDIO_COUNT times SOCKET.bytes
  variable: 320,
} as const;

export const SOCKET = {
  family: 0, // u16; 0 where the descriptor is not a socket
  localPort: 2, // u16, host order
  remotePort: 4, // u16, network order
  remoteV4: 8, // 4 bytes
  localV4: 12, // 4 bytes
  remoteV6: 16, // 16 bytes
  localV6: 32, // 16 bytes
  isSocket: 48, // u64
  bytes: 56,
} as const;

export const KIND = { exec: 1, exit: 2 } as const;
export const FLAG = {
  executableCut: 1,
  workingDirectoryCut: 2,
  parentExecutableCut: 4,
  cgroupCut: 8,
  argsUnreadable: 16,
} as const;
export const STDIO_COUNT = 3;
export const NAME_BYTES = 16;
/** All path components together. A walk that would need more, or more than PATH_DEPTH_MAX, is marked as cut. */
export const PATHS_BYTES_MAX = 8192;
export const PATH_DEPTH_MAX = 64;
/** Arguments of one exec, the same as ARGS_BYTES_MAX of the contract. */
export const RECORD_ARGS_BYTES_MAX = 32 * 1024;

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;

interface StdioRecord {
  descriptor: number;
  family: string;
  localAddress: string;
  localPort: number;
  remoteAddress: string;
  remotePort: number;
}

export interface ExitRecord {
  kind: 'exit';
  bootNs: number;
  startBootNs: number;
  pid: number;
  parentPid: number;
  userId: number;
  groupId: number;
  name: string;
  exitStatus: number;
}

export interface ExecRecord extends Omit<ExitRecord, 'kind' | 'exitStatus'> {
  kind: 'exec';
  parentStartBootNs: number;
  grandparentPid: number;
  grandparentStartBootNs: number;
  parentName: string;
  tty: string;
  loginUserId: number;
  sessionId: number;
  deletedExecutable: boolean;
  executable: string;
  workingDirectory: string;
  parentExecutable: string;
  cgroup: string;
  /** Paths whose upper part the program had no room for; they begin with an ellipsis instead of the root. */
  cut: { executable: boolean; workingDirectory: boolean; parentExecutable: boolean; cgroup: boolean };
  args: string[];
  argsTruncated: boolean;
  argsUnreadable: boolean;
  stdio: StdioRecord[];
}

/** Decodes one record, or returns undefined where it is none of ours: too short, or with lengths that do not fit. */
export function decodeRecord(bytes: Buffer): ExecRecord | ExitRecord | undefined {
  if (bytes.length < RECORD.exitEnd) return undefined;
  const u32 = (offset: number) => bytes.readUInt32LE(offset);
  const u64 = (offset: number) => u32(offset) + u32(offset + 4) * 2 ** 32;
  const common = {
    bootNs: u64(RECORD.bootNs),
    startBootNs: u64(RECORD.startBootNs),
    pid: u32(RECORD.pid),
    parentPid: u32(RECORD.parentPid),
    userId: u32(RECORD.userId),
    groupId: u32(RECORD.groupId),
    name: fixedText(bytes, RECORD.name),
  };
  if (u32(RECORD.kind) === KIND.exit) return { kind: 'exit', ...common, exitStatus: u32(RECORD.exitCode) };
  if (u32(RECORD.kind) !== KIND.exec || bytes.length < RECORD.variable) return undefined;

  const ends = [RECORD.executableEnd, RECORD.workingDirectoryEnd, RECORD.parentExecutableEnd, RECORD.cgroupEnd].map(
    u32,
  );
  const [executableEnd = 0, directoryEnd = 0, parentEnd = 0, cgroupEnd = 0] = ends;
  const ordered = executableEnd <= directoryEnd && directoryEnd <= parentEnd && parentEnd <= cgroupEnd;
  if (!ordered || RECORD.variable + cgroupEnd > bytes.length) return undefined;
  const variable = bytes.subarray(RECORD.variable);
  const args = variable.subarray(cgroupEnd);
  const argsBytes = u32(RECORD.argsBytes);
  const has = (flag: number) => (u32(RECORD.flags) & flag) !== 0;
  const cut = {
    executable: has(FLAG.executableCut),
    workingDirectory: has(FLAG.workingDirectoryCut),
    parentExecutable: has(FLAG.parentExecutableCut),
    cgroup: has(FLAG.cgroupCut),
  };
  return {
    kind: 'exec',
    ...common,
    parentStartBootNs: u64(RECORD.parentStartBootNs),
    grandparentPid: u32(RECORD.grandparentPid),
    grandparentStartBootNs: u64(RECORD.grandparentStartBootNs),
    parentName: fixedText(bytes, RECORD.parentName),
    tty: ttyName(fixedText(bytes, RECORD.tty)),
    loginUserId: u32(RECORD.loginUserId),
    sessionId: u32(RECORD.sessionId),
    deletedExecutable: u32(RECORD.executableLinks) === 0,
    executable: pathOf(variable.subarray(0, executableEnd), cut.executable),
    workingDirectory: pathOf(variable.subarray(executableEnd, directoryEnd), cut.workingDirectory),
    parentExecutable: pathOf(variable.subarray(directoryEnd, parentEnd), cut.parentExecutable),
    cgroup: pathOf(variable.subarray(parentEnd, cgroupEnd), cut.cgroup),
    cut,
    args: splitArgs(args),
    argsTruncated: argsBytes > args.length,
    argsUnreadable: has(FLAG.argsUnreadable),
    stdio: stdioOf(bytes),
  };
}

/** Arguments as they stand in memory: each ends in NUL, and an empty one is one. */
export function splitArgs(bytes: Buffer): string[] {
  if (bytes.length === 0) return [];
  const end = bytes.at(-1) === 0 ? bytes.length - 1 : bytes.length;
  return bytes.toString('utf8', 0, end).split('\0');
}

/** The address in the usual spelling; an IPv4 peer of an IPv6 socket as the IPv4 address it is. */
export function formatIPv6(bytes: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_, index) => (bytes[2 * index]! << 8) | bytes[2 * index + 1]!);
  if (words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff) return [...bytes.subarray(12)].join('.');
  const hex = words.map((word) => word.toString(16)).join(':');
  // RFC 5952: the longest run of two or more zero words, the first of equals, becomes "::".
  const longest = (hex.match(/(?:^|(?<=:))0(?::0)+(?=:|$)/g) ?? []).reduce((a, b) => (b.length > a.length ? b : a), '');
  if (longest === '') return hex;
  const at = hex.search(new RegExp(`(?:^|(?<=:))${longest}(?=:|$)`));
  return `${hex.slice(0, at).replace(/:$/, '')}::${hex.slice(at + longest.length).replace(/^:/, '')}`;
}

function stdioOf(record: Buffer): StdioRecord[] {
  const sockets: StdioRecord[] = [];
  for (let descriptor = 0; descriptor < STDIO_COUNT; descriptor++) {
    const bytes = record.subarray(RECORD.sockets + descriptor * SOCKET.bytes);
    if (bytes.readUInt32LE(SOCKET.isSocket) === 0) continue;
    const family = bytes.readUInt16LE(SOCKET.family);
    const isV6 = family === AF_INET6;
    const isInet = isV6 || family === AF_INET;
    const address = (v4: number, v6: number) =>
      isV6 ? formatIPv6(bytes.subarray(v6, v6 + 16)) : isInet ? [...bytes.subarray(v4, v4 + 4)].join('.') : '';
    const remotePort = isInet ? bytes.readUInt16BE(SOCKET.remotePort) : 0;
    sockets.push({
      descriptor,
      family: isV6 ? 'inet6' : isInet ? 'inet' : family === AF_UNIX ? 'unix' : `family-${family}`,
      localAddress: address(SOCKET.localV4, SOCKET.localV6),
      localPort: isInet ? bytes.readUInt16LE(SOCKET.localPort) : 0,
      remoteAddress: remotePort === 0 ? '' : address(SOCKET.remoteV4, SOCKET.remoteV6),
      remotePort,
    });
  }
  return sockets;
}

/** Components from leaf to root, each ending in NUL, as a path; none at all is the root itself. */
function pathOf(components: Buffer, cut: boolean): string {
  return `${cut ? '…' : ''}/${components.toString('utf8').split('\0').slice(0, -1).reverse().join('/')}`;
}

function fixedText(bytes: Buffer, offset: number): string {
  const field = bytes.subarray(offset, offset + NAME_BYTES);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? NAME_BYTES : end);
}

/** The kernel calls a pseudo-terminal `pts3`; its name under /dev, which people and logs use, is `pts/3`. */
function ttyName(name: string): string {
  return name.replace(/^pts(?=\d)/, 'pts/');
}
