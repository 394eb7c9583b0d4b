// Programs of ours in the kernel with the ring they write to and the count of what found no room in it. Whoever reads the
// kernel opens one of these, loads programs into it, drains the ring and reports what `takeLosses` says.
import { existsSync, readFileSync } from 'node:fs';
import { attachRawTracepoint, BpfError, closeAll, createMap, loadProgram, missedRuns, prepareBpf } from './bpf.ts';
import type { Assembler } from './bpf-assembler.ts';
import { type Btf, parseBtf } from './btf.ts';
import { clockUs, type Mapping, mapShared, pageBytes } from './libc.ts';
import { openRingBuffer, type RingBuffer } from './ring-buffer.ts';

const BTF_FILE = '/sys/kernel/btf/vmlinux';
/** Entry 0 of the loss map: how many records were dropped, and when the last one was (nanoseconds since boot). */
export const LOSS = { count: 0, lastBootNs: 8, bytes: 16 } as const;
/** How often the kernel is asked for the runs it left out: a system call for each program. */
const MISSES_EVERY_US = 1_000_000;

/** Records that were dropped since it was last asked. */
export interface KernelLoss {
  count: number;
  firstAtUs: number;
  lastAtUs: number;
}

/** The types of the running kernel. Throws BpfError where it does not carry them, BtfError where they are unreadable. */
export function readKernelBtf(): Btf {
  if (!existsSync(BTF_FILE))
    throw new BpfError('unsupported', `this kernel has no ${BTF_FILE}: it was built without CONFIG_DEBUG_INFO_BTF`);
  return parseBtf(readFileSync(BTF_FILE));
}

/** One ring with its programs. Everything it opened is given back by `close`, which is safe twice. */
export class KernelPrograms {
  readonly ringFd: number;
  readonly lossFd: number;
  readonly #descriptors: number[] = [];
  readonly #programs: number[] = [];
  readonly #ring: RingBuffer;
  readonly #lossMap: Mapping;
  readonly #counters: BigUint64Array;
  #closed = false;
  #reported = 0;
  #missed = 0;
  #missesAskedUs = 0;
  #completeUntilUs = clockUs('realtime');

  /** Throws BpfError where the kernel or our rights do not allow it. `ringBytes` is a power of two, of whole pages. */
  constructor(ringBytes: number) {
    prepareBpf();
    try {
      this.ringFd = this.createMap({ type: 'ring', entriesMax: ringBytes });
      this.lossFd = this.createMap({ type: 'array', entriesMax: 1, valueBytes: LOSS.bytes, mappable: true });
      this.#lossMap = mapShared(this.lossFd, pageBytes(), 0, 'read');
      this.#counters = new BigUint64Array(this.#lossMap.bytes, 0, LOSS.bytes / 8);
      this.#ring = openRingBuffer(this.ringFd, ringBytes);
    } catch (error) {
      closeAll(this.#descriptors);
      throw error;
    }
  }

  /** A further map for the programs; closed with them. */
  createMap(options: Parameters<typeof createMap>[0]): number {
    const fd = createMap(options);
    this.#descriptors.push(fd);
    return fd;
  }

  /** An area for each processor, in which one program, and no other, puts its record together. */
  createScratch(bytes: number): number {
    return this.createMap({ type: 'array', entriesMax: possibleCpus(), valueBytes: bytes });
  }

  /** Loads the program and lets it run at every hit of the tracepoint. Throws BpfError with the verifier's words where it refuses. */
  run(name: string, program: Assembler, tracepoint: string): void {
    const programFd = loadProgram(name, program.assemble());
    this.#descriptors.push(programFd);
    this.#programs.push(programFd);
    this.#descriptors.push(attachRawTracepoint(tracepoint, programFd));
  }

  /** See RingBuffer; nothing once closed. */
  drain(take: (record: Buffer) => void, recordsMax: number): number {
    return this.#ring.drain(take, recordsMax);
  }

  /** Each dropped record once. `bootOffsetUs` is the wall clock minus the clock since boot. */
  takeLosses(bootOffsetUs: number): KernelLoss | undefined {
    if (this.#closed) return undefined;
    const nowUs = clockUs('realtime');
    const dropped = Number(Atomics.load(this.#counters, LOSS.count / 8));
    let count = dropped - this.#reported;
    let lastAtUs = Number(Atomics.load(this.#counters, LOSS.lastBootNs / 8)) / 1000 + bootOffsetUs;
    this.#reported = dropped;
    if (nowUs - this.#missesAskedUs >= MISSES_EVERY_US) {
      this.#missesAskedUs = nowUs;
      const missed = this.#programs.reduce((sum, fd) => sum + missedRuns(fd), 0);
      if (missed > this.#missed) lastAtUs = nowUs;
      count += missed - this.#missed;
      this.#missed = missed;
    }
    const firstAtUs = Math.round(Math.min(this.#completeUntilUs, lastAtUs));
    this.#completeUntilUs = nowUs;
    return count > 0 ? { count, firstAtUs, lastAtUs: Math.round(lastAtUs) } : undefined;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ring.close();
    this.#lossMap.unmap();
    closeAll(this.#descriptors);
  }
}

/** Processors that may ever come online: the highest number in a list such as `0-3,8-11`, and one. */
function possibleCpus(): number {
  const list = readFileSync('/sys/devices/system/cpu/possible', 'latin1');
  return Math.max(...(list.match(/\d+/g) ?? ['0']).map(Number)) + 1;
}
