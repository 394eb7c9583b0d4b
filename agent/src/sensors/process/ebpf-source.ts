// Processes as the kernel itself sees them act, with their arguments, also those that are gone a moment later.
import type { HostEvent } from '@threatguard/proto';
import { KernelPrograms } from '../../kernel/bpf-programs.ts';
import { clockUs } from '../../kernel/libc.ts';
import type { SensorSink } from '../sensor.ts';
import { readUserNames } from '../user-names.ts';
import { createAncestry } from './ancestry.ts';
import {
  ACTOR_ARGS_BYTES_MAX,
  assembleEnterProgram,
  assembleLeaveProgram,
  BEFORE,
  type CallLayout,
  SAID,
} from './ebpf-calls.ts';
import { type ActorRecord, decodeRecord } from './ebpf-decode.ts';
import { describeKernel } from './ebpf-kernel.ts';
import type { KernelLayout } from './ebpf-layout.ts';
import { type ProgramMaps, scratchBytes } from './ebpf-pieces.ts';
import { assembleExecProgram, assembleExitProgram } from './ebpf-program.ts';
import { RECORD_ARGS_BYTES_MAX } from './ebpf-record.ts';
import { credentialsEvent, type EventContext, execEvent, exitEvent, traceEvent } from './exec-event.ts';
import { createExecutableHashes } from './executable-hashes.ts';
import { drainPaced } from './paced-drain.ts';
import { readProcessFacts } from './proc-facts.ts';
import type { ProcessSource } from './source.ts';

const SENSOR = 'process.ebpf';
/** About 4,000 ordinary execs: seconds of a busy host, should the event loop be held up. All of it counts as resident. */
const RING_BYTES = 2 * 1024 * 1024;
/** Records taken before the event loop has a turn; the ring calls again at once where more is left. */
const RECORDS_PER_TURN = 256;
/** Turns for what is left when we stop: more than a full ring of the smallest records, then enough is enough. */
const LAST_TURNS_MAX = 128;

export interface EbpfOptions {
  /** Also say when processes end. */
  exits?: boolean;
  /** Size of the ring, a power of two and of whole pages. */
  ringBytes?: number;
}

/** The eBPF source. `start` rejects with BpfError or BtfError where the kernel or our rights do not allow it. */
export function createEbpfSource(options: EbpfOptions = {}): ProcessSource {
  const users = readUserNames();
  const ancestry = createAncestry();
  const hashes = createExecutableHashes();
  let missing: string[] = [];
  let unseen = '';
  let kernel: KernelPrograms | undefined;
  let watch: { close(): void } | undefined;
  let drain: () => number = () => 0;

  function load(programs: KernelPrograms): void {
    const { layout, calls, missing: lacking } = describeKernel();
    missing = lacking;
    const maps = (argsBytes: number) => ({
      ringFd: programs.ringFd,
      lossFd: programs.lossFd,
      scratchFd: programs.createScratch(scratchBytes(argsBytes)),
    });
    programs.run('tg_exec', assembleExecProgram(layout, maps(RECORD_ARGS_BYTES_MAX)), 'sched_process_exec');
    if (options.exits) programs.run('tg_exit', assembleExitProgram(layout, programs), 'sched_process_exit');
    unseen = loadCalls(programs, layout, calls, maps(ACTOR_ARGS_BYTES_MAX));
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
    complete(record);
    sink.emit(toEvent(record, { ...context, parent: ancestry.parentOf(record) }));
  }

  function toEvent(record: ActorRecord, context: EventContext): HostEvent {
    if (record.kind === 'credentials') return credentialsEvent(record, context);
    if (record.kind === 'trace') {
      const { pid, startBootNs } = record.target;
      return traceEvent(record, { ...context, target: ancestry.recall(pid, startBootNs) });
    }
    ancestry.remember(record.pid, record.startBootNs, record);
    const { pid, executable: path, file } = record;
    return execEvent(record, { ...context, sha256: hashes.hashOf({ pid, path, file }) });
  }

  return {
    name: 'ebpf',
    async start(sink) {
      const programs = new KernelPrograms(options.ringBytes ?? RING_BYTES);
      try {
        load(programs);
      } catch (error) {
        programs.close();
        throw error;
      }
      kernel = programs;
      drain = () => {
        const bootOffsetUs = clockUs('realtime') - clockUs('boottime');
        const records = programs.drain((bytes) => take(bytes, sink, bootOffsetUs), RECORDS_PER_TURN);
        const loss = programs.takeLosses(bootOffsetUs);
        if (loss) sink.lose({ sensor: SENSOR, reason: 'kernel_overrun', ...loss });
        return records;
      };
      watch = drainPaced(programs.ringFd, drain);
    },
    async stop() {
      for (let turn = 0; turn < LAST_TURNS_MAX && drain() > 0; turn++);
      drain = () => 0;
      watch?.close();
      kernel?.close();
      watch = kernel = undefined;
      await hashes.stop();
    },
    detail() {
      const lacking = missing.length === 0 ? '' : `this kernel does not show ${missing.join(', ')}`;
      return [lacking, unseen].filter((part) => part !== '').join('; ');
    },
  };
}

/** Changes of credentials and tracing. Returns what is not seen, and why, where they cannot be had; else nothing. */
function loadCalls(
  programs: KernelPrograms,
  layout: KernelLayout,
  calls: CallLayout | undefined,
  maps: ProgramMaps,
): string {
  const what = 'changes of credentials and processes that trace others are not seen';
  if (!calls) return `${what}: the system calls of ${process.arch} are not known`;
  try {
    const beforeFd = programs.createMap({ type: 'lru', ...BEFORE });
    const saidFd = programs.createMap({ type: 'lru', ...SAID });
    programs.run('tg_sys_exit', assembleLeaveProgram(layout, calls, { ...maps, beforeFd, saidFd }), 'sys_exit');
    programs.run('tg_sys_enter', assembleEnterProgram(layout, calls, beforeFd), 'sys_enter');
    return '';
  } catch (error) {
    return `${what}: ${(error as Error).message}`;
  }
}

/** What the program could not read (swapped out, or a path deeper than it walks) /proc may still have. */
function complete(record: ActorRecord): void {
  const { cut } = record;
  if (!record.argsUnreadable && !cut.executable && !cut.workingDirectory && !cut.cgroup) return;
  const now = readProcessFacts(record.pid)?.process;
  if (!now) return;
  if (record.argsUnreadable) record.args = now.args ?? [];
  for (const field of ['executable', 'workingDirectory', 'cgroup'] as const) {
    const whole = now[field];
    if (!cut[field] || !whole) continue;
    record[field] = whole;
    cut[field] = false;
  }
}
