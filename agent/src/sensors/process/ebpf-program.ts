// The kernel programs that see processes begin and end: one runs at every exec, one at every exit.
import { Assembler } from '../../kernel/bpf-assembler.ts';
import type { KernelLayout } from './ebpf-layout.ts';
import {
  beginRecord,
  countLoss,
  finishRecord,
  type ProgramMaps,
  writeCommon,
  writeProcess,
  writeStdio,
} from './ebpf-pieces.ts';
import { readKernel, readPointer, SLOT } from './ebpf-reads.ts';
import { KIND, RECORD, RECORD_ARGS_BYTES_MAX } from './ebpf-record.ts';

/** For the raw tracepoint `sched_process_exec`. */
export function assembleExecProgram(layout: KernelLayout, maps: ProgramMaps): Assembler {
  const asm = new Assembler();
  beginRecord(asm, maps);
  writeProcess(asm, layout, KIND.exec);
  writeStdio(asm, layout);
  finishRecord(asm, layout, maps, RECORD_ARGS_BYTES_MAX);
  return asm.label('end').mov('r0', 0).exit();
}

/** For the raw tracepoint `sched_process_exit`, which every thread hits; the last one of a process counts. */
export function assembleExitProgram(layout: KernelLayout, maps: Omit<ProgramMaps, 'scratchFd'>): Assembler {
  const asm = new Assembler();
  asm.load(64, 'r6', 'r1', 0);
  readPointer(asm, 'r9', 'r6', layout.task.signal);
  readKernel(asm, { to: 'fp', at: SLOT.value, bytes: 4, from: 'r9', offset: layout.signal.live });
  asm.load(32, 'r1', 'fp', SLOT.value).jumpIf('r1', '!=', 0, 'end');
  asm.loadMap('r1', maps.ringFd).mov('r2', RECORD.exitEnd).mov('r3', 0).call('ringReserve');
  asm.jumpIf('r0', '==', 0, 'full').mov('r7', 'r0');
  writeCommon(asm, layout, KIND.exit, RECORD.exitEnd);
  readKernel(asm, { to: 'r7', at: RECORD.exitCode, bytes: 4, from: 'r6', offset: layout.task.exitCode });
  asm.mov('r1', 'r7').mov('r2', 0).call('ringSubmit').jump('end').label('full');
  countLoss(asm, maps);
  return asm.label('end').mov('r0', 0).exit();
}
