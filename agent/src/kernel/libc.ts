// The system calls Node has no door for. koffi is used in this folder only; everything else sees plain functions.
import { getSystemErrorMessage, getSystemErrorName } from 'node:util';
import koffi from 'koffi';

/** A system call failed. `code` is the errno's name (`EPERM`), as in Node's own system errors. */
export class SystemCallError extends Error {
  override readonly name = 'SystemCallError';
  readonly code: string;
  readonly errno: number;

  constructor(call: string, errno: number) {
    super(`${call}: ${getSystemErrorMessage(-errno)} (${getSystemErrorName(-errno)})`);
    this.code = getSystemErrorName(-errno);
    this.errno = errno;
  }
}

// The symbols of the running process itself: the same line serves glibc and musl.
export const libc = koffi.load(null);
const cSocket = libc.func('int socket(int domain, int type, int protocol)');
const cBind = libc.func('int bind(int fd, void *address, uint32_t length)');
const cSetsockopt = libc.func('int setsockopt(int fd, int level, int name, void *value, uint32_t length)');
const cSendto = libc.func('long sendto(int fd, void *bytes, size_t length, int flags, void *address, uint32_t size)');
const cRecvfrom = libc.func('long recvfrom(int fd, void *bytes, size_t size, int flags, void *address, void *length)');
const cClose = libc.func('int close(int fd)');
const cSyscall = libc.func('long syscall(long number, int first, void *second, uint32_t third)');
const cMmap = libc.func('void *mmap(void *address, size_t length, int protection, int flags, int fd, long offset)');
const cMunmap = libc.func('int munmap(void *address, size_t length)');
const cClockGettime = libc.func('int clock_gettime(int clock, void *time)');
const cGetpagesize = libc.func('int getpagesize()');
const cIoprioSet = libc.func('long syscall(long number, long which, long who, long priority)');
const cGetxattr = libc.func('long getxattr(const char *path, const char *name, void *value, size_t size)');
const cSetrlimit = libc.func('int setrlimit(int resource, void *limit)');

/** What is asked for here is a word. */
const ATTRIBUTE_BYTES_MAX = 256;

const EPERM = 1;
const EINTR = 4;
const EAGAIN = 11;

/** The result of the last call as a number, or the error it set. */
function check(call: string, result: number | bigint): number {
  const value = Number(result);
  if (value < 0) throw new SystemCallError(call, koffi.errno());
  return value;
}

/** socket(2); returns the descriptor, which the caller closes. */
export function openSocket(domain: number, type: number, protocol: number): number {
  return check('socket', cSocket(domain, type, protocol));
}

export function bindSocket(fd: number, address: Uint8Array): void {
  check('bind', cBind(fd, address, address.length));
}

export function setSocketOption(fd: number, level: number, name: number, value: Uint8Array): void {
  check('setsockopt', cSetsockopt(fd, level, name, value, value.length));
}

/** sendto(2); returns the bytes taken. */
export function sendTo(fd: number, bytes: Uint8Array, address: Uint8Array, flags = 0): number {
  return check('sendto', cSendto(fd, bytes, bytes.length, flags, address, address.length));
}

/**
 * recvfrom(2) into `buffer`; the bytes received, or undefined where a non-blocking socket has nothing. Fills `sender`
 * with the raw address, so that a forged netlink message can be told apart.
 */
export function receiveFrom(fd: number, buffer: Uint8Array, sender: Uint8Array, flags = 0): number | undefined {
  const length = new Uint32Array([sender.length]);
  const result = cRecvfrom(fd, buffer, buffer.length, flags, sender, length);
  if (Number(result) < 0 && (koffi.errno() === EAGAIN || koffi.errno() === EINTR)) return undefined;
  return check('recvfrom', result);
}

export function closeDescriptor(fd: number): void {
  check('close', cClose(fd));
}

/** syscall(2) of the form (int, pointer, size), as bpf(2) is; returns its result. */
export function systemCall(name: string, number: number, first: number, second: Uint8Array): number {
  return check(name, cSyscall(number, first, second, second.length));
}

