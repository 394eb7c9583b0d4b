// bpf(2): maps, programs and raw tracepoints. Attribute layouts are those of `union bpf_attr` in include/uapi/linux/bpf.h.
import { endianness } from 'node:os';
import { addressOf, closeDescriptor, liftMemoryLockLimit, SystemCallError, systemCall } from './libc.ts';

export type BpfErrorCode = 'unsupported' | 'not_permitted' | 'verifier' | 'refused';

/** The kernel would not take a map or program. `message` has its words, and what would fix it where that is known. */
export class BpfError extends Error {
  override readonly name = 'BpfError';
  readonly code: BpfErrorCode;

  constructor(code: BpfErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Number of the system call, by Node's name of the processor (it is part of the kernel's stable interface). */
const BPF_CALL: Record<string, number> = { x64: 321, arm64: 280, riscv64: 280, loong64: 280 };
const COMMANDS = { MAP_CREATE: 0, PROG_LOAD: 5, OBJ_GET_INFO_BY_FD: 15, RAW_TRACEPOINT_OPEN: 17 } as const;
/** `lru` is a hash map that forgets what was least recently used where it is full. */
const MAP_TYPES = { array: 2, lru: 9, ring: 27 } as const;
const MAP_FLAG_MAPPABLE = 1 << 10;
const PROGRAM_RAW_TRACEPOINT = 17;
/** struct bpf_prog_info up to and with the field we read. */
const PROGRAM_INFO = { recursionMisses: 208, bytes: 216 } as const;
/** The kernel lends its tracing helpers only to programs offered to it under the GPL; ours are. */
const LICENCE = Buffer.from('GPL\0');
const INSTRUCTION_BYTES = 8;
const VERIFIER_LOG_BYTES = 4 * 1024 * 1024;
/** A signal that arrives while the verifier works makes it give up with EAGAIN. */
const LOAD_ATTEMPTS_MAX = 10;
/** The end of the log says what was wrong; more would not be read. */
const VERIFIER_LINES_MAX = 6;

/** Refuses early, and in words, what no later call could do. Lifts the memory limit old kernels apply. */
export function prepareBpf(): void {
  if (BPF_CALL[process.arch] === undefined || endianness() !== 'LE')
    throw new BpfError('unsupported', `eBPF programs for ${process.arch} are not built by this version`);
  liftMemoryLockLimit();
}

/** A map of the kernel; the caller closes the descriptor. `mappable` arrays can be shared by mmap(2). */
export function createMap(options: {
  type: keyof typeof MAP_TYPES;
  /** Entries of an array; bytes of a ring, a power of two and of whole pages. */
  entriesMax: number;
  /** Of an lru map; an array's is a number of four bytes. */
  keyBytes?: number;
  valueBytes?: number;
  mappable?: boolean;
}): number {
  const attributes = Buffer.alloc(72);
  attributes.writeUInt32LE(MAP_TYPES[options.type], 0);
  attributes.writeUInt32LE(options.keyBytes ?? (options.type === 'array' ? 4 : 0), 4);
  attributes.writeUInt32LE(options.valueBytes ?? 0, 8);
  attributes.writeUInt32LE(options.entriesMax, 12);
  attributes.writeUInt32LE(options.mappable ? MAP_FLAG_MAPPABLE : 0, 16);
  try {
    return bpf('MAP_CREATE', attributes);
  } catch (error) {
    throw explain(error, `a ${options.type} map`);
  }
}

/** Loads a raw tracepoint program. Where the verifier refuses, its last words are the error's message. */
export function loadProgram(name: string, instructions: Buffer): number {
  try {
    return loadAgain(programAttributes(name, instructions));
  } catch (error) {
    const isRefused = error instanceof SystemCallError && error.code !== 'EPERM' && error.code !== 'EAGAIN';
    if (!isRefused) throw explain(error, `program ${name}`);
  }
  // A log is asked for only now: one that is too small would itself make older kernels refuse the program.
  const log = Buffer.alloc(VERIFIER_LOG_BYTES);
  try {
    return loadAgain(programAttributes(name, instructions, log));
  } catch (error) {
    const words = lastLines(log);
    if (words === '') throw explain(error, `program ${name}`);
    throw new BpfError('verifier', `the kernel's verifier refused program ${name}: ${words}`);
  }
}

/** Until the verifier came to an end: whether it says yes or no. */
function loadAgain(attributes: Buffer): number {
  for (let attempt = 1; ; attempt++) {
    try {
      return bpf('PROG_LOAD', attributes);
    } catch (error) {
      const wasInterrupted = error instanceof SystemCallError && error.code === 'EAGAIN';
      if (!wasInterrupted || attempt === LOAD_ATTEMPTS_MAX) throw error;
    }
  }
}

/** Runs the program at every hit of the tracepoint until the returned descriptor is closed. */
export function attachRawTracepoint(tracepoint: string, programFd: number): number {
  const name = Buffer.from(`${tracepoint}\0`);
  const attributes = Buffer.alloc(16);
  attributes.writeBigUInt64LE(addressOf(name), 0);
  attributes.writeUInt32LE(programFd, 8);
  try {
    return bpf('RAW_TRACEPOINT_OPEN', attributes);
  } catch (error) {
    throw explain(error, `tracepoint ${tracepoint}`);
  }
}

/** How often the kernel left the program out because it was under way on that processor; 0 where it does not count. */
export function missedRuns(programFd: number): number {
  const info = Buffer.alloc(PROGRAM_INFO.bytes);
  const attributes = Buffer.alloc(16);
  attributes.writeUInt32LE(programFd, 0);
  attributes.writeUInt32LE(info.length, 4);
  attributes.writeBigUInt64LE(addressOf(info), 8);
  bpf('OBJ_GET_INFO_BY_FD', attributes);
  return Number(info.readBigUInt64LE(PROGRAM_INFO.recursionMisses));
}

/** Closes what was opened, in reverse; the kernel drops programs and maps nobody refers to. */
export function closeAll(descriptors: number[]): void {
  for (let fd = descriptors.pop(); fd !== undefined; fd = descriptors.pop()) closeDescriptor(fd);
}

function programAttributes(name: string, instructions: Buffer, log?: Buffer): Buffer {
  const attributes = Buffer.alloc(72);
  attributes.writeUInt32LE(PROGRAM_RAW_TRACEPOINT, 0);
  attributes.writeUInt32LE(instructions.length / INSTRUCTION_BYTES, 4);
  attributes.writeBigUInt64LE(addressOf(instructions), 8);
  attributes.writeBigUInt64LE(addressOf(LICENCE), 16);
  if (log) {
    attributes.writeUInt32LE(1, 24);
    attributes.writeUInt32LE(log.length, 28);
    attributes.writeBigUInt64LE(addressOf(log), 32);
  }
  attributes.write(name.slice(0, 15), 48, 'latin1'); // BPF_OBJ_NAME_LEN is 16 with its NUL
  return attributes;
}

function bpf(command: keyof typeof COMMANDS, attributes: Buffer): number {
  return systemCall('bpf', BPF_CALL[process.arch] ?? -1, COMMANDS[command], attributes);
}

function explain(error: unknown, what: string): unknown {
  if (!(error instanceof SystemCallError)) return error;
  if (error.code === 'EPERM')
    return new BpfError('not_permitted', `no permission for ${what}: run as root or with CAP_BPF and CAP_PERFMON`);
  if (error.code === 'ENOSYS') return new BpfError('unsupported', 'this kernel was built without bpf(2)');
  return new BpfError('refused', `the kernel refused ${what}: ${error.message}; eBPF needs Linux 5.8 or later`);
}

function lastLines(log: Buffer): string {
  const end = log.indexOf(0);
  const lines = log.toString('latin1', 0, end < 0 ? log.length : end).split('\n');
  const said = lines.filter(
    (line) => line !== '' && !/^(processed \d+ insns|verification time|stack depth)/.test(line),
  );
  return said.slice(-VERIFIER_LINES_MAX).join(' | ');
}
