// The kernel programs that look at system calls: which of them changed a process's credentials, and which opened one
// process to another. Every system call of the host passes by here, so that most leave after a handful of instructions.
import { Assembler } from '../../kernel/bpf-assembler.ts';
import type { Btf } from '../../kernel/btf.ts';
import type { KernelLayout } from './ebpf-layout.ts';
import { beginRecord, finishRecord, type ProgramMaps, writeProcess } from './ebpf-pieces.ts';
import { readKernel, readPointer, SLOT } from './ebpf-reads.ts';
import { KIND, NAME_BYTES, RECORD } from './ebpf-record.ts';

/** Arguments of a process that does something other than exec: enough to recognise it by. */
export const ACTOR_ARGS_BYTES_MAX = 4096;

/** Numbers of system calls, part of the kernel's stable interface, and where the registers of a caller lie. */
export interface CallLayout {
  credentials: readonly number[];
  ptrace: number;
  writeMemory: number;
  accept: readonly number[];
  /** In `struct pt_regs`: the number and the first argument. */
  number: number;
  first: number;
}

/** Undefined on processors for which the numbers are not known here. */
export function callLayout(btf: Btf, architecture: NodeJS.Architecture): CallLayout | undefined {
  if (architecture !== 'x64') return undefined;
  return {
    credentials: [105, 113, 117, 126], // setuid, setreuid, setresuid, capset
    ptrace: 101,
    writeMemory: 311, // process_vm_writev
    accept: [43, 288], // accept, accept4
    number: btf.offsetOf('pt_regs', 'orig_ax'),
    first: btf.offsetOf('pt_regs', 'di'),
  };
}

const PTRACE_ATTACH = 16;
const PTRACE_SEIZE = 0x4206;
/** What is said once is not said again before about a minute is over: 56 times 2^30 ns. */
const SAID_AGAIN_AFTER = 56;
const SECOND_SHIFT = 30;

/** The map that remembers what was said: two numbers of eight bytes and two of four; when it was. */
export const SAID = { keyBytes: 24, valueBytes: 8, entriesMax: 4096 } as const;
/** The map of what a thread's credentials were as its call began, by thread: capabilities, effective user. */
export const BEFORE = { keyBytes: 8, valueBytes: 16, entriesMax: 1024 } as const;

/** Places of these programs on the stack. */
const OWN = {
  said: SLOT.own - SAID.keyBytes,
  now: SLOT.own - 32,
  thread: SLOT.own - 40,
  before: SLOT.own - 56,
  kind: SLOT.own - 64,
  target: SLOT.own - 72,
  targetPid: SLOT.own - 80,
} as const;

/** For the raw tracepoint `sys_enter`: notes the credentials of a thread that asks for others. */
export function assembleEnterProgram(layout: KernelLayout, calls: CallLayout, beforeFd: number): Assembler {
  const asm = new Assembler();
  asm.load(64, 'r1', 'r1', 8);
  for (const call of calls.credentials) asm.jumpIf('r1', '==', call, 'asks');
  asm.jump('end').label('asks');
  asm.call('pidAndTgid').store(64, 'fp', OWN.thread, 'r0').call('currentTask');
  readPointer(asm, 'r6', 'r0', layout.task.credentials);
  asm.store(64, 'fp', OWN.before + 8, 0);
  readKernel(asm, { to: 'fp', at: OWN.before, bytes: 8, from: 'r6', offset: layout.credentials.capabilities });
  readKernel(asm, { to: 'fp', at: OWN.before + 8, bytes: 4, from: 'r6', offset: layout.credentials.effectiveUserId });
  asm.loadMap('r1', beforeFd).mov('r2', 'fp').add('r2', OWN.thread).mov('r3', 'fp').add('r3', OWN.before);
  asm.mov('r4', 0).call('mapUpdate');
  return asm.label('end').mov('r0', 0).exit();
}

/**
 * For the raw tracepoint `sys_exit`. Speaks of another effective user, of capabilities gained, of a debugger attached
 * and of memory of another process written; each once a minute for the same processes.
 */