const IOPRIO_SET: Record<string, number> = { x64: 251, arm64: 30 };
const IOPRIO_WHO_PROCESS = 1;
const IOPRIO_CLASS_BEST_EFFORT = 2;

/** ioprio_set(2) of one thread: best effort, `level` 0 (first) to 7 (last). */
export function setIoPriority(thread: number, level: number): void {
  const number = IOPRIO_SET[process.arch];
  if (number === undefined) throw new Error(`ioprio_set has no number here for ${process.arch}`);
  check('ioprio_set', cIoprioSet(number, IOPRIO_WHO_PROCESS, thread, (IOPRIO_CLASS_BEST_EFFORT << 13) | level));
}

/** getxattr(2) as text; undefined where the file has no such attribute, is gone or may not be asked. */
export function readAttribute(path: string, name: string): string | undefined {
  const value = Buffer.alloc(ATTRIBUTE_BYTES_MAX);
  const length = Number(cGetxattr(path, name, value, value.length));
  return length < 0 ? undefined : value.toString('latin1', 0, length).replace(/\0$/, '');
}

/** Where the bytes lie in memory, for structures that hold pointers. The caller keeps `bytes` alive over the call. */
export function addressOf(bytes: Uint8Array): bigint {
  return koffi.address(bytes);
}

/** The unit of mmap(2) on this machine. */
export function pageBytes(): number {
  return cGetpagesize();
}

/** A piece of memory shared with the kernel. `bytes` must not be touched after `unmap`. */
export interface Mapping {
  readonly bytes: ArrayBuffer;
  unmap(): void;
}

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const ALL_ONES = 0xffff_ffff_ffff_ffffn; // MAP_FAILED, RLIM_INFINITY

/** mmap(2), shared, of `length` bytes of `fd` from `offset`. */
export function mapShared(fd: number, length: number, offset: number, access: 'read' | 'write'): Mapping {
  const protection = access === 'read' ? PROT_READ : PROT_READ | PROT_WRITE;
  const address = cMmap(null, length, protection, MAP_SHARED, fd, offset);
  if (BigInt.asUintN(64, koffi.address(address)) === ALL_ONES) throw new SystemCallError('mmap', koffi.errno());
  return {
    bytes: koffi.view(address, length),
    unmap: () => void check('munmap', cMunmap(address, length)),
  };
}

/** Calls back from the event loop's own epoll whenever `fd` is readable: no thread and no timer while it is quiet. */
export function watchReadable(fd: number, onReadable: () => void): { close(): void } {
  let closed = false;
  // koffi calls back outside of Node's callback scope, where promises that are resolved wait for the next timer; an
  // immediate runs in the same turn of the loop, and within that scope.
  const handle = koffi.node.poll(fd, { readable: true }, () => setImmediate(() => closed || onReadable()));
  return {
    close() {
      closed = true;
      handle.close();
    },
  };
}

/** Filled and read within one synchronous call, so one is enough. */
const timespec = new BigInt64Array(2);
const CLOCKS = { realtime: 0, boottime: 7 } as const;

/** clock_gettime(2) in microseconds. `boottime` is the clock kernel programs stamp with; it counts suspended time. */
export function clockUs(clock: keyof typeof CLOCKS): number {
  check('clock_gettime', cClockGettime(CLOCKS[clock], timespec));
  return Number(timespec[0]) * 1e6 + Number(timespec[1]) / 1e3;
}

const RLIMIT_MEMLOCK = 8;

/** Lifts the limit on locked memory, which kernels before 5.11 charge BPF maps to. Without the right to, stays as it is. */
export function liftMemoryLockLimit(): void {
  const unlimited = new BigUint64Array([ALL_ONES, ALL_ONES]);
  if (Number(cSetrlimit(RLIMIT_MEMLOCK, unlimited)) < 0 && koffi.errno() !== EPERM)
    throw new SystemCallError('setrlimit', koffi.errno());
}
