// What our kernel programs write, byte by byte: one table serves the programs (ebpf-pieces.ts) and whoever reads what they
// wrote (ebpf-decode.ts).
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
  sockets: 152, // STDIO_COUNT times SOCKET.bytes; of a socket record the first is the socket meant
  effectiveUserId: 320, // u32
  effectiveGroupId: 324, // u32
  capabilities: 328, // u64, effective
  inode: 336, // u64, of the executable, as all up to changedS
  sizeBytes: 344, // u64
  modifiedS: 352, // u64
  modifiedNs: 360, // u32
  changedNs: 364, // u32
  changedS: 368, // u64
  device: 376, // u32, as the kernel numbers it: 12 bits major, 20 bits minor
  previousUserId: 380, // u32, of a change of credentials
  previousCapabilities: 384, // u64
  targetStartBootNs: 392, // u64, of a process that is traced
  targetPid: 400, // u32
  targetName: 404, // 16 bytes
  socketState: 420, // u32, what happens to the socket: SOCKET_STATE
  socketKey: 424, // u64, the kernel's address of it: unique among those there are
  transport: 432, // u64, IPPROTO_TCP or IPPROTO_UDP
  variable: 440,
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

export const KIND = { exec: 1, exit: 2, credentials: 3, trace: 4, socket: 5, socketState: 6 } as const;
export const FLAG = {
  executableCut: 1,
  workingDirectoryCut: 2,
  parentExecutableCut: 4,
  cgroupCut: 8,
  argsUnreadable: 16,
  /** The file was never in a directory, as a memfd is none. */
  executableApart: 32,
} as const;
export const STDIO_COUNT = 3;
export const NAME_BYTES = 16;
/** All path components together. A walk that would need more, or more than PATH_DEPTH_MAX, is marked as cut. */
export const PATHS_BYTES_MAX = 8192;
export const PATH_DEPTH_MAX = 64;
/** Arguments of one exec, the same as ARGS_BYTES_MAX of the contract. */
export const RECORD_ARGS_BYTES_MAX = 32 * 1024;

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