export function assembleLeaveProgram(
  layout: KernelLayout,
  calls: CallLayout,
  maps: ProgramMaps & { beforeFd: number; saidFd: number },
): Assembler {
  const asm = new Assembler();
  asm.load(64, 'r7', 'r1', 0).load(64, 'r8', 'r1', 8); // registers of the caller, result
  readPointer(asm, 'r9', 'r7', calls.number);
  for (const call of calls.credentials) asm.jumpIf('r9', '==', call, 'credentials');
  asm.jumpIf('r9', '==', calls.ptrace, 'ptrace').jumpIf('r9', '==', calls.writeMemory, 'write').jump('end');

  begin(asm, 'credentials', KIND.credentials);
  asm.call('pidAndTgid').store(64, 'fp', OWN.thread, 'r0');
  asm.loadMap('r1', maps.beforeFd).mov('r2', 'fp').add('r2', OWN.thread).call('mapLookup').jumpIf('r0', '==', 0, 'end');
  asm.load(64, 'r7', 'r0', 0).store(64, 'fp', OWN.before, 'r7');
  asm
    .load(64, 'r8', 'r0', 8)
    .store(64, 'fp', OWN.before + 8, 'r8')
    .store(32, 'fp', OWN.said + 20, 'r8');
  readPointer(asm, 'r9', 'r6', layout.task.credentials);
  readKernel(asm, { to: 'fp', at: OWN.said + 16, bytes: 4, from: 'r9', offset: layout.credentials.effectiveUserId });
  readPointer(asm, 'r9', 'r9', layout.credentials.capabilities);
  asm
    .alu('and', 'r7', 'r9')
    .alu('sub', 'r9', 'r7')
    .store(64, 'fp', OWN.said + 8, 'r9');
  asm
    .load(32, 'r1', 'fp', OWN.said + 16)
    .jumpIf('r1', '!=', 'r8', 'tell')
    .jumpIf('r9', '==', 0, 'end')
    .jump('tell');

  // The newest of those it traces stands first in its list.
  begin(asm, 'ptrace', KIND.trace);
  asm.jumpIf('r8', '!=', 0, 'end');
  readPointer(asm, 'r9', 'r7', calls.first);
  asm.jumpIf('r9', '==', PTRACE_ATTACH, 'attached').jumpIf('r9', '!=', PTRACE_SEIZE, 'end').label('attached');
  readPointer(asm, 'r9', 'r6', layout.task.traced);
  asm.mov('r1', 'r6').add('r1', layout.task.traced).jumpIf('r1', '==', 'r9', 'end');
  asm.alu('sub', 'r9', layout.task.tracedEntry);
  readPointer(asm, 'r9', 'r9', layout.task.leader);
  asm.store(64, 'fp', OWN.target, 'r9');
  readKernel(asm, { to: 'fp', at: OWN.said + 8, bytes: 8, from: 'r9', offset: layout.task.start });
  asm.jump('tell');

  // Here only a number tells who is meant, and only in the first namespace is it ours as well.
  begin(asm, 'write', KIND.trace);
  asm.jumpIf('r8', 'signed<=', 0, 'end');
  readPointer(asm, 'r9', 'r6', layout.task.namedBy);
  asm.store(64, 'fp', SLOT.value, 0);
  readKernel(asm, { to: 'fp', at: SLOT.value, bytes: 4, from: 'r9', offset: layout.pid.level });
  asm.load(32, 'r1', 'fp', SLOT.value).jumpIf('r1', '!=', 0, 'tell');
  readKernel(asm, { to: 'fp', at: OWN.targetPid, bytes: 4, from: 'r7', offset: calls.first });
  asm.load(64, 'r1', 'fp', OWN.targetPid).store(64, 'fp', OWN.said + 8, 'r1');

  asm.label('tell');
  readPointer(asm, 'r9', 'r6', layout.task.leader);
  readKernel(asm, { to: 'fp', at: OWN.said, bytes: 8, from: 'r9', offset: layout.task.start });
  passOnce(asm, maps.saidFd);
  beginRecord(asm, maps);
  writeProcess(asm, layout, KIND.credentials);
  copySlot(asm, 32, OWN.kind, RECORD.kind);
  copySlot(asm, 64, OWN.before, RECORD.previousCapabilities);
  copySlot(asm, 32, OWN.before + 8, RECORD.previousUserId);
  copySlot(asm, 32, OWN.targetPid, RECORD.targetPid);
  asm.load(64, 'r9', 'fp', OWN.target).jumpIf('r9', '==', 0, 'no-target');
  readKernel(asm, { to: 'r7', at: RECORD.targetPid, bytes: 4, from: 'r9', offset: layout.task.tgid });
  readKernel(asm, { to: 'r7', at: RECORD.targetStartBootNs, bytes: 8, from: 'r9', offset: layout.task.start });
  readKernel(asm, { to: 'r7', at: RECORD.targetName, bytes: NAME_BYTES, from: 'r9', offset: layout.task.name });
  asm.label('no-target');
  finishRecord(asm, layout, maps, ACTOR_ARGS_BYTES_MAX);
  return asm.label('end').mov('r0', 0).exit();
}

/** The way of one kind of call begins with every place on the stack set and the task in r6. */
function begin(asm: Assembler, label: string, kind: number): void {
  asm.label(label);
  for (let at: number = OWN.targetPid; at < SLOT.own; at += 8) asm.store(64, 'fp', at, 0);
  asm.store(64, 'fp', OWN.kind, kind).call('currentTask').mov('r6', 'r0');
}

function copySlot(asm: Assembler, width: 32 | 64, slot: number, at: number): void {
  asm.load(width, 'r1', 'fp', slot).store(width, 'r7', at, 'r1');
}

/** Goes on where the key on the stack was not passed here lately: some programs change back and forth all day. */
function passOnce(asm: Assembler, saidFd: number): void {
  asm.call('bootNs').store(64, 'fp', OWN.now, 'r0');
  asm.loadMap('r1', saidFd).mov('r2', 'fp').add('r2', OWN.said).call('mapLookup').jumpIf('r0', '==', 0, 'fresh');
  asm.load(64, 'r1', 'fp', OWN.now).load(64, 'r2', 'r0', 0).alu('sub', 'r1', 'r2').alu('rsh', 'r1', SECOND_SHIFT);
  asm.jumpIf('r1', '<', SAID_AGAIN_AFTER, 'end').label('fresh');
  asm.loadMap('r1', saidFd).mov('r2', 'fp').add('r2', OWN.said).mov('r3', 'fp').add('r3', OWN.now);
  asm.mov('r4', 0).call('mapUpdate');
}
