// Every exec as the kernel itself saw it, with its arguments, also of processes that are gone a moment later.
import { existsSync, readFileSync } from 'node:fs';
import { attachRawTracepoint, BpfError, closeAll, createMap, loadProgram, prepareBpf } from '../../kernel/bpf.ts';
import { parseBtf } from '../../kernel/btf.ts';
import { clockUs, type Mapping, mapShared, pageBytes } from '../../kernel/libc.ts';
import { openRingBuffer, type RingBuffer } from '../../kernel/ring-buffer.ts';
import type { SensorSink } from '../sensor.ts';
import { readUserNames } from '../user-names.ts';
import { createAncestry } from './ancestry.ts';
import { missingFields } from './ebpf-layout.ts';
import { assembleExecProgram, assembleExitProgram, LOSS, SCRATCH_BYTES } from './ebpf-program.ts';
import { decodeRecord, type ExecRecord } from './ebpf-record.ts';
import { type EventContext, execEvent, exitEvent } from './exec-event.ts';
import { drainPaced } from './paced-drain.ts';
import { readProcessFacts } from './proc-facts.ts';
import { readLegacyCgroup } from './proc-files.ts';
import type { ProcessSource } from './source.ts';

const SENSOR = 'process.ebpf';
const BTF_FILE = '/sys/kernel/btf/vmlinux';
/** About 4,000 ordinary execs: seconds of a busy host, should the event loop be held up. All of it counts as resident. */
const RING_BYTES = 2 * 1024 * 1024;
/** Records taken before the event loop has a turn; the ring calls again at once where more is left. */
const RECORDS_PER_TURN = 256;
/** Turns for what is left when we stop: more than a full ring of the smallest records, then enough is enough. */
const LAST_TURNS_MAX = 128;

export interface EbpfOptions {
  /** Also say when processes end. Off by default: it doubles the events, and no detection needs it yet. */
  exits?: boolean;
  /** Size of the ring, a power of two and of whole pages. */
  ringBytes?: number;
}

/** The eBPF source. `start` rejects with BpfError or BtfError where the kernel or our rights do not allow it. */
export function createEbpfSource(options: EbpfOptions = {}): ProcessSource {
  const ringBytes = options.ringBytes ?? RING_BYTES;
  const descriptors: number[] = [];
  const users = readUserNames();
  const ancestry = createAncestry();
  // Without the unified hierarchy the kernel program may see only its root; then /proc is asked.
  const unified = existsSync('/sys/fs/cgroup/cgroup.controllers');
  let missing: string[] = [];
  let ring: RingBuffer | undefined;
  let losses: Mapping | undefined;
  let watch: { close(): void } | undefined;
  let drain: () => number = () => 0;

  /** Returns the descriptor of the ring. */
  function attach(): number {
    prepareBpf();
    const btf = parseBtf(readBtf());
    missing = missingFields(btf);
    const open = (fd: number) => descriptors[descriptors.push(fd) - 1]!;
    const ringFd = open(createMap({ type: 'ring', entriesMax: ringBytes }));
    const scratchFd = open(createMap({ type: 'array', entriesMax: possibleCpus(), valueBytes: SCRATCH_BYTES }));
    const lossFd = open(createMap({ type: 'array', entriesMax: 1, valueBytes: LOSS.bytes, mappable: true }));
    const maps = { ringFd, scratchFd, lossFd };
    losses = mapShared(lossFd, pageBytes(), 0, 'read');
    ring = openRingBuffer(ringFd, ringBytes);
    const execFd = open(loadProgram('tg_exec', assembleExecProgram(btf, maps)));
    open(attachRawTracepoint('sched_process_exec', execFd));
    if (!options.exits) return ringFd;
    const exitFd = open(loadProgram('tg_exit', assembleExitProgram(btf, maps)));
    open(attachRawTracepoint('sched_process_exit', exitFd));
    return ringFd;
  }

  function detach(): void {
    watch?.close();
    ring?.close();
    losses?.unmap();
    watch = ring = losses = undefined;
    closeAll(descriptors);
  }

  function take(bytes: Buffer, sink: SensorSink, bootOffsetUs: number): void {
    const record = decodeRecord(bytes);
    if (!record) {
      const atUs = Math.round(clockUs('realtime'));
      sink.lose({ sensor: SENSOR, reason: 'kernel_overrun', count: 1, firstAtUs: atUs, lastAtUs: atUs });
      return;
    }
    const context = { sensor: SENSOR, bootOffsetUs, userName: users.nameOf, missing };
    if (record.kind === 'exit') {
      sink.emit(exitEvent(record, { ...context, parent: ancestry.recall(record.pid, record.startBootNs) }));
      return;
    }
    if (record.argsUnreadable || Object.values(record.cut).includes(true)) complete(record);
    if (!unified && record.cgroup === '/') record.cgroup = readLegacyCgroup(record.pid);
    const parent = ancestry.parentOf(record);
    ancestry.remember(record.pid, record.startBootNs, record);
    sink.emit(execEvent(record, { ...context, parent } satisfies EventContext));
  }

  return {
    name: 'ebpf',
    async start(sink) {
      let ringFd: number;
      try {
        ringFd = attach();
      } catch (error) {
        detach();
        throw error;
      }
      const reportLosses = lossReporter(new BigUint64Array(losses!.bytes, 0, LOSS.bytes / 8), sink);
      drain = () => {
        const bootOffsetUs = clockUs('realtime') - clockUs('boottime');
        const records = ring?.drain((bytes) => take(bytes, sink, bootOffsetUs), RECORDS_PER_TURN) ?? 0;
        reportLosses(bootOffsetUs);
        return records;
      };
      watch = drainPaced(ringFd, drain);
    },
    async stop() {
      for (let turn = 0; turn < LAST_TURNS_MAX && drain() > 0; turn++);
      drain = () => 0;
      detach();
    },
    detail: () => (missing.length === 0 ? '' : `this kernel does not show ${missing.join(', ')}`),
  };
}

/** What the program could not read (swapped out, or a path deeper than it walks) /proc may still have. */
function complete(record: ExecRecord): void {
  const now = readProcessFacts(record.pid)?.process;
  if (!now) return;
  if (record.argsUnreadable) record.args = now.args ?? [];
  for (const field of ['executable', 'workingDirectory', 'cgroup'] as const) {
    const whole = now[field];
    if (!record.cut[field] || !whole) continue;
    record[field] = whole;
    record.cut[field] = false;
  }
}

/** Turns the program's own count of dropped records into losses, each once. */
function lossReporter(counters: BigUint64Array, sink: SensorSink): (bootOffsetUs: number) => void {
  let reported = 0;
  let completeUntilUs = clockUs('realtime');
  return (bootOffsetUs) => {
    const count = Number(Atomics.load(counters, LOSS.count / 8));
    if (count > reported) {
      const lastAtUs = Number(Atomics.load(counters, LOSS.lastBootNs / 8)) / 1000 + bootOffsetUs;
      sink.lose({
        sensor: SENSOR,
        reason: 'kernel_overrun',
        count: count - reported,
        firstAtUs: Math.round(Math.min(completeUntilUs, lastAtUs)),
        lastAtUs: Math.round(lastAtUs),
      });
      reported = count;
    }
    completeUntilUs = clockUs('realtime');
  };
}

function readBtf(): Buffer {
  if (!existsSync(BTF_FILE))
    throw new BpfError('unsupported', `this kernel has no ${BTF_FILE}: it was built without CONFIG_DEBUG_INFO_BTF`);
  return readFileSync(BTF_FILE);
}

/** Processors that may ever come online: the highest number in a list such as `0-3,8-11`, and one. */
function possibleCpus(): number {
  const list = readFileSync('/sys/devices/system/cpu/possible', 'latin1');
  return Math.max(...(list.match(/\d+/g) ?? ['0']).map(Number)) + 1;
}
